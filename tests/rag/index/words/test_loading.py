"""Whatever became of a collection's file and of its cache files, the words found are those of the chunks it has."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import CollectionError
from rag.index.words import loading
from rag.index.words.loading import load_word_index
from rag.index.words.scores import WordIndex
from rag.index.words.segment import Segment
from rag.retrieval.retrievers import KeywordRetriever
from rag.retrieval.word_query import read_query
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.store.sqlite.collection import SqliteCollection
from rag.text.search_terms import TERMS_VERSION
from rag.transfer.files import rename_collection
from tests.support.collections import (
    CHUNKING,
    QuickEmbedder,
    everything_in,
    long_text,
    plain_document,
    put,
    rich_collection,
    take_back_to,
)
from tests.support.unwritable import read_only_mount
from tests.support.words.bm25 import bm25_of, found_by_words

QUERIES = ("word7", "word11 word42 word11", "owl", "owls and ships", "nowhere", "Travel")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(artifacts, "_in_memory", type(artifacts._in_memory)())
    monkeypatch.setattr(artifacts, "_reasons", {})


@pytest.fixture
def words() -> QuickEmbedder:
    return QuickEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    """Birds and ships, and a hundred chunks of numbered words."""
    made = rich_collection(data_dir, "Birds", words)
    put(made, words, plain_document("long.txt", long_text(1, 200)))
    return made


def require_right(collection: Collection) -> WordIndex:
    """Each search finds the chunks that plain Python finds in the texts, with the same scores."""
    index = load_word_index(collection)
    assert index.ids.tolist() == collection.chunk_ids().tolist()
    for query in QUERIES:
        wanted = bm25_of(collection, query)
        assert found_by_words(KeywordRetriever(collection, index), query) == pytest.approx(wanted, rel=1e-5), query
        pieces = index.scores(read_query(query).pieces, "pieces")
        ours = {int(chunk_id): score for chunk_id, score in zip(index.ids, pieces, strict=True) if score}
        assert ours == pytest.approx(bm25_of(collection, query, "pieces"), rel=1e-5), query
    return index


def segments(collection: Collection) -> list[Path]:
    return sorted(collection.cache_folder.glob("words-*"))


def n_read(collection: Collection) -> int:
    """How many chunks loading the index reads."""
    totals = [0]
    load_word_index(collection, lambda _, total: totals.append(total))
    return totals[-1]


def test_the_words_of_all_chunks_and_their_headings_are_found(collection):
    index = require_right(collection)
    (in_heading,) = [chunk.chunk_id for chunk in collection.chunks() if "Travel" in chunk.heading][:1]
    assert in_heading in found_by_words(KeywordRetriever(collection, index), "Travel")


def test_an_empty_collection_has_no_words(data_dir, words, collection):
    empty = Collection.create(data_dir, "Empty", words.spec, CHUNKING)
    assert require_right(empty).ids.tolist() == []
    assert segments(empty) == []
    for summary in collection.documents():
        collection.delete_document(summary.document_id)
    require_right(collection)
    assert segments(collection) == []


def test_only_new_chunks_are_read(collection, words):
    said = []
    load_word_index(collection, lambda done, total: said.append((done, total)))
    n = collection.n_chunks()
    assert said == [(n, n)]
    assert n_read(collection) == 0
    put(collection, words, plain_document("new.txt", long_text(2, 30)))
    assert n_read(collection) == collection.n_chunks() - n
    collection.delete_document("id of long.txt")
    assert n_read(collection) == 0
    require_right(collection)


def test_many_changes_one_after_the_other(collection, words):
    """Documents come, are replaced and go; the index is loaded after some of the changes, and stays in few files."""
    chosen = random.Random(5)
    for number in range(40):
        name = f"{chosen.randrange(12)}.txt"
        if chosen.random() < 0.3:
            collection.delete_document(f"id of {name}")
        else:
            put(collection, words, plain_document(name, f"An owl. {long_text(number, chosen.randrange(1, 30))}"))
        if chosen.random() < 0.7:
            index = load_word_index(collection)
            assert sorted(index.ids.tolist()) == collection.chunk_ids().tolist()
            assert len(segments(collection)) <= 1 + np.log2(collection.n_chunks())
        if number % 8 == 0:
            require_right(collection)
    require_right(collection)


def test_more_chunks_than_a_segment_holds(collection, words, monkeypatch):
    monkeypatch.setattr(loading, "MOST_ROWS", 16)
    monkeypatch.setattr(loading, "_READ_AT_ONCE", 5)
    require_right(collection)
    assert len(segments(collection)) >= collection.n_chunks() / 16
    put(collection, words, plain_document("new.txt", long_text(2, 60)))
    collection.delete_document("d1")
    require_right(collection)
    assert all(len(Segment.load(path).ids) <= 16 for path in segments(collection))


def test_a_damaged_file_is_made_again(collection):
    require_right(collection)
    (path,) = segments(collection)
    whole, chosen = path.read_bytes(), random.Random(3)
    for _ in range(20):
        damaged = bytearray(whole)
        damaged[chosen.randrange(len(whole))] ^= 1 << chosen.randrange(8)
        path.write_bytes(damaged)
        require_right(collection)
        assert path.read_bytes() == whole
    for content in (b"", whole[:-1], whole[:40], bytes(len(whole))):
        path.write_bytes(content)
        require_right(collection)
        assert path.read_bytes() == whole


def test_a_missing_file_is_made_again(collection):
    require_right(collection)
    shutil.rmtree(collection.cache_folder)
    assert n_read(collection) == collection.n_chunks()
    require_right(collection)


def test_one_of_several_files_is_missing(collection, words):
    load_word_index(collection)
    put(collection, words, plain_document("new.txt", "An owl and a ship."))
    load_word_index(collection)
    large, small = sorted(segments(collection), key=lambda path: -path.stat().st_size)
    small.unlink()
    assert n_read(collection) == 1
    large.unlink()
    assert n_read(collection) == collection.n_chunks() - 1
    require_right(collection)


@pytest.mark.parametrize("content", [b"", b"no segment", b"\x02\0\0\0\0\0\0\0{}", bytes(1000)])
def test_an_undamaged_file_of_something_else_is_made_again(collection, content):
    require_right(collection)
    (path,) = segments(collection)
    artifacts.write_cached(path, content)
    require_right(collection)
    assert Segment.load(path) is not None


def test_the_file_of_another_collection_gives_no_words(data_dir, words, collection):
    """Its chunks have the same ids, but other texts."""
    other = Collection.create(data_dir, "Other", words.spec, CHUNKING)
    put(other, words, plain_document("long.txt", long_text(9, 300)))
    load_word_index(other)
    (foreign,) = segments(other)
    load_word_index(collection)
    (right,) = segments(collection)
    shutil.copy(foreign, right)
    require_right(collection)
    another = right.with_name(f"words-{TERMS_VERSION}-{'0' * 16}.{right.name.partition('.')[2]}")
    shutil.copy(foreign, another)
    require_right(collection)
    assert not another.exists()


def test_files_of_another_way_to_split_words_are_not_read(collection, monkeypatch):
    monkeypatch.setattr(loading, "TERMS_VERSION", "earlier")
    monkeypatch.setattr(loading, "searched_text", lambda chunk: "owl")
    load_word_index(collection)
    earlier = segments(collection)
    monkeypatch.undo()
    require_right(collection)
    assert set(earlier).isdisjoint(segments(collection))


def test_a_restored_copy_has_its_own_words(collection, words, tmp_path):
    """The file of the same collection, as it was once, with the cache files of what it became since."""
    load_word_index(collection)
    kept = shutil.copy(collection.path, tmp_path / "kept.sqlite")
    put(collection, words, plain_document("new.txt", f"Owls and owls. {long_text(5, 40)}"))
    collection.delete_document("d1")
    require_right(collection)
    later = shutil.copy(collection.path, tmp_path / "later.sqlite")
    shutil.copy(kept, collection.path)
    require_right(collection)
    # The next chunks get the ids that other chunks had in the later file.
    put(collection, words, plain_document("other.txt", f"No bird at all. {long_text(6, 40)}"))
    require_right(collection)
    shutil.copy(later, collection.path)
    require_right(collection)


def test_a_chunk_that_goes_while_it_is_read_and_comes_back_is_found(collection, monkeypatch):
    """As when an earlier copy of the file is put back: nothing of what was not read is taken for known."""
    before, read = collection.path.read_bytes(), SqliteCollection.chunks
    gone = {chunk.chunk_id for chunk in collection.chunks_of("d1")}

    def chunks_later(self, chunk_ids=None):
        self.delete_document("d1")
        return read(self, chunk_ids)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteCollection, "chunks", chunks_later)
        index = load_word_index(collection)
    assert gone.isdisjoint(found_by_words(KeywordRetriever(collection, index), "owl"))
    collection.path.write_bytes(before)
    assert n_read(collection) == len(gone)
    assert gone & found_by_words(KeywordRetriever(collection, require_right(collection)), "owl").keys()


def test_a_chunk_with_another_text_while_it_is_read_does_not_give_its_words(collection, words, tmp_path, monkeypatch):
    shutil.copy(collection.path, tmp_path / "kept.sqlite")
    put(collection, words, plain_document("new.txt", "A robin sings."))
    before, read = collection.path.read_bytes(), SqliteCollection.chunks
    shutil.copy(tmp_path / "kept.sqlite", collection.path)
    put(collection, words, plain_document("new.txt", "A tern dives."))

    def chunks_of_the_first(self, chunk_ids=None):
        self.path.write_bytes(before)
        return read(self, chunk_ids)

    after = collection.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteCollection, "chunks", chunks_of_the_first)
        load_word_index(collection)
    collection.path.write_bytes(after)
    retriever = KeywordRetriever(collection, require_right(collection))
    assert found_by_words(retriever, "robin") == {}
    assert len(found_by_words(retriever, "tern")) == 1


def test_deleted_chunks_are_no_hits_of_an_index_read_before(collection, words):
    retriever = KeywordRetriever(collection, load_word_index(collection))
    before = found_by_words(retriever, "owl")
    gone = {chunk.chunk_id for chunk in collection.chunks_of("d1")} & before.keys()
    assert gone
    collection.delete_document("d1")
    put(collection, words, plain_document("new.txt", "Ships, and no bird."))
    assert found_by_words(retriever, "owl").keys() == before.keys() - gone


def test_nothing_is_read_again_where_the_folder_cannot_be_written(collection, words):
    load_word_index(collection)
    put(collection, words, plain_document("new.txt", long_text(4, 20)))
    before = everything_in(collection.path.parent)
    with read_only_mount(collection.path.parent):
        n_new = len(collection.chunks_of("id of new.txt"))
        assert n_read(collection) == n_new
        require_right(collection)
        assert n_read(collection) == 0
        assert artifacts.unsaved(collection.cache_folder)
    assert everything_in(collection.path.parent) == before


def test_a_file_in_the_place_of_the_cache_folder(data_dir, words):
    collection = rich_collection(data_dir, "Birds", words)
    collection.cache_folder.write_bytes(b"")
    require_right(collection)
    assert n_read(collection) == 0
    put(collection, words, plain_document("new.txt", long_text(4, 20)))
    require_right(collection)


def test_an_old_collection_that_cannot_be_written_has_its_words(collection):
    """Without recorded digests, those of the texts are computed."""
    take_back_to(collection.path, 4)
    with read_only_mount(collection.path.parent):
        require_right(Collection.open(collection.path.parent, "Birds"))


def test_a_renamed_collection_keeps_its_index(data_dir, collection):
    load_word_index(collection)
    renamed = rename_collection(data_dir, "Birds", "Owls")
    assert n_read(renamed) == 0
    require_right(renamed)


def test_work_that_is_stopped_is_done_later(collection):
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        load_word_index(collection, stop)
    assert segments(collection) == []
    require_right(collection)


def test_a_damaged_chunk_is_named(collection):
    with closing(sqlite3.connect(collection.path)) as connection, connection:
        connection.execute("UPDATE chunks SET text = replace(text, 'night', 'noght') WHERE document_id = 'd1'")
    with pytest.raises(CollectionError, match=r"a chunk of document 'notes/report\.pdf' differs"):
        load_word_index(collection)


def test_a_replaced_document_has_only_its_new_words(collection, words):
    require_right(collection)
    document = replace(plain_document("long.txt", "A robin sings."), document_id="again")
    put(collection, words, document)
    retriever = KeywordRetriever(collection, require_right(collection))
    assert found_by_words(retriever, "word7") == {}
    assert len(found_by_words(retriever, "robins")) == 1


def test_many_may_load_the_index_at_once(collection):
    together = threading.Barrier(4)

    def load(_: int) -> dict[int, float]:
        together.wait()
        return found_by_words(KeywordRetriever(collection, load_word_index(collection)), "word7 owl")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load, range(4)))
    assert found == [found[0]] * 4
    require_right(collection)


def test_the_index_is_right_while_documents_come_and_go(collection, words):
    """Each state that is seen is one of the collection's states; the last one is right."""
    done = threading.Event()

    def change() -> None:
        try:
            for number in range(12):
                put(collection, words, plain_document(f"{number % 4}.txt", f"robin{number} {long_text(number, 20)}"))
        finally:
            done.set()

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        while not done.is_set():
            load_word_index(collection)
        changing.result()
    require_right(collection)
    found = found_by_words(KeywordRetriever(collection, load_word_index(collection)), "robin3 robin11")
    assert len(found) == 1
