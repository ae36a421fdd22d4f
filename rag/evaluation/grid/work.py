"""Measure the points of a grid: copies of the collection, filled and searched as the app does, and dropped again."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from rag.embedding.cached import CachedEmbedder
from rag.errors import CollectionError, ModelError
from rag.evaluation.collection_searches import CollectionSearches
from rag.evaluation.grid.grid_run import BuildSeconds, Grid, LeftOut, PointResult, StorageFacts
from rag.evaluation.grid.plan import Storage
from rag.evaluation.grid.stored import LOCK, grid_folder, load_results, save_point
from rag.evaluation.passages import RankedHit, ranked_hit
from rag.ingest.outcomes import Progress
from rag.ingest.pipeline import copy_documents
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection

_WORKING = "working"
"""The folder of the copy that is being measured, in the folder of the grid."""
_COPY = "Copy"
_FILLING = 0.8
"""The share of a storage's progress that is reached when it is filled."""

Report = Callable[[float], None]
LoadModel = Callable[[str], CachedEmbedder]


def measure_points(
    folder: Path, grid: Grid, collection: Collection, load: LoadModel, *, report: Report = lambda _: None
) -> None:
    """Measure the points that have no result yet, and store each as soon as it is measured.

    Each storage is a temporary collection in the grid's folder, with embeddings from the cache where it has them. If
    this ends early, the points so far are kept; what a killed process left behind is removed at the next start.

    Args:
        folder: the folder of the collections.
        load: gives an embedding model whose counts begin at 0. Called once for each storage.
        report: given the share that is done, in [0, 1]. An exception from it ends the work; so a task stops it.

    Raises:
        CollectionError: the collection cannot be read or has changed since the grid began, a copy cannot be written,
            or another process is measuring this grid.
        ModelError: a model is not available; the points with other models are measured before.
        RunFileError: a result cannot be stored.
    """
    with _working_folder(grid_folder(folder, grid)) as working:
        results = load_results(folder, grid).results
        work = _Work(folder, grid, collection, load, working, _Progress(report, len(grid.points), len(results)))
        failures = []
        for storage, numbers in _missing(grid, results).items():
            try:
                work.measure(storage, numbers, _known_facts(grid, results, storage))
            except ModelError as error:
                failures.append((len(numbers), error))
    if failures:
        n_left = sum(n for n, _ in failures)
        were = "1 setting was" if n_left == 1 else f"{n_left:,} settings were"
        raise ModelError(f"{were} not measured. {failures[0][1]} Then click 'Continue'.")


def _missing(grid: Grid, results: Mapping[int, PointResult]) -> dict[Storage, list[int]]:
    """The numbers of the points without a result, by what has to be stored for them."""
    missing: dict[Storage, list[int]] = {}
    for number, point in enumerate(grid.points):
        if number not in results:
            missing.setdefault(point.storage, []).append(number)
    return missing


def _known_facts(grid: Grid, results: Mapping[int, PointResult], storage: Storage) -> StorageFacts | None:
    """The facts of a storage from a point that was measured earlier, so that all its points say the same."""
    return next((one.storage for number, one in results.items() if grid.points[number].storage == storage), None)


@dataclass(frozen=True, slots=True)
class _Work:
    """What measuring a storage needs; the arguments of `measure_points`."""

    folder: Path
    grid: Grid
    collection: Collection
    load: LoadModel
    working: Path
    progress: _Progress

    def measure(self, storage: Storage, numbers: list[int], known: StorageFacts | None) -> None:
        """Fill a storage, ask all questions with each of its searches, store the results, and drop it.

        Args:
            known: its facts if they were measured earlier.
        """
        _require_unchanged(self.grid, self.collection)
        self.progress.begin(len(numbers))
        model = self.load(storage.model_id)
        try:
            copy = Collection.create(self.working, _COPY, model.spec, storage.chunking)
            filled = _fill(self.collection, copy, model, self.progress)
            _require_unchanged(self.grid, self.collection)
            searches = CollectionSearches.of(copy, model)
            for number in numbers:
                save_point(self.folder, self.grid, self._asked(number, known or filled, searches))
        finally:
            _empty(self.working)
        self.progress.end()

    def _asked(self, number: int, facts: StorageFacts, searches: CollectionSearches) -> PointResult:
        """Ask every question alone, as on the Search page: in a batch, the last digits would depend on the others."""
        rankings: dict[str, tuple[RankedHit, ...]] = {}
        seconds: dict[str, float] = {}
        for question in self.grid.questions:
            self.progress.ask(len(self.grid.questions))
            started = time.perf_counter()
            hits = searches.retriever(self.grid.points[number].mode).retrieve(question.text, self.grid.depth)
            seconds[question.question_id] = time.perf_counter() - started
            # The copy's chunk ids mean nothing later, and how a hit was found is not shown.
            kept = (replace(ranked_hit(hit), chunk_id=0, found_by=()) for hit in hits)
            rankings[question.question_id] = tuple(kept)
        return PointResult(number, facts, rankings, seconds)


