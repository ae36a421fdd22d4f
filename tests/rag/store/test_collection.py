"""What is stored comes back; a document is stored whole or not at all; caches are rebuilt when stale or damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from rag import config
from rag.documents.loading import load_document
from rag.errors import CollectionError, ModelMismatch
from rag.index.loading import cache_path, load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever
from rag.store.collection import Collection, list_collections
from rag.store.sqlite import schema
from rag.transfer.files import delete_collection
from rag.types import Chunk, ChunkingSpec, Heading, Row
from tests.support.collections import (
    CHUNKING,
    contents,
    plain_document,
    put,
    rich_collection,
    rich_documents,
    search_words,
)
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


def test_every_field_comes_back(data_dir, words):
    collection = rich_collection(data_dir, "c", words)
    wanted = sorted(rich_documents(), key=lambda document: document.name)
    assert [collection.document(document.document_id) for document in wanted] == wanted
    for document, summary in zip(wanted, collection.documents(), strict=True):
        chunks = collection.chunks_of(document.document_id)
        assert summary.name == document.name
        assert (summary.n_characters, summary.n_pages) == (len(document.text), len(document.pages))
        assert (summary.n_chunks, summary.language, summary.notes) == (len(chunks), document.language, document.notes)
        assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert {chunk.page for chunk in collection.chunks_of("d1")} == {1, 2}
    assert collection.chunks_of("d2")[0].fields == (("topic", "Birds"), ("year", "1975"))
    assert collection.document_names(["d2", "gone"]) == {"d2": "table.csv"}


def test_reopening_gives_the_same(data_dir, words):
    collection = rich_collection(data_dir, "c", words)
    again = Collection.open(data_dir, "c")
    assert (again.spec, again.uid, again.generation()) == (collection.spec, collection.uid, collection.generation())
    assert contents(again) == contents(collection)


def test_vectors_belong_to_their_chunks(data_dir, words):
    collection = rich_collection(data_dir, "c", words)
    ids, vectors = collection.embeddings()
    chunks = collection.chunks()
    assert ids.tolist() == collection.chunk_ids().tolist() == [chunk.chunk_id for chunk in chunks]
    np.testing.assert_array_equal(vectors, words.encode_documents([chunk.text for chunk in chunks]))
    wanted = [chunks[4], chunks[0], chunks[2]]
    assert collection.chunks([chunk.chunk_id for chunk in wanted] + [9999]) == wanted


def test_ids_of_deleted_chunks_are_not_given_again(collection, words):
    put(collection, words, plain_document("a.txt", "An owl."))
    used = collection.chunk_ids().tolist()
    before = collection.generation()
    collection.delete_document("id of a.txt")
    put(collection, words, plain_document("b.txt", "A ship."))
    assert set(used).isdisjoint(collection.chunk_ids().tolist())
    assert collection.generation() > before
    assert search_words(collection, "owl") == []
    with pytest.raises(CollectionError, match="no longer contains this document"):
        collection.document("id of a.txt")


def test_deleting_removes_chunks_embeddings_and_words(sample):
    for summary in sample.documents():
        sample.delete_document(summary.document_id)
    ids, vectors = sample.embeddings()
    assert (len(ids), vectors.shape, sample.n_chunks(), search_words(sample, "bank")) == (0, (0, 384), 0, [])


def test_vectors_of_another_model_are_refused(collection, words):
    other = replace(words.spec, model_id="other/model")
    with pytest.raises(ModelMismatch, match=r"other/model.*create a new collection"):
        collection.put_document(plain_document("a.txt", "text"), [], np.empty((0, 16), np.float32), other)


@pytest.mark.parametrize(
    ("vectors", "span", "error", "message"),
    [
        (np.eye(2, 16, dtype=np.float32), (0, 4), ValueError, "expected vectors"),
        (np.eye(1, 8, dtype=np.float32), (0, 4), ValueError, "expected vectors"),
        (np.eye(1, 16, dtype=np.float32), (1, 5), ValueError, "its span"),
        (np.eye(1, 16, dtype=np.float32) * 2, (0, 4), CollectionError, "not unit vectors"),
        (np.full((1, 16), np.nan, np.float32), (0, 4), CollectionError, "not unit vectors"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(collection, words, vectors, span, error, message):
    put(collection, words, plain_document("a.txt", "An owl."))
    before, generation = contents(collection), collection.generation()
    chunk = Chunk("id of a.txt", *span, "ship", 1)
    with pytest.raises(error, match=message):
        collection.put_document(plain_document("a.txt", "ship ahoy"), [chunk], vectors, words.spec)
    assert (contents(collection), collection.generation()) == (before, generation)


@pytest.mark.parametrize(
    "document",
    [
        plain_document("half \udcff.txt", "An owl."),
        plain_document("a.txt", "Half \ud800 an owl."),
        replace(plain_document("a.txt", "An owl."), rows=(Row(0, 7, (("half \ud800", "x"),)),)),
        replace(plain_document("a.txt", "An owl."), headings=(Heading(0, "half \ud800"),)),
        replace(plain_document("a.txt", "An owl."), notes=("half \ud800",)),
    ],
)
def test_half_characters_are_refused_in_a_sentence_that_can_be_shown(collection, words, document):
    chunk = Chunk(document.document_id, 0, len(document.text), document.text, 1)
    with pytest.raises(CollectionError, match="contains an incomplete character") as caught:
        collection.put_document(document, [chunk], np.eye(1, 16, dtype=np.float32), words.spec)
    assert str(caught.value).encode()
    assert collection.documents() == []


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


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".hidden", "x" * 61, "tail ", "dot.", "a\nb", "a\0b", "con", "Nul.txt", "-x"]
)
def test_bad_names_are_refused(data_dir, words, name):
    with pytest.raises(CollectionError, match="is not a valid collection name"):
        Collection.create(data_dir, name, words.spec, CHUNKING)
    assert not data_dir.exists()


@pytest.mark.parametrize("name", ["v1.2", "Ünïcode Sammlung", "x.sqlite", "\U00020000" * 60, "console"])
def test_good_names_are_listed_and_open(data_dir, words, name):
    Collection.create(data_dir, name, words.spec, CHUNKING)
    assert list_collections(data_dir) == [name]
    put(Collection.open(data_dir, name), words, plain_document("a.txt", "An owl."))
    for other in (name, name.upper()):
        with pytest.raises(CollectionError, match="already a collection"):
            Collection.create(data_dir, other, words.spec, ChunkingSpec())
    assert Collection.open(data_dir, name).n_chunks() == 1


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


def test_settings_are_stored_with_the_collection(data_dir, collection):
    before = collection.generation()
    assert collection.setting("index") is None
    collection.set_setting("index", "exact")
    collection.set_setting("index", "b\u00fccher")
    again = Collection.open(data_dir, "c")
    assert again.setting("index") == "b\u00fccher"
    collection.set_setting("index", None)
    assert again.setting("index") is None
    assert again.generation() == before


@pytest.mark.parametrize("key", ["spec", "uid", "generation", "digest", schema.CONVERSATIONS_DIGEST])
def test_what_the_collection_writes_is_no_setting(data_dir, collection, key):
    with pytest.raises(ValueError, match=f"'{key}' is not a setting"):
        collection.set_setting(key, "7")
    assert contents(Collection.open(data_dir, "c")) == contents(collection)


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
    load_index(sample)
    path = cache_path(sample, sample.generation(), "flat")
    whole = path.read_bytes()
    content = bytearray(whole)
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve("python", 3)
    assert path.read_bytes() == whole
    assert [hit.rank for hit in hits] == [1, 2, 3]
