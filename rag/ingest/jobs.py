"""Ingest jobs: ingests in the background, one at a time, with their progress."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from rag import config
from rag.access.person import acting, require_editor
from rag.errors import AccessError
from rag.ingest.outcomes import FileOutcome, Progress, Report
from rag.runtime.background import TaskBoard, TaskView

_MEGABYTE = 1024 * 1024
Work = Callable[[Report, threading.Event], Iterator[FileOutcome]]
"""The work of a job, e.g. `ingest` with its first arguments: takes `report` and `cancelled`, yields outcomes."""


@dataclass(frozen=True, slots=True)
class JobView:
    """Snapshot of an ingest job.

    `bytes_done` of `bytes_total`, the bytes of the job's files, give the share and the seconds left of `task`. `stage`
    and `name` are those of the latest progress report, and so are `pages`, of a PDF: those that were read, and all.
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
    pages: tuple[int, int] | None = None


@dataclass(slots=True)
class _Job:
    collection: str
    n_files: int
    bytes_total: int
    owner: str = field(default_factory=lambda: acting().owner)
    cancelled: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    progress: Progress = field(default_factory=lambda: Progress("reading", "", 0))
    reading: Progress | None = None
    chunks_embedded: int = 0
    size_embedded: float = 0.0
    outcomes: list[FileOutcome] = field(default_factory=list)

    def run(self, work: Work, report_share: Callable[[float], None]) -> None:
        """The task's work; a job that was cancelled ends as a stopped task."""
        for outcome in work(self._note, self.cancelled):
            with self.lock:
                self.outcomes.append(outcome)
                # While the next file is still being read, the page says so.
                self.progress = self.reading or self.progress
        report_share(1.0)

    def _note(self, progress: Progress) -> None:
        with self.lock:
            self.chunks_embedded += progress.chunks_embedded
            self.size_embedded += progress.size_embedded
            if progress.stage == "reading":
                self.reading = progress
            if progress.stage != "reading" or self.progress.stage == "reading":
                self.progress = progress

    def view(self, task: TaskView) -> JobView:
        with self.lock:
            done = min(self._bytes_done(), self.bytes_total)
            share = done / self.bytes_total if self.bytes_total else 0.0
            return JobView(
                replace(task, share=share), self.collection, self.progress.stage, self.progress.name, self.n_files,
                done, self.bytes_total, self.chunks_embedded, tuple(self.outcomes), self.progress.pages,
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

        Raises:
            AccessError: a reader acts, or the person's files that wait to be added would be too large together.
        """
        require_editor()
        self.require_small(bytes_total)
        job = _Job(collection, n_files, bytes_total)
        with self._lock:
            key = f"ingest-{next(self._numbers)}"
            self._jobs = {other: one for other, one in self._jobs.items() if self._board.view(other)}
            self._jobs[key] = job
            self._board.start(key, title, partial(job.run, work), stop_requested=job.cancelled, tidy_up=tidy_up)
        return key

    def require_small(self, n_bytes: int) -> None:
        """Raise AccessError if the acting person may not add files of so many bytes to those that wait or are added."""
        limit = config.upload_bytes()
        if limit is None:
            return
        owner = acting().owner
        with self._lock:
            jobs = [(job, self._board.view(key)) for key, job in self._jobs.items() if job.owner == owner]
        waiting = sum(job.bytes_total for job, task in jobs if task and task.is_active)
        if waiting + n_bytes > limit:
            others = f", with {waiting / _MEGABYTE:,.1f} MB that are being added" if waiting else ""
            raise AccessError(
                f"These files have {n_bytes / _MEGABYTE:,.1f} MB{others}, and one person may add at most "
                f"{limit / _MEGABYTE:,.0f} MB at a time. Add fewer files."
            )

    def cancel(self, key: str) -> None:
        """Cancel a job: at once while it waits, otherwise within about a hundred chunks. What is stored stays.

        Does nothing to a job that has ended.
        """
        require_editor()
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
