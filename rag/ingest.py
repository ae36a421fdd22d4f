"""Ingest files into a collection: load, chunk, embed, store, with an outcome for each file.

One thread reads and chunks the next files while another embeds and stores the previous ones. `IngestJobs` runs
ingests in the background.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from rag.chunking.chunker import chunk_document
from rag.documents.archives import Archive, is_archive
from rag.documents.document_names import DocumentNames, read_origins
from rag.documents.sources import SourceFile
from rag.embedding.languages import language_warning
from rag.errors import CollectionError, ExplorerError
from rag.index.words.loading import load_word_index
from rag.runtime.background import TaskBoard, TaskView
from rag.runtime.lookahead import ahead
from rag.store.collection import Collection
from rag.types import Chunk, Document, Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray

Outcome = Literal["added", "replaced", "unchanged", "empty", "failed"]
_ORIGINS = "origins"
"""The setting with the digest of the path that each document was read from."""
_FIRST_BATCH = 32
_CHUNKS_PER_BATCH = 512
_CHUNKS_PER_REPORT = 128


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """Result of ingesting one file.

    `reason` is a sentence for the user: why a file is empty or failed, otherwise a note, or nothing. `size` is the
    file's size in bytes, `chunks` the number of its stored chunks; it is 0 for an empty or failed file, even if an
    earlier version of it stays in the collection.
    """

    path: str
    outcome: Outcome
    reason: str
    chunks: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A progress report of an ingest: a file (or archive) and what is done with it.

    `chunks_embedded` and `size_embedded` count what was embedded since the previous report: chunks, and their share of
    their files' bytes.
    """

    stage: Literal["reading", "embedding", "storing", "indexing"]
    name: str
    chunks_embedded: int = 0
    size_embedded: float = 0.0


@dataclass(frozen=True, slots=True)
class _Content:
    """A file's content in bytes, from disk or from an archive."""

    path: str
    name: str
    content: bytes
    text_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A chunked document, ready to be embedded and stored."""

    path: str
    size: int
    document: Document
    chunks: list[Chunk]
    replaces: bool


class Reader(Protocol):
    """Parser of files: bytes -> Document. An implementation may parse in another process."""

    def read(self, name: str, content: bytes, *, text_columns: tuple[str, ...] = ()) -> Document:
        """The file's text and structure. Raises DocumentError."""

    def open_archive(self, name: str, content: bytes) -> Archive:
        """The files in an archive. Raises DocumentError."""


Step = _Ready | FileOutcome
"""What reading and chunking give for a file: a chunked document, or its outcome if there is nothing to embed."""
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
    """Ingest the files, one transaction each; yields an outcome for each. Cancelling keeps what was stored.

    Args:
        report: called at each step, from two threads.
        cancelled: once set, the ingest ends soon; files that were not stored by then have no outcome.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """
    collection.require_model(embedder.spec)
    report = report or _ignore
    stored = {summary.name: (summary.sha256, summary.n_chunks) for summary in collection.documents()}
    names = DocumentNames(stored, read_origins(collection.setting(_ORIGINS)))

    def steps() -> Iterator[Step]:
        for file in files:
            for content in _contents(file, reader, report):
                if isinstance(content, FileOutcome):
                    yield content
                    continue
                name = names.name_for(content.name, file.folder, keeps_both=file.keeps_both)
                step = _step(collection, replace(content, name=name), embedder, reader, stored.get(name), report)
                yield step if name == content.name else _renamed(step, content.name)

    cancelled = cancelled or threading.Event()
    outcomes = _embed_and_store(collection, steps(), embedder, report, cancelled)
    return _then_index(collection, _with_origins(collection, outcomes, names), report, cancelled)


def copy_documents(
    source: Collection,
    target: Collection,
    embedder: Embedder,
    *,
    report: Report | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[FileOutcome]:
    """Chunk and embed the stored documents of `source` again, into `target`; the files themselves are not needed.

    Yields an outcome for each document, whose `size` is the length of its text in characters.

    Args:
        report, cancelled: as in `ingest`.

    Raises:
        ModelMismatch: `target` was built with another embedding model.
        CollectionError: `source` cannot be read, or a document was deleted from it meanwhile.
    """
    target.require_model(embedder.spec)
    report = report or _ignore
    target.set_setting(_ORIGINS, source.setting(_ORIGINS))

    def steps() -> Iterator[Step]:
        for summary in source.documents():
            report(Progress("reading", summary.name))
            document = source.document(summary.document_id)
            yield _split(target, document, embedder, summary.name, len(document.text), replaces=False)

    cancelled = cancelled or threading.Event()
    return _then_index(target, _embed_and_store(target, steps(), embedder, report, cancelled), report, cancelled)


def _ignore(progress: Progress) -> None:
    """Default progress report: does nothing."""


def _contents(file: SourceFile, reader: Reader, report: Report) -> Iterator[_Content | FileOutcome]:
    """The file's bytes; for an archive the bytes of each file in it, and an outcome for each that was refused."""
    report(Progress("reading", file.name))
    if file.nothing:
        yield FileOutcome(file.path, "empty", file.nothing, 0)
        return
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
    report: Report,
) -> Step:
    """The file's chunked document, or its outcome if there is nothing to embed.

    Args:
        stored: the sha256 and the number of chunks of the stored document with this name; None if there is none.
    """
    report(Progress("reading", file.name))
    size = len(file.content)
    # The reader computes the sha256 of a new file, so it is not computed here as well.
    fingerprint = _fingerprint(file.content, file.text_columns) if stored or file.text_columns else ""
    if stored and stored[0] == fingerprint:
        return FileOutcome(file.path, "unchanged", "", stored[1], size)
    try:
        document = reader.read(file.name, file.content, text_columns=file.text_columns)
    except ExplorerError as error:
        return FileOutcome(file.path, "failed", str(error), 0, size)
    document = replace(document, sha256=fingerprint or document.sha256)
    return _split(collection, document, embedder, file.path, size, replaces=stored is not None)


