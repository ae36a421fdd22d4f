"""Ingest files into a collection: load, chunk, embed, store, with an outcome for each file.

One thread reads and chunks the next files while another embeds and stores the previous ones (`rag/ingest/storing.py`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from rag.chunking.chunker import chunk_parts
from rag.documents.archives import Archive, is_archive
from rag.documents.column_roles import SETTING as COLUMN_ROLES
from rag.documents.column_roles import ColumnRoles, with_chosen
from rag.documents.document_names import DocumentNames, read_origins
from rag.documents.sources import SourceFile
from rag.errors import CollectionError, ExplorerError
from rag.index.words.loading import load_word_index
from rag.ingest.outcomes import FileOutcome, Progress, Report, logged, no_report
from rag.ingest.storing import ChunkedDocument, ChunkPart, Step, embed_and_store
from rag.runtime import freed_memory
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec, Document, Embedder, EmbeddingSpec

_ORIGINS = "origins"
"""The setting with the digest of the path that each document was read from."""


@dataclass(slots=True)
class _Content:
    """A file's content in bytes, from disk or from an archive; `note` is a sentence for the outcome if it is stored.

    The content is dropped when the document is read: it is not needed while the document is embedded.
    """

    path: str
    name: str
    content: bytes
    roles: ColumnRoles
    note: str = ""


OnProgress = Callable[[int, int], None]
"""Called with the number of pages that were read, and of all pages."""


class Reader(Protocol):
    """Parser of files: bytes -> Document. An implementation may parse in another process."""

    def read(
        self, name: str, content: bytes, *, roles: ColumnRoles = ..., on_progress: OnProgress | None = ...
    ) -> Document:
        """The file's text and structure; tells how many pages of a PDF are read. Raises DocumentError."""

    def open_archive(self, name: str, content: bytes) -> Archive:
        """The files in an archive. Raises DocumentError."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a collection held before an ingest.

    `stored` has the sha256 and the number of chunks of each document by its name, `origins` the origins by name.
    """

    stored: Mapping[str, tuple[str, int]]
    origins: Mapping[str, str]

    def names(self) -> DocumentNames:
        """The names of these documents, to give out more."""
        return DocumentNames(self.stored, self.origins)


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step of a file, and to which of the file's contents it belongs: 0, or a number in the order of an archive.

    `wanted` is the content's own name and `name` the one that it was given; both are empty if it was refused.
    """

    content: int
    wanted: str
    name: str
    step: Step


NameFor = Callable[[SourceFile, str], str]
"""Takes a file and the own name of one of its contents, and returns the name under which to store it."""


def namer(names: DocumentNames) -> NameFor:
    """Gives out these names, each time another one for a content whose path is unknown."""
    return lambda file, wanted: names.name_for(wanted, file.folder, keeps_both=file.keeps_both)


@dataclass(frozen=True, slots=True)
class FileStages:
    """The first stages of an ingest, reading and chunking, for one file after the other."""

    chunking: ChunkingSpec
    embedder: Embedder
    reader: Reader
    stored: Mapping[str, tuple[str, int]]
    report: Report = no_report

    def steps(self, file: SourceFile, name_for: NameFor, *, first: int = 0) -> Iterator[PlacedStep]:
        """The steps of a file, at least one for each of its contents; those before number `first` are left out."""
        for number, content in enumerate(_contents(file, self.reader, self.report)):
            if number < first:
                continue
            if isinstance(content, FileOutcome):
                yield PlacedStep(number, "", "", content)
                continue
            wanted = content.name
            content.name = name_for(file, wanted)
            content.note = _renaming(content.name, wanted)
            for step in _steps(self, content):
                yield PlacedStep(number, wanted, content.name, step)


def prepare(collection: Collection, files: Sequence[SourceFile], embedding: EmbeddingSpec) -> Known:
    """Begin an ingest: what the collection holds now; the roles chosen for the files' columns are stored.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """
    collection.require_model(embedding)
    if any(file.roles.labels for file in files):
        roles = with_chosen(collection.setting(COLUMN_ROLES), [file.roles for file in files])
        collection.set_setting(COLUMN_ROLES, roles)
    stored = {summary.name: (summary.sha256, summary.n_chunks) for summary in collection.documents()}
    return Known(stored, read_origins(collection.setting(_ORIGINS)))


