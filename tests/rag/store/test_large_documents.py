"""A large document needs no more memory than a small one while it is stored, and hardly keeps readers waiting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chunking.chunker import chunk_document
from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.collection import Collection
from rag.store.sqlite import transactions
from rag.types import Document
from tests.support.collections import CHUNKING, QuickEmbedder, contents, long_text, plain_document, require_sound

if TYPE_CHECKING:
    from rag.store.records import Part

TEXTS = st.text(st.characters(codec=None), max_size=20)


@pytest.fixture
def words() -> QuickEmbedder:
    return QuickEmbedder()


@pytest.fixture
def collection(data_dir, words, monkeypatch) -> Collection:
    """A collection whose transactions keep only a few changed pages in memory."""
    monkeypatch.setattr(transactions, "_PAGES_IN_MEMORY", 10)
    return Collection.create(data_dir, "c", words.spec, CHUNKING)


class Parts:
    """Parts of a document's chunks, with something to do before the last part each time they are read."""

    def __init__(self, document: Document, words: QuickEmbedder) -> None:
        chunks = chunk_document(document, CHUNKING, words.window, words.tokenizer)
        assert len(chunks) > 100
        self.parts = [chunks[start : start + 40] for start in range(0, len(chunks), 40)]
        self.words = words
        self.times_read = 0

    def __iter__(self) -> Iterator[Part]:
        self.times_read += 1
        for number, chunks in enumerate(self.parts, start=1):
            if number == len(self.parts):
                self.before_last()
            yield chunks, self.words.encode_documents([chunk.text for chunk in chunks])

    def before_last(self) -> None:
        """Nothing."""


def test_readers_do_not_wait_while_the_chunks_of_a_large_document_are_prepared(collection, words):
    before, after = (plain_document("a.txt", long_text(seed, 800)) for seed in (1, 2))
    collection.put_parts(before, Parts(before, words), words.spec)
    seen = []

    class Watched(Parts):
        def before_last(self) -> None:
            seen.append([one.document_id for one in collection.documents()])

    parts = Watched(after, words)
    collection.put_parts(after, parts, words.spec)
    assert seen == [[before.document_id]] * parts.times_read
    assert [one.document_id for one in collection.documents()] == [after.document_id]
    require_sound(collection.path)


def test_a_large_document_that_fails_in_the_middle_leaves_what_was_there(collection, words):
    before, after = (plain_document("a.txt", long_text(seed, 800)) for seed in (1, 2))
    collection.put_parts(before, Parts(before, words), words.spec)
    stored = contents(collection)

    class Failing(Parts):
        def before_last(self) -> None:
            if self.times_read > 1:
                raise CollectionError("stopped here")

    with pytest.raises(CollectionError, match="stopped here"):
        collection.put_parts(after, Failing(after, words), words.spec)
    assert contents(collection) == stored
    require_sound(collection.path)


def test_sqlite_takes_the_number_of_pages_as_it_is_given(data_dir, words):
    collection = Collection.create(data_dir, "c", words.spec, CHUNKING)
    with collection.writing_conversations() as connection:
        assert connection.execute("PRAGMA cache_spill").fetchone() == (transactions._PAGES_IN_MEMORY,)


@given(st.lists(TEXTS | st.integers() | st.none(), min_size=9, max_size=13), st.integers(1, 9))
def test_the_digest_of_contents_does_not_depend_on_the_parts_it_is_made_of(row, size):
    whole = json.dumps([row[0], *row[8:]]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "_CHARACTERS_AT_ONCE", size)
        assert digests.of_contents(row) == hashlib.blake2b(whole, digest_size=16).digest()


@given(st.lists(st.tuples(st.integers(), st.text(max_size=5)), max_size=30), st.integers(1, 9))
def test_a_long_list_is_the_same_json_in_parts(items, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_ITEMS_AT_ONCE", size)
        assert records._json_list(items) == json.dumps(items)


def test_the_vectors_stay_those_of_their_chunks(collection, words):
    document = plain_document("a.txt", long_text(3, 800))
    collection.put_parts(document, Parts(document, words), words.spec)
    ids, vectors = collection.embeddings()
    stored = collection.chunks()
    assert [chunk.chunk_id for chunk in stored] == ids.tolist()
    np.testing.assert_array_equal(vectors, words.encode_documents([chunk.text for chunk in stored]))
