"""The story of a file: load -> chunk -> embed -> store, with an outcome for every one of them.

One thread reads and chunks the next files while this one embeds and stores the files before.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from rag.chunking.chunker import chunk_document
from rag.documents.archives import Archive, is_archive
from rag.documents.sources import SourceFile
from rag.embedding.languages import language_warning
from rag.errors import ExplorerError
from rag.runtime.lookahead import ahead
from rag.store.collection import Collection
from rag.types import Chunk, Document, Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray

Outcome = Literal["added", "replaced", "unchanged", "empty", "failed"]
_CHUNKS_AT_ONCE = 512
_CHUNKS_A_REPORT = 128


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a file; `reason` is a sentence where it is empty or failed, or where the person should know more.

    `size` is the file's bytes, `chunks` how many of it the collection holds now.
    """

    path: str
    outcome: Outcome
    reason: str
    chunks: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of an ingest: which file is at which stage; how many chunks it embedded, of how many bytes."""

    stage: Literal["reading", "embedding", "storing"]
    name: str
    chunks_embedded: int = 0
    size_embedded: float = 0.0


@dataclass(frozen=True, slots=True)
class _Content:
    """A file's bytes, wherever they came from."""

    path: str
    name: str
    content: bytes
    text_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document that only has to be embedded and stored."""

    path: str
    size: int
    document: Document
    chunks: list[Chunk]
    replaces: bool


class Reader(Protocol):
    """Bytes -> Document, wherever the parsing happens."""

    def read(self, name: str, content: bytes, *, text_columns: tuple[str, ...] = ()) -> Document:
        """The file's text and structure. Raises DocumentError."""

    def open_archive(self, name: str, content: bytes) -> Archive:
        """The files of an archive. Raises DocumentError."""


Step = _Ready | FileOutcome
Report = Callable[[Progress], None]


