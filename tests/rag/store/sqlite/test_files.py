"""Collection files: a full disk, protected and damaged files, and the caches of what is in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from rag import config
from rag.documents.loading import load_document
from rag.errors import CollectionError
from rag.index.loading import choose_index, load_chosen_index, load_index
from rag.index.spec import IndexSpec
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.transfer.files import delete_collection
from tests.support.collections import CHUNKING, contents, plain_document, put, search_words
from tests.support.fakes import WordEmbedder


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return Collection.create(data_dir, "c", words.spec, CHUNKING)


def test_ingested_files_come_back_as_they_were_loaded(sample):
    for summary in sample.documents():
        folder = config.SAMPLES if summary.name == "topics.csv" else config.SAMPLES / "handbook"
        assert sample.document(summary.document_id) == load_document(summary.name, (folder / summary.name).read_bytes())


def test_deleting_removes_chunks_embeddings_and_words(sample):
    for summary in sample.documents():
        sample.delete_document(summary.document_id)
    ids, vectors = sample.embeddings()
    assert (len(ids), vectors.shape, sample.n_chunks(), search_words(sample, "bank")) == (0, (0, 384), 0, [])


def test_a_full_disk_keeps_the_earlier_version(collection, words, monkeypatch):
    put(collection, words, plain_document("a.txt", "An owl."), plain_document("b.txt", "A ship."))
    before = contents(collection)
    connect = schema.connect

    def connect_to_full_disk(path, **options):
        connection = connect(path, **options)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(schema, "connect", connect_to_full_disk)
        with pytest.raises(CollectionError, match=r"'c'.*full.*Stored data is unchanged"):
            put(collection, words, plain_document("a.txt", "Another owl, and much more of it. " * 2000))
    assert contents(collection) == before
    with closing(sqlite3.connect(collection.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_write_protected_file_can_be_read(data_dir, collection, words, monkeypatch):
    put(collection, words, plain_document("a.txt", "An owl."))
    connect = schema.connect
    monkeypatch.setattr(schema, "connect", lambda path, **options: connect(path, mode="ro"))
    with pytest.raises(CollectionError, match=r"it may not be written.*Stored data is unchanged.*is writable"):
        collection.delete_document("id of a.txt")
    assert Collection.open(data_dir, "c").chunks()[0].text == "An owl."


def test_another_collection_of_the_same_name_is_not_written_to(data_dir, collection, words):
    delete_collection(data_dir, "c")
    other = WordEmbedder(8)
    new = Collection.create(data_dir, "c", other.spec, CHUNKING)
    with pytest.raises(CollectionError, match="was replaced by another"):
        put(collection, words, plain_document("a.txt", "An owl."))
    assert new.documents() == []
    delete_collection(data_dir, "c")
    with pytest.raises(CollectionError, match="was renamed or deleted"):
        new.documents()


def test_missing_and_damaged_collections_are_named(data_dir):
    data_dir.mkdir()
    (data_dir / "broken.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(CollectionError, match="broken"):
        Collection.open(data_dir, "broken")
    with pytest.raises(CollectionError, match=r"no collection named 'nothing'.*broken"):
        Collection.open(data_dir, "nothing")


def test_a_folder_that_cannot_be_is_named(tmp_path, words):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(CollectionError, match="'taken' may be written"):
        Collection.create(tmp_path / "taken", "c", words.spec, CHUNKING)


def test_search_equals_brute_force(sample, embedder):
    ids, vectors = sample.embeddings()
    query = embedder.encode_queries(["money in the bank"])
    expected = (vectors.astype(np.float64) @ query[0].astype(np.float64)).argsort()[::-1][:10]
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve("money in the bank", 10)
    assert [hit.chunk.chunk_id for hit in hits] == ids[expected].tolist()
    assert [hit.rank for hit in hits] == list(range(1, 11))
    np.testing.assert_allclose([hit.score for hit in hits], (vectors @ query[0])[expected], atol=1e-5)


def test_keyword_search_stems_and_survives_operators(sample):
    retriever = KeywordRetriever(sample, load_word_index(sample))
    assert retriever.retrieve('greenhouses" OR (', 3)
    assert retriever.retrieve("!?", 3) == ()


def test_a_damaged_index_is_rebuilt(sample, embedder):
    choose_index(sample, IndexSpec("hnsw"))
    load_chosen_index(sample)
    (path,) = sample.cache_folder.glob("index-*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    hits = DenseRetriever(sample, load_chosen_index(sample), embedder).retrieve("python", 3)
    assert path.read_bytes() != content
    assert [hit.rank for hit in hits] == [1, 2, 3]
