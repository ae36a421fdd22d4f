"""What a person sees on each page, with the real models behind it."""

from __future__ import annotations

import pytest

from rag.documents.sources import SourceFile
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import answer_texts, button, labelled, start, texts


@pytest.mark.slow
def test_the_first_start_makes_the_sample(data_dir):
    app = start()
    assert app.title[0].value == "Map"
    assert Collection.open(data_dir, "Sample").n_chunks() > 250
    assert "Map quality: trustworthiness" in texts(app)


def test_chunks_that_came_later_are_counted_until_a_new_layout(sample, embedder):
    start()
    file = SourceFile("later.txt", "later.txt", b"Otters hold hands while they sleep.".strip)
    assert [one.outcome for one in ingest(sample, [file], embedder, ReadHere())] == ["added"]
    app = start()
    assert "1 new chunk was placed near its neighbors" in texts(app)
    button(app, "Recompute layout").click().run()
    assert "Recompute the layout" not in texts(app)


def test_neighbors_of_a_typed_text(sample):
    app = start("neighbors.py")
    app.text_input[0].input("interest rates at the bank").run()
    assert not app.exception
    assert "similarity" in str([bar.text for bar in app.get("progress")]) or "topics.csv" in texts(app)


def test_chat_says_who_answers_and_shows_sources(sample):
    app = start("chat.py")
    assert "tiny demo model" in texts(app)
    app.chat_input[0].set_value("How many days of paid leave do full-time staff have?").run()
    assert not app.exception
    assert "29" in answer_texts(app)[0]
    assert "1 of 1 sentence" in texts(app)
    assert "leave-and-benefits" in texts(app)


def test_documents_lists_them(sample):
    app = start("documents.py")
    assert "12 documents, 303 chunks" in [one.value for one in app.header]
    assert len(app.dataframe[0].value) == 12


@pytest.mark.parametrize(
    "page",
    [
        "",
        "neighbors.py",
        "chat.py",
        "search.py",
        "vector_arithmetic.py",
        "compare_models.py",
        "data_quality.py",
        "index_benchmark.py",
    ],
)
def test_an_empty_collection_says_what_to_do(data_dir, embedder, page):
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())
    app = start(page)
    assert "'Empty' is empty. Add documents" in texts(app)


@pytest.mark.parametrize(
    ("page", "query", "field", "label"),
    [
        ("neighbors.py", {"query": "money in the bank"}, "text_input", "Find texts similar to"),
        ("how_it_works.py", {"chapter": "4"}, "button_group", "Chapter"),
        ("", {"colour": "Document"}, "selectbox", "Colour by"),
    ],
)
def test_a_field_begins_with_what_the_address_says(sample, page, query, field, label):
    """As the field's default: what is only set in the session is lost if the page runs again before it is drawn."""
    (wanted,) = query.values()
    app = start(page, **query)
    for _ in range(2):
        proto = labelled(app.get(field), label).proto
        default = proto.default if field != "button_group" else proto.default[0] + 1
        shown = proto.options[default] if field == "selectbox" else str(default)
        assert shown == wanted
        app.run()