def ingest(
    collection: Collection,
    files: Sequence[SourceFile],
    embedder: Embedder,
    reader: Reader,
    *,
    report: Report | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[FileOutcome]:
    """Take the files in, one transaction each; yields an outcome as each is done. Stopping loses nothing that is in.

    Args:
        report: told, from two threads, what is being done.
        cancelled: once set, nothing more is begun; files that were not reached have no outcome.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """
    collection.require_model(embedder.spec)
    tell = report or _ignore
    stored = {summary.name: (summary.sha256, summary.n_chunks) for summary in collection.documents()}

    def steps() -> Iterator[Step]:
        for file in files:
            for content in _contents(file, reader, tell):
                if isinstance(content, FileOutcome):
                    yield content
                else:
                    yield _step(collection, content, embedder, reader, stored.get(content.name), tell)

    return _embed_and_store(collection, steps(), embedder, tell, cancelled or threading.Event())


def copy_documents(
    source: Collection,
    target: Collection,
    embedder: Embedder,
    *,
    report: Report | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[FileOutcome]:
    """Split and embed the stored documents of `source` anew into `target`; the files themselves are not needed.

    Raises:
        ModelMismatch: `target` was built with another embedding model.
    """
    target.require_model(embedder.spec)
    tell = report or _ignore

    def steps() -> Iterator[Step]:
        for summary in source.documents():
            tell(Progress("reading", summary.name))
            document = source.document(summary.document_id)
            yield _split(target, document, embedder, summary.name, len(document.text), replaces=False)

    return _embed_and_store(target, steps(), embedder, tell, cancelled or threading.Event())


def _ignore(progress: Progress) -> None:
    """Where nobody asked to be told."""


def _contents(file: SourceFile, reader: Reader, tell: Report) -> Iterator[_Content | FileOutcome]:
    """The file's bytes; for an archive those of each file in it, and an outcome for each that was not taken."""
    tell(Progress("reading", file.name))
    content = b""
    try:
        content = file.read()
        if not is_archive(file.name, content):
            yield _Content(file.path, file.name, content, file.text_columns)
            return
        archive = reader.open_archive(file.name, content)
    except ExplorerError as error:
        yield FileOutcome(file.path, "failed", str(error), 0, len(content))
        return
    where = file.path.removesuffix(file.name)
    for refusal in archive.refused:
        yield FileOutcome(where + refusal.name, "failed", refusal.reason, 0)
    for member in archive.members:
        yield _Content(where + member.name, member.name, member.content, file.text_columns)
    if not (archive.members or archive.refused):
        yield FileOutcome(file.path, "empty", f"'{file.name}' holds no files.", 0, len(content))


def _step(
    collection: Collection,
    file: _Content,
    embedder: Embedder,
    reader: Reader,
    stored: tuple[str, int] | None,
    tell: Report,
) -> Step:
    """What the file comes to, as far as that is known without embedding."""
    tell(Progress("reading", file.name))
    size = len(file.content)
    fingerprint = _fingerprint(file.content, file.text_columns)
    if stored and stored[0] == fingerprint:
        return FileOutcome(file.path, "unchanged", "", stored[1], size)
    try:
        document = reader.read(file.name, file.content, text_columns=file.text_columns)
    except ExplorerError as error:
        return FileOutcome(file.path, "failed", str(error), 0, size)
    document = replace(document, sha256=fingerprint)
    return _split(collection, document, embedder, file.path, size, replaces=stored is not None)


def _fingerprint(content: bytes, text_columns: tuple[str, ...]) -> str:
    """The file's sha256; another choice of text columns makes another document of the same bytes."""
    digest = hashlib.sha256(content)
    if text_columns:
        digest.update(repr(text_columns).encode())
    return digest.hexdigest()


def _split(
    collection: Collection, document: Document, embedder: Embedder, path: str, size: int, *, replaces: bool
) -> Step:
    try:
        chunks = chunk_document(
            document, collection.spec.chunking, embedder.window, embedder.tokenizer, embedder.encode_documents
        )
    except ExplorerError as error:
        return FileOutcome(path, "failed", str(error), 0, size)
    if not chunks:
        return FileOutcome(path, "empty", " ".join(document.notes) or f"'{document.name}' holds no text.", 0, size)
    return _Ready(path, size, document, chunks, replaces)


def _embed_and_store(
    collection: Collection, steps: Iterator[Step], embedder: Embedder, tell: Report, cancelled: threading.Event
) -> Iterator[FileOutcome]:
    for batch in _batches(ahead(steps, cancelled)):
        ready = [step for step in batch if isinstance(step, _Ready)]
        vectors = _embed(ready, embedder, tell, cancelled)
        if vectors is None:
            return
        position = 0
        for step in batch:
            if isinstance(step, FileOutcome):
                yield step
                continue
            own = vectors[position : position + len(step.chunks)]
            position += len(step.chunks)
            tell(Progress("storing", step.document.name))
            yield _store(collection, step, own, embedder)


def _store(collection: Collection, step: _Ready, vectors: FloatArray, embedder: Embedder) -> FileOutcome:
    try:
        collection.put_document(step.document, step.chunks, vectors, embedder.spec)
    except ExplorerError as error:
        return FileOutcome(step.path, "failed", str(error), 0, step.size)
    outcome: Outcome = "replaced" if step.replaces else "added"
    notes = [*step.document.notes, language_warning(embedder.spec.model_id, step.document.language)]
    return FileOutcome(step.path, outcome, " ".join(filter(None, notes)), len(step.chunks), step.size)


def _embed(ready: Sequence[_Ready], embedder: Embedder, tell: Report, cancelled: threading.Event) -> FloatArray | None:
    """Vectors of all chunks, told slice by slice; None when cancelled on the way."""
    import numpy as np

    texts = [chunk.text for step in ready for chunk in step.chunks]
    steps = [step for step in ready for _ in step.chunks]
    vectors: FloatArray = np.empty((len(texts), embedder.spec.dimension), dtype=np.float32)
    for start in range(0, len(texts), _CHUNKS_A_REPORT):
        if cancelled.is_set():
            return None
        part = slice(start, min(start + _CHUNKS_A_REPORT, len(texts)))
        tell(Progress("embedding", steps[start].document.name))
        vectors[part] = embedder.encode_documents(texts[part])
        size = sum(step.size / len(step.chunks) for step in steps[part])
        tell(Progress("embedding", steps[part.stop - 1].document.name, part.stop - part.start, size))
    return None if cancelled.is_set() else vectors


def _batches(steps: Iterator[Step | None]) -> Iterator[list[Step]]:
    """Steps in their order, gathered to about _CHUNKS_AT_ONCE chunks as long as more are ready (None: not yet)."""
    batch: list[Step] = []
    n_chunks = 0
    for step in steps:
        if step is not None:
            batch.append(step)
            n_chunks += len(step.chunks) if isinstance(step, _Ready) else 0
        if batch and (step is None or n_chunks >= _CHUNKS_AT_ONCE):
            yield batch
            batch, n_chunks = [], 0
    if batch:
        yield batch