def _fill(source: Collection, copy: Collection, model: CachedEmbedder, progress: _Progress) -> StorageFacts:
    """Split, embed, store and index all documents of `source` in `copy`."""
    total = sum(document.n_characters for document in source.documents())
    filling, cancelled, left_out = _Filling(progress, max(total, 1)), threading.Event(), []
    try:
        for outcome in copy_documents(source, copy, model, report=filling.note, cancelled=cancelled):
            filling.switch("split")
            if outcome.outcome == "failed":
                left_out.append(LeftOut(outcome.path, outcome.reason))
        filling.switch("")
    finally:
        cancelled.set()
    tokens = ChunkTable.of(copy).n_tokens
    return StorageFacts(
        embedding_revision=model.spec.revision,
        n_chunks=len(tokens),
        n_tokens=int(tokens.sum()),
        n_embedded=model.counts.embedded,
        n_cached=model.counts.reused,
        seconds=BuildSeconds(**filling.seconds),
        collection_bytes=copy.disk_bytes(),
        words_bytes=sum(path.stat().st_size for path in copy.cache_folder.glob("words-*")),
        left_out=tuple(left_out),
    )


@dataclass(slots=True)
class _Progress:
    """The share of a grid that is done. Filling a storage is most of the work for its points; the rest is asking."""

    report: Report
    n_points: int
    n_done: int
    n_now: int = 0
    n_asked: int = 0

    def begin(self, n_points: int) -> None:
        """Begin a storage with this many points."""
        self.n_now, self.n_asked = n_points, 0
        self._reach(0.0)

    def fill(self, share: float) -> None:
        """This share of the documents is embedded."""
        self._reach(_FILLING * share)

    def ask(self, n_questions: int) -> None:
        """One more question is asked, of `n_questions` for each point."""
        self._reach(_FILLING + (1 - _FILLING) * self.n_asked / (self.n_now * n_questions))
        self.n_asked += 1

    def end(self) -> None:
        """The storage is done."""
        self.n_done += self.n_now
        self.n_now = 0
        self._reach(0.0)

    def _reach(self, share: float) -> None:
        self.report((self.n_done + self.n_now * share) / self.n_points)


@dataclass(slots=True)
class _Filling:
    """Follows the reports of `copy_documents`: what is done, and how long each stage takes."""

    progress: _Progress
    total: int
    stage: str = "split"
    since: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("split", "embed", "store", "index"), 0.0))
    embedded: float = 0.0

    def note(self, progress: Progress) -> None:
        """A report of `copy_documents`; those about reading come from another thread."""
        match progress.stage:
            case "embedding":
                self.switch("split" if progress.chunks_embedded else "embed")
                self.embedded += progress.size_embedded
                self.progress.fill(min(self.embedded / self.total, 1.0))
            case "storing":
                self.switch("store")
            case "indexing":
                self.switch("index")

    def switch(self, stage: str) -> None:
        """The present stage ends, and this one begins; none for an empty name."""
        now = time.perf_counter()
        if self.stage:
            self.seconds[self.stage] += now - self.since
        self.stage, self.since = stage, now


@contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for copies, which no other process uses; what a killed process left in it is removed."""
    working = folder / _WORKING
    try:
        with FileLock(folder / LOCK, timeout=0):
            _empty(working)
            try:
                yield working
            finally:
                shutil.rmtree(working, ignore_errors=True)
    except Timeout as error:
        raise CollectionError(
            "These settings are being measured by another process of this app. Wait until it is done; its results "
            "appear here."
        ) from error
    except OSError as error:
        raise CollectionError(
            f"'{folder}' cannot be used for the copies that are measured: {error.strerror}. Check that the disk has "
            "free space and that the folder is writable."
        ) from error


def _empty(working: Path) -> None:
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)


def _require_unchanged(grid: Grid, collection: Collection) -> None:
    before = grid.conditions
    if collection.uid != before.collection_uid or collection.generation() != before.generation:
        raise CollectionError(
            f"The documents of '{collection.spec.name}' have changed since this comparison began, so it cannot be "
            "continued. Its results so far are kept. Start a new comparison."
        )
