"""In every home of collections: what is stored comes back, and a document is stored whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import CollectionError, ModelMismatch
from rag.store.collection import Collection, list_collections
from rag.store.sqlite import schema
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

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return Collection.create(data_dir, "c", words.spec, CHUNKING)


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


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".hidden", "x" * 61, "tail ", "dot.", "a\nb", "a\0b", "con", "Nul.txt", "-x"]
)
def test_bad_names_are_refused(data_dir, words, name):
    with pytest.raises(CollectionError, match="is not a valid collection name"):
        Collection.create(data_dir, name, words.spec, CHUNKING)
    assert list_collections(data_dir) == []


@pytest.mark.parametrize("name", ["v1.2", "Ünïcode Sammlung", "x.sqlite", "\U00020000" * 60, "console"])
def test_good_names_are_listed_and_open(data_dir, words, name):
    Collection.create(data_dir, name, words.spec, CHUNKING)
    assert list_collections(data_dir) == [name]
    put(Collection.open(data_dir, name), words, plain_document("a.txt", "An owl."))
    for other in (name, name.upper()):
        with pytest.raises(CollectionError, match="already a collection"):
            Collection.create(data_dir, other, words.spec, ChunkingSpec())
    assert Collection.open(data_dir, name).n_chunks() == 1


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
