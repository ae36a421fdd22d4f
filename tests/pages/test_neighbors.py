"""Neighbors, arithmetic, health and the index lab, as far as they can be driven without a browser."""

from __future__ import annotations

import pytest

from pages.shared.session.resources import task_board
from rag.documents.sources import SourceFile
from rag.index.loading import chosen_index
from rag.ingest import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import button, labelled, start, texts


def filled(data_dir, embedder, sentences: list[str]) -> Collection:
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    collection = Collection.create(data_dir, "Small", embedder.spec, ChunkingSpec())
    files = [SourceFile(f"{i}.txt", f"{i}.txt", text.encode) for i, text in enumerate(sentences)]
    assert {one.outcome for one in ingest(collection, files, embedder, ReadHere())} == {"added"}
    return collection


def metric(app, label: str) -> float:
    return float(labelled(app.metric, label).value)


def test_a_typed_text_has_neighbors_a_verdict_and_a_receipt_that_adds_up(sample):
    app = start("neighbors.py", query="interest rates at the bank")
    assert not app.exception
    assert "in this collection" in texts(app)
    assert metric(app, "Sum of all pairs of tokens") == pytest.approx(metric(app, "Score shown above"), abs=0.02)
    labelled(app.selectbox, "Neighbor").select_index(2).run()
    assert not app.exception
    assert metric(app, "Sum of all pairs of tokens") == pytest.approx(metric(app, "Score shown above"), abs=0.02)
    assert "pairs** of these neighbors are mutual" in texts(app)


def test_a_chunk_by_lot_and_only_from_other_documents(sample):
    app = start("neighbors.py")
    assert "Type a text above, take a chunk by lot" in texts(app)
    button(app, "A chunk by lot").click().run()
    assert "The chunk itself" in texts(app)
    own = texts(app).partition("The chunk itself** · ")[2].splitlines()[0].split(",")[0].split(" ·")[0]
    labelled(app.toggle, "Not from the same document").set_value(True).run()
    assert not app.exception
    listed = texts(app).partition("The chunk itself")[2].splitlines()[1:]
    assert not [line for line in listed if line.startswith("**") and own in line]


def test_choices_and_variety_are_kept_to(sample):
    app = start("neighbors.py", query="a meal with friends")
    labelled(app.multiselect, "Only where topic is").select("Music").run()
    assert not app.exception
    assert "**1** &nbsp; topics.csv" in texts(app)
    labelled(app.slider, "Variety").set_value(0.7).run()
    assert not app.exception
    labelled(app.multiselect, "Only from these documents").select("error-codes.csv").run()
    assert "No chunk meets these choices" in texts(app)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("the of and", "only very common words"),
        ("word " * 10_000, "only the first"),
        ("Как вернуть деньги за билет", "Latin|language|Russian"),
        ("\U0001f989\U0001f30a", "no letter"),
    ],
)
def test_odd_queries_are_answered_with_a_word_of_warning(sample, query, said):
    app = start("neighbors.py")
    labelled(app.text_input, "Text to find neighbors of").input(query).run()
    assert not app.exception
    assert any(part in texts(app) for part in said.split("|"))
    assert "similarity" in str([bar.proto.text for bar in app.get("progress")]) or "**1**" in texts(app)


@pytest.mark.parametrize("n", [1, 2])
def test_one_chunk_or_two(data_dir, embedder, n):
    collection = filled(data_dir, embedder, ["The owl hunts at night.", "Ships sail by day."][:n])
    app = start("neighbors.py", query="owl")
    assert not app.exception
    app = start("neighbors.py", chunk=str(collection.chunk_ids()[0]))
    assert not app.exception
    assert ("No chunk meets these choices" in texts(app)) == (n == 1)
    for page in ("health.py", "index_lab.py", "arithmetic.py"):
        assert not start(page).exception


def test_arithmetic_of_texts_and_the_way_between_two(sample):
    app = start("arithmetic.py")
    labelled(app.text_input, "Text A").input("a loan from the bank").run()
    labelled(app.text_input, "minus text B").input("money").run()
    labelled(app.text_input, "plus text C").input("books").run()
    assert "a loan from the bank − money + books" in texts(app)
    labelled(app.text_input, "minus text B").input("a loan from the bank").run()
    labelled(app.text_input, "plus text C").input("").run()
    assert "cancel each other out" in texts(app)
    app.get("button_group")[0].set_value("From A to B").run()
    labelled(app.text_input, "From").input("planets and stars").run()
    labelled(app.text_input, "To").input("cooking dinner").run()
    assert "different chunks are nearest in turn" in texts(app)
    first = texts(app)
    labelled(app.slider, "How far along").set_value(100).run()
    assert not app.exception
    assert texts(app) != first


def test_health_names_copies_hubs_and_loners(data_dir, embedder):
    same = ["The owl hunts at night in the old barn."] * 2
    filled(data_dir, embedder, [*same, *(f"A sentence about the number {i} alone." for i in range(12))])
    app = start("health.py")
    assert "1 pairs" in texts(app) or "pairs** of chunks" in texts(app)
    assert "the largest hub is among those of" in texts(app)
    labelled(app.slider, "Near-duplicates from similarity").set_value(1.0).run()
    assert "**1 pairs** of chunks are at least 1.00 alike" in texts(app)
    pairs = next(frame.value for frame in app.dataframe if "and chunk" in frame.value)
    assert set(pairs[["text", "its text"]].to_numpy().ravel()) == {same[0]}


def test_the_lab_measures_shows_what_is_lost_and_remembers_the_choice(sample):
    app = start("index_lab.py")
    assert "With 298 chunks, Flat is best" in texts(app)
    app.get("button_group")[0].set_value(298).run()
    labelled(app.multiselect, "Kinds of index").set_value(["flat", "hnsw"]).run()
    button(app, "Measure").click().run()
    task_board().wait(app.session_state[f"lab-asked-{sample.uid}"])
    app.run()
    assert not app.exception
    table = next(frame.value for frame in app.dataframe if "recall" in frame.value)
    assert table["index"].tolist() == ["Flat (exact)", "HNSW"]
    assert table["recall"][0] == 1.0
    assert table["bytes a vector"][0] == 384 * 4
    labelled(app.text_input, "A question").input("planets around the sun").run()
    assert "**Flat (exact)** found all 10" in texts(app)
    labelled(app.selectbox, "Search this collection with").select("hnsw").run()
    button(app, "Use it").click().run()
    assert chosen_index(sample).kind == "hnsw"
    assert "Now: HNSW" in texts(app)
    again = start("index_lab.py")
    assert "Now: HNSW" in texts(again)