def finish(
    collection: Collection,
    outcomes: Iterator[FileOutcome],
    names: DocumentNames,
    report: Report,
    cancelled: threading.Event,
) -> Iterator[FileOutcome]:
    """The outcomes; at their end the documents' origins are stored and their words are indexed."""
    return _then_index(collection, _with_origins(collection, outcomes, names), report, cancelled)


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
    report = report or no_report
    known = prepare(collection, files, embedder.spec)
    names = known.names()
    stages = FileStages(collection.spec.chunking, embedder, reader, known.stored, report)

    def steps() -> Iterator[Step]:
        for file in files:
            for placed in stages.steps(file, namer(names)):
                yield placed.step

    cancelled = cancelled or threading.Event()
    outcomes = embed_and_store(collection, steps(), embedder, report, cancelled)
    return logged(collection.uid, finish(collection, outcomes, names, report, cancelled), len(files))


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
    report = report or no_report
    for key in (_ORIGINS, COLUMN_ROLES):
        target.set_setting(key, source.setting(key))

    documents = source.documents()

    def steps() -> Iterator[Step]:
        for summary in documents:
            report(Progress("reading", summary.name))
            document = source.document(summary.document_id)
            whole = ChunkedDocument(summary.name, len(document.text), document)
            yield from _chunked(whole, target.spec.chunking, embedder)

    cancelled = cancelled or threading.Event()
    indexed = _then_index(target, embed_and_store(target, steps(), embedder, report, cancelled), report, cancelled)
    return logged(target.uid, indexed, len(documents))


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
            whole, content = _Content(file.path, file.name, content, file.roles), b""
            yield whole
            return
        archive = reader.open_archive(file.name, content)
    except ExplorerError as error:
        yield FileOutcome(file.path, "failed", str(error), 0, len(content))
        return
    where = file.path.removesuffix(file.name)
    for refusal in archive.refused:
        yield FileOutcome(where + refusal.name, "failed", refusal.reason, 0)
    for member in archive.members:
        yield _Content(where + member.name, member.name, member.content, file.roles)
    if not (archive.members or archive.refused):
        yield FileOutcome(file.path, "empty", f"'{file.name}' holds no files.", 0, len(content))


def _steps(stages: FileStages, file: _Content) -> Iterator[Step]:
    """The parts of the file's chunked document, or its outcome if there is nothing to embed."""
    report = stages.report
    report(Progress("reading", file.name))
    size = len(file.content)
    stored = stages.stored.get(file.name)
    # The reader computes the sha256 of a new file, so it is not computed here as well.
    fingerprint = _fingerprint(file.content, file.roles) if stored or file.roles.fingerprint() else ""
    if stored and stored[0] == fingerprint:
        yield FileOutcome(file.path, "unchanged", "", stored[1], size)
        return
    try:
        document = stages.reader.read(
            file.name,
            file.content,
            roles=file.roles,
            on_progress=lambda done, total: report(Progress("reading", file.name, pages=(done, total))),
        )
    except ExplorerError as error:
        yield FileOutcome(file.path, "failed", str(error), 0, size)
        return
    file.content = b""
    document = replace(document, sha256=fingerprint or document.sha256)
    whole = ChunkedDocument(file.path, size, document, file.note, stored is not None)
    yield from _chunked(whole, stages.chunking, stages.embedder)


def _renaming(name: str, wanted: str) -> str:
    """A note on the document's name if it is another one than its file's."""
    return "" if name == wanted else f"It is named '{name}', because another document is named '{wanted}'."


def _fingerprint(content: bytes, roles: ColumnRoles) -> str:
    """The sha256 of the file and its roles: other text columns make another document of the same bytes."""
    digest = hashlib.sha256(content)
    digest.update(roles.fingerprint().encode())
    return digest.hexdigest()


def _chunked(whole: ChunkedDocument, chunking: ChunkingSpec, embedder: Embedder) -> Iterator[Step]:
    """The document in parts, or an outcome if it has no text or cannot be chunked."""
    document = whole.document
    if whole.is_long:
        freed_memory.hand_back()
    parts = chunk_parts(document, chunking, embedder.window, embedder.tokenizer, embedder.encode_documents)
    done, before = 0, list[Chunk]()
    try:
        for chunks in filter(None, parts):
            if before:
                yield ChunkPart(whole, before, _share(whole, done, chunks[0].start), is_last=False)
                done = chunks[0].start
            before = chunks
    except ExplorerError as error:
        yield FileOutcome(whole.path, "failed", str(error), 0, whole.size)
        return
    if before:
        yield ChunkPart(whole, before, _share(whole, done, len(document.text)), is_last=True)
        return
    reason = " ".join(document.notes) or f"'{document.name}' holds no text."
    yield FileOutcome(whole.path, "empty", reason, 0, whole.size)


def _share(whole: ChunkedDocument, start: int, end: int) -> float:
    """The bytes of the file that these characters of its text stand for."""
    return whole.size * (end - start) / len(whole.document.text)


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
    """The outcomes; then the words of what was stored are indexed, so that the first search need not wait.

    A store on a server has indexed them already.
    """
    has_new = False
    for outcome in outcomes:
        has_new = has_new or outcome.outcome in ("added", "replaced")
        yield outcome
    if has_new and collection.engine() is None and not cancelled.is_set():
        report(Progress("indexing", collection.spec.name))
        # The documents are stored; the first search by words tries again, and says what is wrong.
        with suppress(CollectionError):
            load_word_index(collection)
        freed_memory.hand_back()
