"""A collection that is larger than a page should hold: pages read a sample of it, and the store searches all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.store.collection import Collection
from rag.store.homes import milvus_home
from rag.store.milvus.place import Place
from rag.transfer.copying import copy_collection
from tests.pages.support.app import start, texts

MOST = 100
"""Chunks that a page may hold here, of about 300."""
PAGES = (
    "", "documents.py", "neighbors.py", "search.py", "chat.py", "how_it_works.py", "vector_arithmetic.py",
    "compare_models.py", "evaluate.py", "data_quality.py", "index_benchmark.py", "models.py",
)  # fmt: skip


class Reads:
    """What pages read from Milvus: the ids of the chunks whose vectors were read, and of those with texts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vectors: set[int] = set()
        self.texts: set[int] = set()
        for name in ("rows_with", "rows_between"):
            monkeypatch.setattr(Place, name, self._counting(getattr(Place, name)))

    def _counting(self, read):
        def counted(place: Place, *args, **kwargs):
            for row in read(place, *args, **kwargs):
                for field, known in (("vector", self.vectors), ("text", self.texts)):
                    if field in row:
                        known.add(int(row["chunk_id"]))
                yield row

        return counted

    def clear(self) -> None:
        self.vectors.clear()
        self.texts.clear()


@pytest.fixture
def large(sample: Collection, data_dir: Path, milvus: None, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """The sample in a store, of which pages may hold a third."""
    monkeypatch.setenv("EXPLORER_MAP_POINTS", str(MOST))
    stored = copy_collection(sample, milvus_home(data_dir), "Stored")
    # The first start would add the sample again.
    (data_dir / ".sample-made").touch()
    return stored


def test_no_page_reads_all_vectors(large: Collection, monkeypatch: pytest.MonkeyPatch):
    # A search compares up to 500 candidates, which are all chunks here.
    monkeypatch.setattr("rag.retrieval.store_retrievers._CANDIDATES", 20)
    reads, n = Reads(monkeypatch), large.n_chunks()
    assert n > 2 * MOST
    for page in PAGES:
        reads.clear()
        app = start(page, collection="Stored")
        assert not app.exception, page
        # The sample, and what a search found.
        assert len(reads.vectors) <= MOST + 60, page
        assert len(reads.texts) <= MOST + 120, page


def test_pages_say_what_rests_on_the_sample(large: Collection):
    said = f"rest on a random sample of {MOST} of the {large.n_chunks()} chunks (seed 42)"
    drawn = f"A random sample of {MOST} of the {large.n_chunks()} chunks (seed 42)"
    assert drawn in texts(start(collection="Stored"))
    for page in ("vector_arithmetic.py", "data_quality.py", "index_benchmark.py", "compare_models.py", "neighbors.py"):
        assert said in texts(start(page, collection="Stored")), page
    for page in ("search.py", "chat.py", "documents.py"):
        assert said not in texts(start(page, collection="Stored")), page
    found = texts(start("neighbors.py", collection="Stored", query="How do I start the pump?"))
    assert f"How similar a random sample of {MOST} of the {large.n_chunks()} chunks (seed 42) are to this text" in found


def test_search_and_neighbors_reach_every_chunk(sample: Collection, large: Collection):
    """A chunk that is not in the sample is found, opened, and drawn on the map near its neighbors."""
    drawn = set(large.sampled().chunk_ids().tolist())
    chunk = next(one for one in large.chunks() if one.chunk_id not in drawn and len(one.text) > 60)
    first_words = " ".join(chunk.text.split()[:8])
    assert first_words in texts(start("search.py", collection="Stored", query=chunk.text))
    opened = start("neighbors.py", collection="Stored", chunk=str(chunk.chunk_id))
    assert not opened.exception
    assert "Selected chunk" in texts(opened)
    on_map = start(collection="Stored", chunk=str(chunk.chunk_id))
    assert not on_map.exception
    assert first_words in texts(on_map)


def test_the_store_has_its_own_index(large: Collection):
    app = start("index_benchmark.py", collection="Stored")
    assert "The store searches this collection with its own index" in texts(app)
    assert "Use this index" not in [one.label for one in app.button]
