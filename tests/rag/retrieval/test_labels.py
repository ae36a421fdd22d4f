"""A row of a table is found by its labels, and the answering model is shown them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from rag.answering.prompt import build_prompt
from rag.documents.sources import SourceFile
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index, searched_text
from rag.ingest.pipeline import ingest
from rag.report.figures import found_by
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.label_matches import LabelFirstRetriever, cells_of
from rag.retrieval.loading import load_retriever
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import similar_enough
from rag.store.collection import Collection
from rag.text.labels import bare, id_runs, id_spans
from rag.types import Chunk, ChunkingSpec, Hit
from tests.conftest import ReadHere

TICKETS = b"""ticket,customer,city,opened,description
T-901,Moor Farm,Leeds,2025-02-01,The pump in the yard does not start after the frost and hums loudly when switched on.
T-902,Hill School,York,2025-02-03,Two lamps in the corridor flicker all day and one of them smells burnt since Monday.
T-903,Dock Cafe,Hull,2025-02-07,The fridge door does not close by itself any more and the milk gets warm overnight.
"""


def collected(folder, embedder, content: bytes, *, context: bool = True) -> Collection:
    collection = Collection.create(folder, "tickets", embedder.spec, ChunkingSpec(context=context))
    file = SourceFile("tickets.csv", "tickets.csv", lambda: content)
    assert [one.outcome for one in ingest(collection, [file], embedder, ReadHere())] == ["added"]
    return collection


@pytest.fixture(scope="module")
def many_tickets(tmp_path_factory, embedder) -> dict[bool, Collection]:
    """300 tickets that are much alike, with and without context lines."""
    generator = random.Random(1)
    things, places = ["pump", "lamp", "heater", "fridge", "door", "lift"], ["yard", "kitchen", "cellar", "hall"]
    faults = ["does not start after the frost", "flickers all day", "hums loudly", "drips on the floor overnight"]
    rows = [
        f"T-{901 + i},Customer {i % 60},{i % 9} kg,The {generator.choice(things)} in the {generator.choice(places)} "
        f"{generator.choice(faults)} in building {i}."
        for i in range(300)
    ]
    content = "\n".join(["ticket,customer,weight,description", *rows]).encode()
    folder = tmp_path_factory.mktemp("tickets")
    return {context: collected(folder / str(context), embedder, content, context=context) for context in (True, False)}


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "dense"])
@pytest.mark.parametrize(("asked", "ticket"), [("T-902", "T-902"), ("Hull", "T-903"), ("Moor Farm", "T-901")])
def test_a_ticket_is_found_by_its_number_city_and_customer(data_dir, embedder, mode, asked, ticket):
    hits = load_retriever(collected(data_dir, embedder, TICKETS), mode, embedder).retrieve(asked, 3)
    assert dict(hits[0].chunk.fields)["ticket"] == ticket


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("mode", ["hybrid", "keyword", "dense"])
def test_of_three_hundred_tickets_the_one_with_the_number_is_first(many_tickets, embedder, mode, context):
    retriever = load_retriever(many_tickets[context], mode, embedder)
    for number in (902, 950, 1077, 1200):
        hits = retriever.retrieve(f"Who owns T-{number}?", 3)
        assert dict(hits[0].chunk.fields)["ticket"] == f"T-{number}"


def test_by_meaning_the_named_ticket_comes_first_is_marked_and_keeps_its_similarity_and_its_rank(
    many_tickets, embedder
):
    collection = many_tickets[True]
    plain = DenseRetriever(collection, load_index(collection), embedder)
    everything = plain.retrieve("Compare T-950 with T 1001", 300)
    hits = load_retriever(collection, "dense", embedder).retrieve("Compare T-950 with T 1001", 4)
    assert [hit.label for hit in hits] == ["ticket: T-950", "ticket: T-1001", "", ""]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    by_ticket = {dict(hit.chunk.fields)["ticket"]: hit for hit in everything}
    for hit in hits:
        alone = by_ticket[dict(hit.chunk.fields)["ticket"]]
        assert hit.score == pytest.approx(alone.score, abs=1e-6)
        assert hit.found_by[0].rank == alone.rank
    assert [hit.chunk for hit in hits[2:]] == [hit.chunk for hit in everything if hit.chunk not in
                                              [one.chunk for one in hits[:2]]][:2]  # fmt: skip
    assert found_by(hits[0]) == (
        f"First because it matches the label ticket: T-950. Rank {hits[0].found_by[0].rank:,} by meaning."
    )
    assert similar_enough(hits, 0.99) == hits[:2]


@pytest.mark.parametrize(
    "asked",
    [
        "Which pump hums?",
        "Who is Customer 7?",  # five tickets have it: no rare label
        "What weighs 3 kg?",
        "Who owns T-90?",
        "Who owns XT-902?",
        "Building 57",
    ],
)
def test_without_a_rare_label_the_search_by_meaning_is_as_it_is(many_tickets, embedder, asked):
    collection = many_tickets[True]
    plain = DenseRetriever(collection, load_index(collection), embedder).retrieve(asked, 5)
    assert load_retriever(collection, "dense", embedder).retrieve(asked, 5) == plain


def test_a_label_that_is_not_searched_in_does_not_come_first(many_tickets, embedder):
    collection = many_tickets[True]
    named = load_retriever(collection, "dense", embedder).retrieve("T-950", 1)[0].chunk.chunk_id
    others = frozenset(chunk.chunk_id for chunk in collection.chunks()) - {named}
    dense = DenseRetriever(collection, load_index(collection), embedder, others)
    found = LabelFirstRetriever(collection, dense, lambda: load_word_index(collection), others).retrieve("T-950", 300)
    assert len(found) == 299
    assert not any(hit.label for hit in found)


def test_a_row_that_shares_its_chunk_with_others_is_found_by_its_id(data_dir, embedder):
    towns = ["Porto", "Gdansk", "Leeds", "Oslo"]
    lines = [f"| S-{n} | {towns[n % 4]} | {1900 + n} | E{n % 7}0 |" for n in range(100, 180)]
    table = "\n".join(["# Sites", "", "| Site | Town | Opened | Zone |", "| --- | --- | --- | --- |", *lines])
    collection = Collection.create(data_dir, "sites", embedder.spec, ChunkingSpec(context=True))
    file = SourceFile("sites.md", "sites.md", table.encode)
    assert [one.outcome for one in ingest(collection, [file], embedder, ReadHere())] == ["added"]
    retriever = load_retriever(collection, "dense", embedder)
    for number in (103, 140, 177):
        hit, *others = retriever.retrieve(f"When did S-{number} open?", 3)
        assert f"Site: S-{number}; " in hit.chunk.text
        assert hit.label == f"Site: S-{number}"
        assert not any(other.label for other in others)
    # Each zone has more than three rows.
    plain = DenseRetriever(collection, load_index(collection), embedder)
    assert retriever.retrieve("What is in zone E30?", 3) == plain.retrieve("What is in zone E30?", 3)


def test_the_row_of_the_named_code_comes_before_one_that_is_nearer_in_meaning(sample, embedder):
    question = "What does error E-58 mean?"
    hybrid = HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder)
    plain = hybrid.retrieve(question, 300)
    hits = load_retriever(sample, "hybrid", embedder).retrieve(question, 5)
    assert hits[0].label == "code: E58"
    assert hits[0].chunk.text.startswith("code: E58;")
    alone = next(hit for hit in plain if hit.chunk == hits[0].chunk)
    assert replace(hits[0], label="", rank=alone.rank) == alone
    assert [hit.chunk for hit in hits[1:]] == [hit.chunk for hit in plain if hit.chunk != hits[0].chunk][:4]
    assert found_by(hits[0]).startswith("First because it matches the label code: E58. Rank ")
    (other,) = hybrid.hits_for(question, [hits[1].chunk.chunk_id])
    assert replace(other, rank=0) == replace(next(hit for hit in plain if hit.chunk == other.chunk), rank=0)


def test_an_id_is_found_however_it_is_divided():
    text = "Codes E58, E-58, e 58, E580 and XE58; T_902."
    assert [text[a:b] for a, b in id_spans(text, ["e58"])] == ["E58", "E-58"]
    assert [text[a:b] for a, b in id_spans(text, ["t902"])] == ["T_902"]


def test_cells_are_read_from_lines_that_are_rows():
    text = "Sites\nSite: S-1; Town: Porto\nNote: S-2\nSee: S-3; it says so.\nSite: S-4; Open: 08:30 to 12:00"
    assert cells_of(text) == [("Site", "S-1"), ("Town", "Porto"), ("Site", "S-4"), ("Open", "08:30 to 12:00")]


def test_what_may_be_an_id_in_a_question():
    runs = id_runs("Who owns T-902, INV 2024/17 or 10482 of 12 pumps?")
    assert {"t-902", "inv 2024 17", "10482"} <= {" ".join(run.replace("/", " ").split()) for run in runs}
    assert not {"12", "who", "17"} & set(runs)
    assert id_runs("How many days of leave do I have in 2025?") == []
    assert bare("T-902") == bare("t 902") == bare("T902")


LABELS = (("ticket", "T-902"), ("customer", "Hill School"), ("notes", "long " * 200), ("closed", ""))
LAMPS = Chunk("d", 0, 12, "Lamps flicker.", 4, fields=LABELS, context="customer: Hill School")


def test_labels_are_embedded_after_the_text_and_headings_before_it():
    assert LAMPS.embedded_text == "Lamps flicker.\ncustomer: Hill School"
    assert replace(LAMPS, fields=(), context="Manual > Lamps").embedded_text == "Manual > Lamps\nLamps flicker."
    assert replace(LAMPS, context="").embedded_text == "Lamps flicker."


def test_words_are_searched_in_labels_once():
    found = searched_text(LAMPS)
    assert found.startswith("customer: Hill School\nLamps flicker.\nticket: T-902; notes: long long")
    assert found.count("Hill School") == 1
    assert "closed" not in found
    whole = replace(LAMPS, text="ticket: T-902; customer: Hill School", context="", fields=LABELS[:2])
    assert searched_text(whole) == whole.text


def test_the_model_is_shown_who_owns_the_ticket():
    hits = [Hit(LAMPS, "tickets.csv", 1.0, 1, ())]
    prompt = build_prompt(
        "Who owns T-902?",
        hits,
        context_window=4_000,
        max_answer_tokens=100,
        count_tokens=lambda messages: len(messages),
    )
    shown = prompt.messages[-1].content
    assert "Context: customer: Hill School; ticket: T-902; notes: long long" in shown
    assert "…\nLamps flicker." in shown
    assert len(shown) < 1_000