def _renamed(step: Step, wanted: str) -> Step:
    """The step with a note on its document's name, if it will be stored under another one than its file's."""
    if isinstance(step, FileOutcome):
        return step
    note = f"It is named '{step.document.name}', because another document is named '{wanted}'."
    return replace(step, document=replace(step.document, notes=(*step.document.notes, note)))


def _fingerprint(content: bytes, text_columns: tuple[str, ...]) -> str:
    """The sha256 of the file and its text columns: other columns make another document of the same bytes."""
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


def _with_origins(
    collection: Collection, outcomes: Iterator[FileOutcome], names: DocumentNames
) -> Iterator[FileOutcome]:
    """The outcomes; at the end, also an early one, the origins of the documents are stored."""
    has_new = False
    try:
        for outcome in outcomes:
            has_new = has_new or outcome.outcome in ("added", "replaced")
            yield outcome
    finally:
        if has_new:
            # Without it, a later file of this name replaces the document, as before there were origins.
            with suppress(CollectionError):
                collection.set_setting(_ORIGINS, names.as_json({one.name for one in collection.documents()}))


def _then_index(
    collection: Collection, outcomes: Iterator[FileOutcome], report: Report, cancelled: threading.Event
) -> Iterator[FileOutcome]:
    """The outcomes; then the words of what was stored are indexed, so that the first search need not wait."""
    has_new = False
    for outcome in outcomes:
        has_new = has_new or outcome.outcome in ("added", "replaced")
        yield outcome
    if has_new and not cancelled.is_set():
        report(Progress("indexing", collection.spec.name))
        # The documents are stored; the first search by words tries again, and says what is wrong.
        with suppress(CollectionError):
            load_word_index(collection)


def _embed_and_store(
    collection: Collection, steps: Iterator[Step], embedder: Embedder, report: Report, cancelled: threading.Event
) -> Iterator[FileOutcome]:
    for batch in _batches(ahead(steps, cancelled)):
        ready = [step for step in batch if isinstance(step, _Ready)]
        vectors = _embed(ready, embedder, report, cancelled)
        if vectors is None:
            return
        position = 0
        for step in batch:
            if isinstance(step, FileOutcome):
                yield step
                continue
            vectors_of_step = vectors[position : position + len(step.chunks)]
            position += len(step.chunks)
            report(Progress("storing", step.document.name))
            yield _store(collection, step, vectors_of_step, embedder)


def _store(collection: Collection, step: _Ready, vectors: FloatArray, embedder: Embedder) -> FileOutcome:
    try:
        collection.put_document(step.document, step.chunks, vectors, embedder.spec)
    except ExplorerError as error:
        return FileOutcome(step.path, "failed", str(error), 0, step.size)
    outcome: Outcome = "replaced" if step.replaces else "added"
    notes = [*step.document.notes, language_warning(embedder.spec.model_id, step.document.language)]
    return FileOutcome(step.path, outcome, " ".join(filter(None, notes)), len(step.chunks), step.size)


def _embed(
    ready: Sequence[_Ready], embedder: Embedder, report: Report, cancelled: threading.Event
) -> FloatArray | None:
    """Vectors of all chunks, float32 (n, dimension); progress is reported. None if it was cancelled meanwhile."""
    import numpy as np

    texts = [chunk.embedded_text for step in ready for chunk in step.chunks]
    steps = [step for step in ready for _ in step.chunks]
    vectors: FloatArray = np.empty((len(texts), embedder.spec.dimension), dtype=np.float32)
    for start in range(0, len(texts), _CHUNKS_PER_REPORT):
        if cancelled.is_set():
            return None
        part = slice(start, min(start + _CHUNKS_PER_REPORT, len(texts)))
        report(Progress("embedding", steps[start].document.name))
        vectors[part] = embedder.encode_documents(texts[part])
        size = sum(step.size / len(step.chunks) for step in steps[part])
        report(Progress("embedding", steps[part.stop - 1].document.name, part.stop - part.start, size))
    return None if cancelled.is_set() else vectors


