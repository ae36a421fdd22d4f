"""Arrivals: the records of all workers, in the order of the files, turned into the steps that are stored.

Here the names of documents are given out, in the order of the files as without Ray. A worker's guess is wrong only if
an archive holds a name that another file has, too; then the rest of that archive is read again here.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence

from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import SourceFile
from rag.errors import ExplorerError
from rag.ingest.on_ray.records import Fault, PartRecord, Record, StepRecord, unpacked
from rag.ingest.outcomes import FileOutcome, no_report
from rag.ingest.pipeline import FileStages, Known, NameFor
from rag.ingest.storing import ChunkedDocument, Step, embed_steps
from rag.types import ChunkingSpec, Embedder

_Place = tuple[int, int]
"""The number of a file, and that of one of its contents."""


class Arrivals:
    """The steps of all files; a record that comes a second time, because its worker was lost, is passed over.

    `missing` are the numbers of the files that have not wholly arrived.

    Args:
        names: gives out the names of the documents.
        embedder: the model for what is read again here.
    """

    def __init__(
        self, files: Sequence[SourceFile], chunking: ChunkingSpec, known: Known, names: NameFor, embedder: Embedder
    ) -> None:
        self.missing = set(range(len(files)))
        self._files = files
        self._chunking, self._known, self._names, self._embedder = chunking, known, names, embedder
        self._done: defaultdict[int, int] = defaultdict(int)
        self._given: dict[_Place, str] = {}
        # Files of which a record did not come in this round.
        self._spoiled: set[int] = set()
        self._place: _Place = (-1, -1)
        self._document: ChunkedDocument | None = None
        self._n_parts = 0

    def begin_round(self) -> None:
        """The files that are missing are sent again, from their beginning."""
        self._spoiled.clear()

    def steps(self, record: Record) -> Iterator[Step]:
        """The steps that a record stands for.

        Raises:
            ExplorerError: a worker cannot work; the message says what to do.
            RuntimeError: a worker met a fault in the program; the message is its trace.
        """
        if isinstance(record, Fault):
            if record.sentence:
                raise ExplorerError(record.sentence)
            raise RuntimeError(f"A Ray worker failed.\n{record.trace}")
        if record.file not in self.missing or record.file in self._spoiled:
            return
        if record.content == self._done[record.file]:
            yield from self._new_steps(record)
        elif record.content > self._done[record.file]:
            self._spoiled.add(record.file)
        if record.ends_file and record.file not in self._spoiled:
            self.missing.discard(record.file)

    def _new_steps(self, record: StepRecord) -> Iterator[Step]:
        if record.wanted and record.name != self._name(record):
            yield from self._read_here(record.file, record.content)
        elif isinstance(record.step, FileOutcome):
            self._content_ends(record)
            yield record.step
        elif document := self._document_of(record, record.step):
            yield unpacked(record.step, document)
            if record.step.is_last:
                self._content_ends(record)
        else:
            self._spoiled.add(record.file)

    def _name(self, record: StepRecord) -> str:
        """The name of the record's document: given out with its first record."""
        place = (record.file, record.content)
        if place not in self._given:
            self._given[place] = self._names(self._files[record.file], record.wanted)
        return self._given[place]

    def _document_of(self, record: StepRecord, part: PartRecord) -> ChunkedDocument | None:
        """The document of a part; None if it does not follow the part before, as after a change of the file.

        Ray starts the work of a lost worker again and leaves out as many rows as had come.
        """
        place = (record.file, record.content)
        if part.document is not None:
            self._place, self._document, self._n_parts = place, part.document, 0
        document = self._document
        follows = (place, part.number) == (self._place, self._n_parts)
        self._n_parts += 1
        return document if follows and document and document.document.sha256 == part.sha256 else None

    def _content_ends(self, record: StepRecord) -> None:
        self._done[record.file] = record.content + 1
        self._given.pop((record.file, record.content), None)

    def _read_here(self, number: int, first: int) -> Iterator[Step]:
        """The steps of a file from its content `first` on, with the names of this process."""
        self.missing.discard(number)
        given = [self._given.pop((number, first))]

        def name_for(file: SourceFile, wanted: str) -> str:
            return given.pop() if given else self._names(file, wanted)

        with DocumentReader() as reader:
            stages = FileStages(self._chunking, self._embedder, reader, self._known.stored)
            placed = stages.steps(self._files[number], name_for, first=first)
            yield from embed_steps((one.step for one in placed), self._embedder, no_report, threading.Event())
