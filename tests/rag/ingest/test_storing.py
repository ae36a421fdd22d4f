"""A long document is embedded part by part, kept in a temporary file meanwhile, and stored whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

import numpy as np
import pytest

from rag.chunking.chunker import chunk_document, chunk_parts
from rag.documents.sources import SourceFile
from rag.errors import DocumentError
from rag.ingest import storing
from rag.ingest.outcomes import FileOutcome, Progress
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder

CHUNKING = ChunkingSpec(max_tokens=60, min_tokens=0, overlap=0)
LONG = "\n\n".join(f"Paragraph {number} of a long text." for number in range(600)).encode()
SHORT = b"Ships sail."


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return Collection.create(data_dir, "c", words.spec, CHUNKING)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of about 1,000 characters, and vectors of more than three of them in a file."""
    monkeypatch.setattr("rag.chunking.chunker.document_parts", lambda document: parts_of(document, 1_000))
    monkeypatch.setattr(storing, "_IN_MEMORY", 4_096)


def parts_of(document, most: int):
    from rag.chunking.parts import document_parts

    return document_parts(document, most)


def take_in(collection: Collection, words: WordEmbedder, *contents: bytes, **options) -> list[FileOutcome]:
    files = [SourceFile(f"{n}.txt", f"{n}.txt", lambda c=c: c, len(c)) for n, c in enumerate(contents)]
    return list(ingest(collection, files, words, ReadHere(), **options))


def check_vectors(collection: Collection, words: WordEmbedder) -> None:
    """Each chunk has the vector of its own text."""
    ids, vectors = collection.embeddings()
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks()}
    assert sorted(chunks) == ids.tolist()
    expected = words.encode_documents([chunks[number].embedded_text for number in ids.tolist()])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_long_and_short_files_are_stored_whole_in_their_order(collection, words):
    outcomes = take_in(collection, words, SHORT, LONG, b"  ", LONG + b"\n\nThe end.", SHORT + b" Owls hunt.")
    assert [one.outcome for one in outcomes] == ["added", "added", "empty", "added", "added"]
    assert [one.path for one in outcomes] == [f"{number}.txt" for number in range(5)]
    document = collection.document(next(d.document_id for d in collection.documents() if d.name == "1.txt"))
    expected = chunk_document(document, CHUNKING, words.window, words.tokenizer)
    assert len(expected) > 100
    stored = collection.chunks_of(document.document_id)
    assert [(chunk.start, chunk.end) for chunk in stored] == [(chunk.start, chunk.end) for chunk in expected]
    check_vectors(collection, words)


def test_the_reported_sizes_are_those_of_the_files(collection, words):
    reports: list[Progress] = []
    outcomes = take_in(collection, words, LONG, SHORT, report=reports.append)
    assert sum(one.size_embedded for one in reports) == pytest.approx(len(LONG) + len(SHORT))
    assert sum(one.chunks_embedded for one in reports) == sum(one.chunks for one in outcomes)


def test_a_file_that_fails_after_some_parts_leaves_nothing(collection, words, monkeypatch):
    take_in(collection, words, SHORT)

    def failing(document, *arguments) -> Iterator[list[Chunk]]:
        parts = chunk_parts(document, *arguments)
        yield next(parts)
        yield next(parts)
        if len(document.text) > 10_000:
            raise DocumentError(f"'{document.name}' does not fit.")
        yield from parts

    monkeypatch.setattr("rag.ingest.pipeline.chunk_parts", failing)
    shorter = LONG[:5_000]
    outcomes = take_in(collection, words, LONG, shorter)
    assert [(one.outcome, one.reason) for one in outcomes] == [("failed", "'0.txt' does not fit."), ("added", "")]
    assert {d.name: d.n_characters for d in collection.documents()} == {"0.txt": len(SHORT), "1.txt": len(shorter)}
    check_vectors(collection, words)


def test_a_full_disk_fails_the_long_file_alone(collection, words, monkeypatch):
    class FullDisk(SpooledTemporaryFile):
        def write(self, content):
            if self.tell() + len(content) > 8_192:
                raise OSError(28, "No space left on device")
            return super().write(content)

    monkeypatch.setattr(storing, "SpooledTemporaryFile", FullDisk)
    outcomes = take_in(collection, words, SHORT, LONG, SHORT + b" Owls hunt.")
    assert [one.outcome for one in outcomes] == ["added", "failed", "added"]
    assert outcomes[1].reason == (
        "'1.txt' was not stored: its chunks and embeddings could not be kept in a temporary file (No space left on "
        "device)."
    )
    assert [document.name for document in collection.documents()] == ["0.txt", "2.txt"]
    check_vectors(collection, words)


def test_cancelling_inside_a_long_file_keeps_its_earlier_version(collection, words):
    take_in(collection, words, SHORT)
    cancelled = threading.Event()

    def stop_soon(progress: Progress) -> None:
        if progress.chunks_embedded:
            cancelled.set()

    assert take_in(collection, words, LONG, report=stop_soon, cancelled=cancelled) == []
    assert [chunk.text for chunk in collection.chunks()] == [SHORT.decode()]
