"""The ingest as a Ray Data pipeline: groups of files -> workers -> records -> one writer, in the order of the files."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag.documents.sources import SourceFile
from rag.errors import ExplorerError
from rag.ingest.on_ray.arrivals import Arrivals
from rag.ingest.on_ray.records import Record, decode
from rag.ingest.on_ray.worker import (
    GROUP,
    RECORD,
    FileWorker,
    LoadEmbedder,
    NumberedFile,
    WorkerTask,
    encode_group,
)
from rag.ingest.outcomes import FileOutcome, logged, no_report
from rag.ingest.pipeline import finish, namer, prepare
from rag.ingest.storing import Step, store_steps
from rag.store.collection import Collection
from rag.types import Embedder

if TYPE_CHECKING:
    from ray.data import Dataset

_FILES_A_GROUP = 16
_BYTES_A_GROUP = 8 * 1024**2
_GROUPS_A_WORKER = 8
"""At least so many groups for each worker, so that all of them end at about the same time."""
_BLOCK_BYTES = 4 * 1024**2
"""A worker sends its records in blocks of about this size, and does not wait for the end of a group."""
_RETRIES = 2
"""How often Ray gives a group to another worker if its worker ended."""
_GROUPS_IN_FLIGHT = 2
"""A worker has one group to go on with. In the second round it has not: a group that ends it would take that along."""


def ingest_on_ray(
    collection: Collection,
    files: Sequence[SourceFile],
    embedder: Embedder,
    load_embedder: LoadEmbedder,
    n_workers: int,
) -> Iterator[FileOutcome]:
    """Ingest the files with so many Ray workers, inside a `ray_session`; this process alone stores.

    Outcomes come in the order of the files, as from `rag.ingest.pipeline.ingest`. Stopping keeps what was stored. Files
    whose worker ended are read once more, each alone; one that ends its workers again has failed.

    Args:
        embedder: the model, in this process.
        load_embedder: loads the same model in a worker.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
        ExplorerError: the workers cannot work; the message says what to do.
    """
    known = prepare(collection, files, embedder.spec)
    names = known.names()
    chunking = collection.spec.chunking
    arrivals = Arrivals(files, chunking, known, namer(names), embedder)
    task = WorkerTask(chunking, embedder.spec, known, load_embedder)

    def steps() -> Iterator[Step]:
        for most, in_flight in ((_group_size(len(files), n_workers), _GROUPS_IN_FLIGHT), (1, 1)):
            if not arrivals.missing:
                return
            arrivals.begin_round()
            groups = _groups([(number, files[number]) for number in sorted(arrivals.missing)], most)
            for record in _records(_pipeline(task, groups, n_workers, in_flight)):
                yield from arrivals.steps(record)
        for number in sorted(arrivals.missing):
            yield _lost(files[number])

    outcomes = store_steps(collection, steps(), embedder.spec, no_report)
    finished = finish(collection, outcomes, names, no_report, threading.Event())
    return logged(collection.uid, finished, len(files))


def _group_size(n_files: int, n_workers: int) -> int:
    return max(1, min(_FILES_A_GROUP, n_files // (_GROUPS_A_WORKER * n_workers)))


def _groups(files: list[NumberedFile], most: int) -> list[list[NumberedFile]]:
    """The files in their order, in groups of at most `most` files and, unless it is one file, _BYTES_A_GROUP bytes."""
    groups: list[list[NumberedFile]] = []
    size = 0
    for number, file in files:
        if not groups or len(groups[-1]) == most or size + file.size > _BYTES_A_GROUP:
            groups.append([])
            size = 0
        groups[-1].append((number, file))
        size += file.size
    return groups


def _records(rows: Dataset) -> Iterator[Record]:
    """The records of all files in their order. A group whose worker ended too often is left out."""
    from ray.exceptions import RayError

    try:
        for row in rows.iter_rows():
            yield decode(row[RECORD])
    except RayError as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[-1]
        raise ExplorerError(
            f"Ray stopped the ingest: {said} What is stored stays; the same command goes on from there."
        ) from error


def _pipeline(task: WorkerTask, groups: list[list[NumberedFile]], n_workers: int, in_flight: int) -> Dataset:
    """The rows of all workers, in the order of the groups; nothing is done before they are read."""
    import ray.data
    from ray.data import ActorPoolStrategy, DataContext
    from ray.util.annotations import RayDeprecationWarning

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # Ray's own default settings are deprecated, and so are these limits, for which there is nothing else.
        for category in (DeprecationWarning, RayDeprecationWarning):
            warnings.simplefilter("ignore", category)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.max_errored_blocks = -1
        context.target_max_block_size = _BLOCK_BYTES
        rows = ray.data.from_items([{GROUP: encode_group(group)} for group in groups], override_num_blocks=len(groups))
        n_actors = min(n_workers, len(groups))
        return rows.flat_map(
            FileWorker,
            fn_constructor_args=(task,),
            compute=ActorPoolStrategy(size=n_actors, max_tasks_in_flight_per_actor=in_flight),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=_RETRIES,
        )


def _lost(file: SourceFile) -> FileOutcome:
    reason = (
        f"'{file.name}' was not added: each Ray worker that began with it ended, which happens if the memory is not "
        "enough. Use fewer workers, or add it without '--on ray'."
    )
    return FileOutcome(file.path, "failed", reason, 0, file.size)
