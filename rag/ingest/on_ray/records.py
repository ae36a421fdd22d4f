"""Records: what a worker sends about a file, one for each step, as bytes.

The text of a document is sent once, with its first part. Chunks are spans of it, so they are sent without their texts.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.ingest.outcomes import FileOutcome
from rag.ingest.pipeline import PlacedStep
from rag.ingest.storing import ChunkedDocument, ChunkPart
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A part of a document without texts; `document` comes with the first part alone, `sha256` with each."""

    number: int
    document: ChunkedDocument | None
    sha256: str
    chunks: list[Chunk]
    vectors: FloatArray
    size: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step of file number `file`, perhaps its last one; `content`, `wanted` and `name` as in `PlacedStep`."""

    file: int
    content: int
    wanted: str
    name: str
    step: FileOutcome | PartRecord
    ends_file: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a worker cannot work at all: a sentence for the user, or the trace of a fault in the program."""

    sentence: str = ""
    trace: str = ""


Record = StepRecord | Fault


def encode(record: Record) -> bytes:
    """The record as bytes; Ray's own messages between its processes are pickled in the same way."""
    return pickle.dumps(record, protocol=pickle.HIGHEST_PROTOCOL)


def decode(content: bytes) -> Record:
    """The record that `encode` wrote."""
    record = pickle.loads(content)
    assert isinstance(record, StepRecord | Fault)
    return record


class Packing:
    """Turns the steps of files, in their order, into records."""

    def __init__(self) -> None:
        self._latest: ChunkedDocument | None = None
        self._number = 0

    def record(self, file: int, placed: PlacedStep, *, ends_file: bool) -> StepRecord:
        """The record of a step whose part, if it is one, is embedded."""
        step = placed.step
        packed = step if isinstance(step, FileOutcome) else self._part(step)
        return StepRecord(file, placed.content, placed.wanted, placed.name, packed, ends_file)

    def _part(self, part: ChunkPart) -> PartRecord:
        assert part.vectors is not None, "a part is sent after it was embedded"
        is_first = part.of is not self._latest
        self._number = 0 if is_first else self._number + 1
        self._latest = part.of
        chunks = [replace(chunk, text="", document_id="") for chunk in part.chunks]
        document, sha256 = part.of if is_first else None, part.of.document.sha256
        return PartRecord(self._number, document, sha256, chunks, part.vectors, part.size, part.is_last)


def unpacked(part: PartRecord, of: ChunkedDocument) -> ChunkPart:
    """The part with the texts of its chunks, which are cut from the document's text."""
    return ChunkPart(of, list(_with_texts(part.chunks, of)), part.size, part.is_last, part.vectors)


def _with_texts(chunks: list[Chunk], of: ChunkedDocument) -> Iterator[Chunk]:
    document = of.document
    for chunk in chunks:
        yield replace(chunk, text=document.text[chunk.start : chunk.end], document_id=document.document_id)
