"""Embed chunked documents and store them: in batches over all documents, and a long document part by part.

The chunks and vectors of a document are kept in a temporary file until all of them are there, so memory does not grow
with the length of a file; then the document is stored in one transaction.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from rag.chunking.parts import PART_CHARACTERS
from rag.embedding.languages import language_warning
from rag.errors import ExplorerError
from rag.ingest.outcomes import FileOutcome, Outcome, Progress, Report
from rag.runtime import freed_memory
from rag.runtime.lookahead import ahead
from rag.store.collection import Collection
from rag.types import Chunk, Document, Embedder, EmbeddingSpec

if TYPE_CHECKING:
    from rag.types import FloatArray

_FIRST_BATCH = 32
_CHUNKS_PER_BATCH = 512
_CHUNKS_PER_REPORT = 256
_IN_MEMORY = 16 * 1024**2
"""Bytes of a document's chunks and vectors from which on they are kept in a file: about 8,000 chunks."""
_MOST_AHEAD = 4_096
"""Chunks that may wait to be embedded, where each step counts as _CHUNKS_PER_STEP more."""
_CHUNKS_PER_STEP = 64


@dataclass(frozen=True, slots=True, eq=False)
class ChunkedDocument:
    """A document whose chunks come in parts; `size` is that of its file in bytes.

    `note` is a further sentence for its notes; `replaces` says whether a document of its name is stored already.
    """

    path: str
    size: int
    document: Document
    note: str = ""
    replaces: bool = False

    @property
    def is_long(self) -> bool:
        """Whether so much memory is freed after it is read, and after it is stored, that it is handed back at once."""
        return len(self.document.text) > PART_CHARACTERS


@dataclass(frozen=True, slots=True)
class ChunkPart:
    """Some chunks of a document, at least one; `size` is their share of the file's bytes.

    `vectors` are the chunks' unit vectors, float32 (len(chunks), dimension); None until they are embedded.
    """

    of: ChunkedDocument
    chunks: list[Chunk]
    size: float
    is_last: bool
    vectors: FloatArray | None = None


Step = ChunkPart | FileOutcome
"""What reading and chunking give: the parts of a file in their order, or its outcome if there is nothing to embed.

If a file fails after some of its parts, its outcome follows them."""


def embed_and_store(
    collection: Collection, steps: Iterator[Step], embedder: Embedder, report: Report, cancelled: threading.Event
) -> Iterator[FileOutcome]:
    """Embed and store the documents while another thread computes the next steps; yields an outcome for each file."""
    coming = ahead(steps, cancelled, weigh=_weight, most=_MOST_AHEAD)
    embedded = embed_steps(coming, embedder, report, cancelled)
    return store_steps(collection, embedded, embedder.spec, report)


def embed_steps(
    steps: Iterator[Step | None], embedder: Embedder, report: Report, cancelled: threading.Event
) -> Iterator[Step]:
    """The same steps in their order, the parts with their vectors; ends early once `cancelled` is set.

    Args:
        steps: a None among them means that the next one is not ready yet.
    """
    for batch in _batches(steps):
        parts = [step for step in batch if isinstance(step, ChunkPart)]
        vectors = _embed(parts, embedder, report, cancelled)
        if vectors is None:
            return
        position = 0
        for step in batch:
            if isinstance(step, FileOutcome):
                yield step
                continue
            end = position + len(step.chunks)
            yield replace(step, vectors=vectors[position:end])
            position = end


