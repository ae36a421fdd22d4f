"""Context lines in a collection file: stored, embedded, searched by words, exported, copied, and held to digests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import CollectionError
from rag.ingest.pipeline import copy_documents
from rag.store.collection import Collection
from rag.transfer.files import export_collection, import_collection
from rag.transfer.selected_chunks import copy_chunks
from rag.types import ChunkingSpec
from tests.support.collections import CHUNKING, contents, put, rich_documents, search_words, take_back_to
from tests.support.fakes import WordEmbedder

WORDS = WordEmbedder()


@pytest.fixture
def collection(data_dir: Path) -> Collection:
    """Documents with context lines; the report is no PDF here, so that its headings are certain."""
    made = Collection.create(data_dir, "Birds", WORDS.spec, replace(CHUNKING, context=True))
    report, *others = rich_documents()
    put(made, WORDS, replace(report, media_type="text/markdown"), *others)
    return made


def test_the_line_is_read_by_the_model_and_found_by_words(collection: Collection):
    below = [chunk for chunk in collection.chunks() if chunk.context == "report > Travel > Ships"]
    assert below
    ids, vectors = collection.embeddings()
    for chunk in below:
        expected = WORDS.encode_documents([f"report > Travel > Ships\n{chunk.text}"])[0]
        np.testing.assert_allclose(vectors[ids.searchsorted(chunk.chunk_id)], expected, atol=1e-6)
    found = {chunk_id for chunk_id, _ in search_words(collection, "travel")}
    assert {chunk.chunk_id for chunk in below} <= found


def test_headings_are_not_searched_twice(collection: Collection):
    from rag.text.labels import searched_text

    chunk = next(one for one in collection.chunks() if one.context == "report > Travel > Ships")
    assert searched_text(chunk) == f"report > Travel > Ships\n{chunk.text}"
    assert searched_text(replace(chunk, context="report")) == f"report\nTravel > Ships\n{chunk.text}"


def test_exported_imported_and_copied_collections_keep_them(collection: Collection, data_dir: Path, tmp_path: Path):
    export_collection(collection, tmp_path / "out")
    assert contents(import_collection(data_dir, tmp_path / "out", "Copy")) == contents(collection)
    chosen = collection.chunk_ids().tolist()[:2]
    assert copy_chunks(collection, data_dir, "Two", chosen).chunks() == collection.chunks(chosen)


@pytest.mark.parametrize("line", ["'another'", "''", "x'00'"])
def test_a_changed_line_is_named(collection: Collection, line: str):
    with closing(sqlite3.connect(collection.path)) as connection, connection:
        connection.execute(f"UPDATE chunks SET context = {line} WHERE document_id = 'd1' AND context <> ''")
    with pytest.raises(CollectionError, match=r"'Birds' is damaged: .* of document 'notes/report\.pdf'"):
        collection.chunks()


def test_a_collection_of_before_has_none_and_gets_them_in_a_copy(data_dir: Path):
    old = Collection.create(data_dir, "Old", WORDS.spec, CHUNKING)
    put(old, WORDS, replace(rich_documents()[0], media_type="text/markdown"))
    before = contents(old)
    take_back_to(old.path, 6)
    opened = Collection.open(data_dir, "Old")
    assert contents(opened) == before
    assert (opened.spec.chunking, {chunk.context for chunk in opened.chunks()}) == (CHUNKING, {""})
    target = Collection.create(data_dir, "New", WORDS.spec, replace(opened.spec.chunking, context=True))
    assert [one.outcome for one in copy_documents(opened, target, WORDS)] == ["added"]
    assert {chunk.context for chunk in target.chunks()} >= {"report", "report > Travel > Ships"}
    assert target.spec.chunking == ChunkingSpec(60, 5, "recursive", 10, context=True)
