"""A worker: reads, chunks and embeds groups of files in a process of Ray, with the stages of the single process.

Ray makes one `FileWorker` in each of its worker processes. The names that it gives to documents are a guess: only the
process that stores them knows all names, so it compares each (`rag/ingest/on_ray/arrivals.py`).
"""

from __future__ import annotations

import pickle
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import SourceFile
from rag.errors import ExplorerError
from rag.ingest.on_ray.records import Fault, Packing, Record, encode
from rag.ingest.outcomes import no_report
from rag.ingest.pipeline import FileStages, Known, PlacedStep, namer
from rag.ingest.storing import Step, embed_steps
from rag.types import ChunkingSpec, Embedder, EmbeddingSpec

GROUP, RECORD = "group", "record"
"""The columns of the data set: a group of files before the workers, a record of a step behind them."""
LoadEmbedder = Callable[[], Embedder]
"""Loads the embedding model in a worker; it is pickled, so it is a function of a module, or a `partial` of one."""
NumberedFile = tuple[int, SourceFile]
"""A file with its number in the ingest."""


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What each worker is told once: how to chunk and embed, and what the collection held before."""

    chunking: ChunkingSpec
    embedding: EmbeddingSpec
    known: Known
    load_embedder: LoadEmbedder


@dataclass(slots=True)
class _Tools:
    stages: FileStages
    names: Callable[[SourceFile, str], str]


class FileWorker:
    """Takes rows with groups of files, and gives rows with records of their steps.

    The model is loaded with the first row, so that a problem of it becomes a record, too.
    """

    def __init__(self, task: WorkerTask) -> None:
        self._task = task
        self._tools: _Tools | None = None

    def __call__(self, row: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
        """The records of the files in one row."""
        try:
            for record in self._records(decode_group(row[GROUP])):
                yield {RECORD: encode(record)}
        except ExplorerError as error:
            yield {RECORD: encode(Fault(sentence=str(error)))}
        except Exception:  # noqa: BLE001 - raised again by the process that stores
            yield {RECORD: encode(Fault(trace=traceback.format_exc()))}

    def _records(self, files: list[NumberedFile]) -> Iterator[Record]:
        tools = self._tools = self._tools or self._load()
        stages, packing = tools.stages, Packing()
        # Embedding keeps the order of the steps, so what belongs to each waits here for it.
        waiting: deque[tuple[int, PlacedStep, bool]] = deque()

        def steps() -> Iterator[Step]:
            for number, file in files:
                for placed, is_last in _with_last(stages.steps(file, tools.names)):
                    waiting.append((number, placed, is_last))
                    yield placed.step

        for step in embed_steps(steps(), stages.embedder, no_report, threading.Event()):
            number, placed, is_last = waiting.popleft()
            yield packing.record(number, replace(placed, step=step), ends_file=is_last)

    def _load(self) -> _Tools:
        task = self._task
        try:
            embedder = task.load_embedder()
        except ModuleNotFoundError as error:
            raise ExplorerError(
                f"A Ray worker does not find the package '{error.name}'. Install the same version of this app, with "
                "its requirements, on every machine of the cluster."
            ) from error
        if embedder.spec != task.embedding:
            raise ExplorerError(
                f"A Ray worker has revision {embedder.spec.revision} of the embedding model "
                f"'{embedder.spec.model_id}', the collection {task.embedding.revision}. Install the same model on "
                "every machine."
            )
        return _Tools(
            FileStages(task.chunking, embedder, DocumentReader(), task.known.stored), namer(task.known.names())
        )


def _with_last(steps: Iterator[PlacedStep]) -> Iterator[tuple[PlacedStep, bool]]:
    """The steps of a file, and of each whether it is the last."""
    before: PlacedStep | None = None
    for step in steps:
        if before is not None:
            yield before, False
        before = step
    if before is not None:
        yield before, True


def encode_group(files: list[NumberedFile]) -> bytes:
    """A group of files as bytes."""
    return pickle.dumps(files)


def decode_group(content: bytes) -> list[NumberedFile]:
    """The group of files that `encode_group` wrote."""
    files: list[NumberedFile] = pickle.loads(content)
    return files