def _batches(steps: Iterator[Step | None]) -> Iterator[list[Step]]:
    """Steps in their order, in batches of a growing number of chunks, so that the first documents are stored soon.

    The first has at least _FIRST_BATCH chunks, each later one twice as many, up to _CHUNKS_PER_BATCH.
    A None among the steps means that the next one is not ready yet: the batch so far is not kept waiting for it.
    """
    batch: list[Step] = []
    n_chunks, wanted = 0, _FIRST_BATCH
    for step in steps:
        if step is not None:
            batch.append(step)
            n_chunks += len(step.chunks) if isinstance(step, _Ready) else 0
        if batch and (step is None or n_chunks >= wanted):
            yield batch
            batch, n_chunks, wanted = [], 0, min(2 * wanted, _CHUNKS_PER_BATCH)
    if batch:
        yield batch


Work = Callable[[Report, threading.Event], Iterator[FileOutcome]]
"""The work of a job, e.g. `ingest` with its first arguments: takes `report` and `cancelled`, yields outcomes."""


@dataclass(frozen=True, slots=True)
class JobView:
    """Snapshot of an ingest job.

    `bytes_done` of `bytes_total`, the bytes of the job's files, give the share and the seconds left of `task`. `stage`
    and `name` are those of the latest progress report.
    """

    task: TaskView
    collection: str
    stage: str
    name: str
    n_files: int
    bytes_done: int
    bytes_total: int
    chunks_embedded: int
    outcomes: tuple[FileOutcome, ...]


@dataclass(slots=True)
class _Job:
    collection: str
    n_files: int
    bytes_total: int
    cancelled: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    progress: Progress = field(default_factory=lambda: Progress("reading", "", 0))
    chunks_embedded: int = 0
    size_embedded: float = 0.0
    outcomes: list[FileOutcome] = field(default_factory=list)

    def run(self, work: Work, report_share: Callable[[float], None]) -> None:
        """The task's work; a job that was cancelled ends as a stopped task."""
        for outcome in work(self._note, self.cancelled):
            with self.lock:
                self.outcomes.append(outcome)
        report_share(1.0)

    def _note(self, progress: Progress) -> None:
        with self.lock:
            self.chunks_embedded += progress.chunks_embedded
            self.size_embedded += progress.size_embedded
            if progress.stage != "reading" or self.progress.stage == "reading":
                self.progress = progress

    def view(self, task: TaskView) -> JobView:
        with self.lock:
            done = min(self._bytes_done(), self.bytes_total)
            share = done / self.bytes_total if self.bytes_total else 0.0
            return JobView(
                replace(task, share=share), self.collection, self.progress.stage, self.progress.name, self.n_files,
                done, self.bytes_total, self.chunks_embedded, tuple(self.outcomes),
            )  # fmt: skip

    def _bytes_done(self) -> int:
        """Bytes of the files with an outcome, and of the chunks that are embedded but not stored yet."""
        stored = sum(outcome.size for outcome in self.outcomes if outcome.outcome in ("added", "replaced"))
        others = sum(outcome.size for outcome in self.outcomes) - stored
        return others + max(stored, int(self.size_embedded))


class IngestJobs:
    """The ingest jobs of a process, shared by all tabs. One runs at a time, in the order of their start."""

    def __init__(self, *, keep: int = 20) -> None:
        self._board = TaskBoard(keep=keep)
        self._jobs: dict[str, _Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def start(
        self,
        title: str,
        collection: str,
        work: Work,
        *,
        n_files: int,
        bytes_total: int,
        tidy_up: Callable[[], None] | None = None,
    ) -> str:
        """Run `work` when its turn comes; returns the key of the job's task.

        Args:
            collection: the id of the collection that the job changes.
            tidy_up: called at the end, also if the job was cancelled while it waited.
        """
        job = _Job(collection, n_files, bytes_total)
        with self._lock:
            key = f"ingest-{next(self._numbers)}"
            self._jobs = {other: one for other, one in self._jobs.items() if self._board.view(other)}
            self._jobs[key] = job
            self._board.start(key, title, partial(job.run, work), stop_requested=job.cancelled, tidy_up=tidy_up)
        return key

    def cancel(self, key: str) -> None:
        """Cancel a job: at once while it waits, otherwise within about a hundred chunks. What is stored stays.

        Does nothing to a job that has ended.
        """
        self._board.stop(key)

    def of(self, collection: str) -> list[JobView]:
        """The jobs of a collection, newest first."""
        with self._lock:
            jobs = [(job, self._board.view(key)) for key, job in self._jobs.items() if job.collection == collection]
        return [job.view(task) for job, task in reversed(jobs) if task]

    def is_busy(self, collection: str) -> bool:
        """Whether a job of this collection waits or runs."""
        return any(job.task.is_active for job in self.of(collection))

    def wait(self, key: str) -> None:
        """Return when the job has ended; at once for an unknown key."""
        self._board.wait(key)
