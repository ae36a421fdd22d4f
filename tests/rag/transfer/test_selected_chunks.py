"""Some chunks as a collection of their copied: the same texts, spans, vectors and scores; made whole or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from rag.chunking.chunker import chunk_document
from rag.errors import CollectionError
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection, list_collections
from rag.store.sqlite import schema
from rag.store.sqlite.collection import SqliteCollection
from rag.transfer.selected_chunks import copy_chunks
from tests.support.collections import (
    CHUNKING,
    QuickEmbedder,
    contents,
    everything_in,
    long_text,
    plain_document,
    put,
    require_sound,
    rich_collection,
)
from tests.support.fakes import WordEmbedder


@pytest.fixture
def words() -> WordEmbedder:
    return QuickEmbedder()


@pytest.fixture
def source(data_dir, words) -> Collection:
    return rich_collection(data_dir, "Birds", words)


def require_same(made: Collection, source: Collection, chunk_ids: list[int]) -> None:
    """`made` holds these chunks of `source`, in this order, and nothing else."""
    chunks = source.chunks(chunk_ids)
    assert made.chunks() == chunks
    assert {summary.document_id for summary in made.documents()} == {chunk.document_id for chunk in chunks}
    for summary in made.documents():
        document = made.document(summary.document_id)
        assert document == source.document(summary.document_id)
        copied = made.chunks_of(summary.document_id)
        assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in copied)
    ids, vectors = source.embeddings()
    assert made.embeddings()[0].tolist() == chunk_ids
    assert made.embeddings()[1].tobytes() == vectors[np.isin(ids, chunk_ids)].tobytes()
    require_sound(made.path)


def test_chunks_of_several_documents_are_the_same_in_the_new_collection(data_dir, source):
    before, generation = contents(source), source.generation()
    chosen = source.chunk_ids()[1::2].tolist()
    assert len({chunk.document_id for chunk in source.chunks(chosen)}) > 1
    made = copy_chunks(source, data_dir, "Some", chosen)
    require_same(made, source, chosen)
    assert (made.spec.name, made.spec.embedding, made.spec.chunking) == ("Some", before.embedding, before.chunking)
    assert made.uid != source.uid
    assert (contents(source), source.generation()) == (before, generation)
    assert list_collections(data_dir) == ["Birds", "Some"]


def test_all_chunks_make_the_same_collection(data_dir, source):
    made = copy_chunks(source, data_dir, "All", source.chunk_ids().tolist())
    require_same(made, source, source.chunk_ids().tolist())


def test_a_new_collection_goes_on_like_any(data_dir, source, words):
    made = copy_chunks(source, data_dir, "Some", source.chunk_ids()[:3].tolist())
    put(made, words, plain_document("new.txt", "A new owl."))
    (new,) = made.chunks_of("id of new.txt")
    assert new.chunk_id > source.chunk_ids()[2]
    made.delete_document("d1")
    require_sound(made.path)


def test_a_single_chunk_has_its_whole_document(data_dir, source):
    chosen = [chunk.chunk_id for chunk in source.chunks_of("d1")][1:2]
    made = copy_chunks(source, data_dir, "One", chosen)
    require_same(made, source, chosen)
    assert made.n_chunks() == 1
    assert made.document("d1").text == source.document("d1").text


def test_the_order_and_number_of_ids_do_not_matter(data_dir, source):
    chosen = source.chunk_ids()[:4].tolist()
    made = copy_chunks(source, data_dir, "Some", [*np.array(chosen[::-1]), *chosen])
    require_same(made, source, chosen)


def test_ids_that_are_gone_are_passed_over(data_dir, source):
    chosen = source.chunk_ids().tolist()
    source.delete_document("d2")
    made = copy_chunks(source, data_dir, "Some", [*chosen, 10**6])
    require_same(made, source, source.chunk_ids().tolist())


@pytest.mark.parametrize("chosen", [[], [10**6, 10**6 + 1]])
def test_without_any_chunk_no_collection_is_made(data_dir, source, chosen):
    before = everything_in(data_dir)
    with pytest.raises(
        CollectionError, match=rf"'Some' was not created: collection 'Birds'.*{len(chosen)} selected chunks"
    ):
        copy_chunks(source, data_dir, "Some", chosen)
    assert everything_in(data_dir) == before


@pytest.mark.parametrize(
    ("name", "message"), [("birds", "already a collection named 'Birds'"), ("../x", "not a valid collection name")]
)
def test_a_name_that_cannot_be_changes_nothing(data_dir, source, name, message):
    before = everything_in(data_dir.parent)
    with pytest.raises(CollectionError, match=message):
        copy_chunks(source, data_dir, name, source.chunk_ids().tolist())
    assert everything_in(data_dir.parent) == before


def test_a_copy_that_fails_in_the_middle_leaves_nothing(data_dir, source, monkeypatch):
    before, insert = everything_in(data_dir), schema.insert_document

    def fail_later(connection, document, *rest):
        if connection.total_changes > 10:
            error = sqlite3.OperationalError("no more space")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        insert(connection, document, *rest)

    monkeypatch.setattr(schema, "insert_document", fail_later)
    with pytest.raises(CollectionError, match="disk is full"):
        copy_chunks(source, data_dir, "Some", source.chunk_ids().tolist())
    assert everything_in(data_dir) == before


def test_a_document_that_is_replaced_meanwhile_is_never_mixed(data_dir, source, words, monkeypatch):
    """Its chunks have new ids, so none of them was chosen."""
    chosen, read = source.chunk_ids().tolist(), SqliteCollection.document
    again = replace(source.document("d2"), text="Other owls. Other ships.", rows=())

    def replaced_first(self, document_id):
        if document_id == "d2":
            put(source, words, again)
        return read(self, document_id)

    monkeypatch.setattr(SqliteCollection, "document", replaced_first)
    made = copy_chunks(source, data_dir, "Some", chosen)
    assert {summary.document_id for summary in made.documents()} == {"d1", "d3"}


def test_a_search_finds_the_same_scores(data_dir, source, words):
    chosen = source.chunk_ids()[::2].tolist()
    made = copy_chunks(source, data_dir, "Some", chosen)
    wanted = DenseRetriever(source, load_index(source), words, frozenset(chosen)).retrieve("the owl at sea", 50)
    found = DenseRetriever(made, load_index(made), words).retrieve("the owl at sea", 50)
    assert len(found) == len(chosen)
    assert [hit.chunk for hit in found] == [hit.chunk for hit in wanted]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-6)


@pytest.mark.slow
def test_ten_thousand_chunks(data_dir, words):
    source = Collection.create(data_dir, "Many", words.spec, CHUNKING)
    for number in range(4):
        document = plain_document(f"{number}.txt", long_text(number, 3_000))
        chunks = chunk_document(document, CHUNKING, words.window, words.tokenizer)
        source.put_document(document, chunks, words.encode_documents([chunk.text for chunk in chunks]), words.spec)
    chosen = source.chunk_ids()[500:10_500].tolist()
    assert len(chosen) == 10_000
    require_same(copy_chunks(source, data_dir, "Some", chosen), source, chosen)
