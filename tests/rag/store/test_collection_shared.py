"""One collection, many at once: readers see one state or the next, writers lose nothing to one another."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from rag import config
from rag.documents.sources import SourceFile
from rag.errors import CollectionError
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.ingest.pipeline import ingest
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever
from rag.store.collection import Collection
from rag.transfer.files import export_collection, import_collection, rename_collection
from tests.conftest import ReadHere
from tests.support.collections import CHUNKING, QuickEmbedder, long_text, plain_document, put, require_sound

VERSIONS = 12


@pytest.fixture
def words() -> QuickEmbedder:
    return QuickEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return Collection.create(data_dir, "c", words.spec, CHUNKING)


def version(i: int) -> str:
    """A text whose every chunk names its version, longer with each."""
    return f"version{i} of this text is here and says so often. " * (4 * i + 1)


def until(done: threading.Event, look: Callable[[], None]) -> int:
    """Look again and again, and once more when all is done."""
    looks = 0
    while not done.is_set():
        look()
        looks += 1
    look()
    return looks + 1


def test_readers_see_one_version_or_the_next_never_parts_of_two(collection, words):
    put(collection, words, plain_document("a.txt", version(0)))
    done, seen, sizes = threading.Event(), Counter(), set()

    def look():
        chunks = collection.chunks()
        numbers = {chunk.text.partition("version")[2].partition(" ")[0] for chunk in chunks} - {""}
        assert len(numbers) == 1
        text = version(int(numbers.pop()))
        assert (chunks[0].start, chunks[-1].end) == (0, len(text.rstrip()))
        (summary,) = collection.documents()
        sizes.add((summary.n_characters, summary.n_chunks))
        ids, vectors = collection.embeddings()
        assert len(ids) == len(vectors)
        seen[text] += 1

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(until, done, look) for _ in range(2)]
        try:
            for i in range(1, VERSIONS):
                put(collection, words, plain_document("a.txt", version(i)))
        finally:
            done.set()
        assert sum(reader.result() for reader in readers) == seen.total()
    assert seen[version(VERSIONS - 1)] >= 2
    assert len(dict(sizes)) == len(sizes)
    assert collection.generation() == VERSIONS
    require_sound(collection.path)


def test_two_writers_lose_nothing_to_one_another(collection, words):
    together = threading.Barrier(2)

    def write(who: str) -> None:
        together.wait()
        for i in range(VERSIONS):
            put(collection, words, plain_document(f"{who}{i}.txt", long_text(i, 30)))
            put(collection, words, plain_document("both.txt", f"{who} {long_text(i, 30)}"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ["a", "b"]))
    names = {summary.name for summary in collection.documents()}
    assert names == {f"{who}{i}.txt" for who in "ab" for i in range(VERSIONS)} | {"both.txt"}
    assert collection.generation() == 4 * VERSIONS
    for summary in collection.documents():
        text = collection.document(summary.document_id).text
        chunks = collection.chunks_of(summary.document_id)
        assert (chunks[0].start, chunks[-1].end) == (0, len(text))
        assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    require_sound(collection.path)


@pytest.mark.slow
def test_two_processes_write_into_one_collection(collection, words, tmp_path):
    started = []
    for who in ("a", "b"):
        (tmp_path / who).mkdir()
        for i in range(VERSIONS):
            (tmp_path / who / f"{who}{i}.txt").write_text(long_text(i, 50))
        command = [
            sys.executable,
            "-m",
            "tests.support.processes.ingest",
            str(collection.path.parent),
            "c",
            str(tmp_path / who),
        ]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=config.ROOT))
    said = [process.communicate()[0].splitlines() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    for who, lines in zip("ab", said, strict=True):
        assert sorted(lines[1:]) == sorted(f"added {tmp_path / who / who}{i}.txt" for i in range(VERSIONS))
    assert len(collection.documents()) == 2 * VERSIONS
    require_sound(collection.path)


def test_a_collection_is_searched_while_documents_are_added(collection, words):
    put(collection, words, plain_document("first.txt", "word1 is a word that is known from the beginning."))
    done, found = threading.Event(), set()
    names = [f"{i}.txt" for i in range(VERSIONS)]

    def file(i: int) -> SourceFile:
        return SourceFile(names[i], names[i], lambda: f"word1 {long_text(i, 60)}".encode())

    def add() -> list[str]:
        try:
            files = [file(i) for i in range(VERSIONS)]
            return [one.outcome for one in ingest(collection, files, words, ReadHere())]
        finally:
            done.set()

    def look() -> None:
        dense = DenseRetriever(collection, load_index(collection), words).retrieve("word1", 10)
        by_words = KeywordRetriever(collection, load_word_index(collection))
        for hits in (dense, by_words.retrieve("word1", 10)):
            assert hits
            assert all(hit.document_name in {"first.txt", *names} and hit.chunk.text for hit in hits)
        found.update(hit.document_name for hit in by_words.retrieve("word1", 1000))

    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(add)
        until(done, look)
        assert adding.result() == ["added"] * VERSIONS
    assert found == {"first.txt", *names}


def test_an_export_is_one_state_though_others_write(collection, words, tmp_path, data_dir):
    put(collection, words, plain_document("a.txt", version(0)))
    done, states = threading.Event(), []

    def delete_repeatedly() -> None:
        path = tmp_path / f"{len(states)}"
        export_collection(collection, path)
        states.append(path)

    with ThreadPoolExecutor(1) as pool:
        exporting = pool.submit(until, done, delete_repeatedly)
        try:
            for i in range(1, VERSIONS):
                put(collection, words, plain_document("a.txt", version(i)))
        finally:
            done.set()
        exporting.result()
    for path in states:
        copy = import_collection(data_dir, path, f"Copy {path.name}")
        (document,) = copy.documents()
        assert copy.document(document.document_id).text in {version(i) for i in range(VERSIONS)}


def test_a_rename_keeps_the_change_before_it_and_refuses_those_after_it(data_dir, collection, words):
    put(collection, words, plain_document("a.txt", "An owl."))
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(collection.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        renaming = pool.submit(rename_collection, data_dir, "c", "d")
        writer.execute("UPDATE meta SET value = '9' WHERE key = 'generation'")
        writer.execute("COMMIT")
        assert renaming.result().generation() == 9
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            writer.execute("UPDATE meta SET value = '10' WHERE key = 'generation'")
    with pytest.raises(CollectionError, match="'c' was renamed or deleted"):
        put(collection, words, plain_document("b.txt", "A ship."))
    assert Collection.open(data_dir, "d").n_chunks() == 1