def store_steps(
    collection: Collection, steps: Iterator[Step], embedding: EmbeddingSpec, report: Report
) -> Iterator[FileOutcome]:
    """Store each document once its last part is there; yields an outcome for each file.

    Args:
        steps: parts with vectors by the model `embedding`. A document whose last part never comes is not stored.
    """
    kept = _KeptParts()
    latest: ChunkedDocument | None = None
    with closing(kept):
        for step in steps:
            if isinstance(step, FileOutcome):
                kept.clear()
                yield step
                continue
            if step.of is not latest:
                kept.clear()
                latest = step.of
            assert step.vectors is not None, "a part is stored after it was embedded"
            kept.add(step.chunks, step.vectors)
            if step.of.is_long:
                # The model's working memory, which would otherwise add up with what storing needs.
                freed_memory.hand_back()
            if step.is_last:
                report(Progress("storing", step.of.document.name))
                yield _store(collection, step.of, kept, embedding)
                kept.clear()
                if step.of.is_long:
                    freed_memory.hand_back()


def _store(collection: Collection, chunked: ChunkedDocument, kept: _KeptParts, embedding: EmbeddingSpec) -> FileOutcome:
    document = replace(chunked.document, notes=tuple(filter(None, (*chunked.document.notes, chunked.note))))
    try:
        if kept.problem:
            raise ExplorerError(f"'{document.name}' was not stored: {kept.problem}")
        collection.put_parts(document, kept, embedding)
    except ExplorerError as error:
        return FileOutcome(chunked.path, "failed", str(error), 0, chunked.size)
    outcome: Outcome = "replaced" if chunked.replaces else "added"
    notes = [*document.notes, language_warning(embedding.model_id, document.language)]
    return FileOutcome(chunked.path, outcome, " ".join(filter(None, notes)), kept.n_chunks, chunked.size)


class _KeptParts:
    """The chunks of one document with their vectors, which are in a temporary file if they are many.

    Iterating gives the parts as they were added, as often as wanted. `problem` says in words why they could not be
    kept; otherwise it is empty.
    """

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self.n_chunks = 0
        self.problem = ""

    def add(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        content = pickle.dumps((chunks, vectors), pickle.HIGHEST_PROTOCOL)
        self._sizes.append(len(content))
        self.n_chunks += len(chunks)
        try:
            self._file.seek(0, 2)
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            self.problem = f"its chunks and embeddings could not be kept in a temporary file ({error.strerror})."

    def __iter__(self) -> Iterator[tuple[Sequence[Chunk], FloatArray]]:
        position = 0
        for size in self._sizes:
            self._file.seek(position)
            position += size
            yield pickle.loads(self._file.read(size))

    def clear(self) -> None:
        if self.problem:
            # What could not be written is tried again by every other call.
            self.close()
            self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        elif self._sizes:
            self._file.seek(0)
            self._file.truncate()
        self._sizes, self.n_chunks, self.problem = [], 0, ""

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def _weight(step: Step) -> int:
    return _CHUNKS_PER_STEP + (len(step.chunks) if isinstance(step, ChunkPart) else 0)


def _embed(
    parts: Sequence[ChunkPart], embedder: Embedder, report: Report, cancelled: threading.Event
) -> FloatArray | None:
    """Vectors of all chunks, float32 (n, dimension); progress is reported. None if it was cancelled meanwhile."""
    import numpy as np

    texts = [chunk.embedded_text for part in parts for chunk in part.chunks]
    owners = [part for part in parts for _ in part.chunks]
    vectors: FloatArray = np.empty((len(texts), embedder.spec.dimension), dtype=np.float32)
    for start in range(0, len(texts), _CHUNKS_PER_REPORT):
        if cancelled.is_set():
            return None
        some = slice(start, min(start + _CHUNKS_PER_REPORT, len(texts)))
        report(Progress("embedding", owners[start].of.document.name))
        vectors[some] = embedder.encode_documents(texts[some])
        size = sum(part.size / len(part.chunks) for part in owners[some])
        report(Progress("embedding", owners[some.stop - 1].of.document.name, some.stop - some.start, size))
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
            n_chunks += len(step.chunks) if isinstance(step, ChunkPart) else 0
        if batch and (step is None or n_chunks >= wanted):
            yield batch
            batch, n_chunks, wanted = [], 0, min(2 * wanted, _CHUNKS_PER_BATCH)
    if batch:
        yield batch
