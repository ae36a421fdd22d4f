"""A row of a table is found by its labels, and the answering model is shown them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from rag.answering.prompt import build_prompt
from rag.documents.sources import SourceFile
from rag.index.words.loading import searched_text
from rag.ingest import ingest
from rag.retrieval.loading import load_retriever
from rag.store.collection import Collection
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


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "dense"])
@pytest.mark.parametrize(("asked", "ticket"), [("T-902", "T-902"), ("Hull", "T-903"), ("Moor Farm", "T-901")])
def test_a_ticket_is_found_by_its_number_city_and_customer(data_dir, embedder, mode, asked, ticket):
    hits = load_retriever(collected(data_dir, embedder, TICKETS), mode, embedder).retrieve(asked, 3)
    assert dict(hits[0].chunk.fields)["ticket"] == ticket


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_of_three_hundred_tickets_the_one_with_the_number_is_first(data_dir, embedder, mode, context):
    generator = random.Random(1)
    things, places = ["pump", "lamp", "heater", "fridge", "door", "lift"], ["yard", "kitchen", "cellar", "hall"]
    faults = ["does not start after the frost", "flickers all day", "hums loudly", "drips on the floor overnight"]
    rows = [
        f"T-{901 + i},Customer {i % 60},The {generator.choice(things)} in the {generator.choice(places)} "
        f"{generator.choice(faults)} in building {i}."
        for i in range(300)
    ]
    content = "\n".join(["ticket,customer,description", *rows]).encode()
    retriever = load_retriever(collected(data_dir, embedder, content, context=context), mode, embedder)
    for number in (902, 950, 1077, 1200):
        hits = retriever.retrieve(f"Who owns T-{number}?", 3)
        assert dict(hits[0].chunk.fields)["ticket"] == f"T-{number}"


LABELS = (("ticket", "T-902"), ("customer", "Hill School"), ("notes", "long " * 200), ("closed", ""))
LAMPS = Chunk("d", 0, 12, "Lamps flicker.", 4, fields=LABELS, context="customer: Hill School")


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
