"""Ingests that run in the background, one after another, seen alike by everyone who looks."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from rag.errors import ExplorerError
from rag.ingest import FileOutcome, Progress, Report

_LAST_MOMENT = 10
State = Literal["waiting", "running", "done", "cancelled", "failed"]
Work = Callable[[Report, threading.Event], Iterator[FileOutcome]]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is at one moment.

    `seconds_left` is None until enough is done to tell; `bytes_done` and `bytes_total` count the files' bytes.
    """

    job_id: int
    title: str
    collection: str
    state: State
    stage: str
    name: str
    n_files: int
    bytes_done: int
    bytes_total: int
    chunks_embedded: int
    seconds: float
    seconds_left: float | None
    outcomes: tuple[FileOutcome, ...]
    error: str

    @property
    def is_active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ("waiting", "running")


@dataclass(slots=True)
class _Job:
    job_id: int
    title: str
    collection: str
    n_files: int
    bytes_total: int
    cancelled: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    state: State = "waiting"
    progress: Progress = field(default_factory=lambda: Progress("reading", "", 0))
    chunks_embedded: int = 0
    size_embedded: float = 0.0
    outcomes: list[FileOutcome] = field(default_factory=list)
    started: float | None = None
    ended: float | None = None
    error: str = ""

    def begin(self) -> bool:
        """Whether its work is wanted: it may have been cancelled while it waited."""
        with self.lock:
            if self.cancelled.is_set():
                return False
            self.state, self.started = "running", time.monotonic()
            return True

    def cancel(self) -> None:
        with self.lock:
            self.cancelled.set()
            if self.state == "waiting":
                self.state = "cancelled"

    def end(self, error: str) -> None:
        with self.lock:
            self.ended = time.monotonic()
            self.state = "failed" if error else "cancelled" if self.cancelled.is_set() else "done"
            self.error = error

    def add(self, outcome: FileOutcome) -> None:
        with self.lock:
            self.outcomes.append(outcome)

    def report(self, progress: Progress) -> None:
        with self.lock:
            self.chunks_embedded += progress.chunks_embedded
            self.size_embedded += progress.size_embedded
            if progress.stage != "reading" or self.progress.stage == "reading":
                self.progress = progress

    def view(self) -> JobView:
        with self.lock:
            seconds = (self.ended or time.monotonic()) - self.started if self.started else 0.0
            done = min(self._bytes_done(), self.bytes_total)
            running = self.state == "running" and done > 0 and seconds > 1
            left = seconds * (self.bytes_total - done) / done if running else None
            return JobView(
                self.job_id, self.title, self.collection, self.state, self.progress.stage, self.progress.name,
                self.n_files, done, self.bytes_total, self.chunks_embedded, seconds, left,
                tuple(self.outcomes), self.error,
            )  # fmt: skip

    def _bytes_done(self) -> int:
        """Of files with an outcome, and what is embedded of those that are not stored yet."""
        stored = sum(outcome.size for outcome in self.outcomes if outcome.outcome in ("added", "replaced"))
        others = sum(outcome.size for outcome in self.outcomes) - stored
        return others + max(stored, int(self.size_embedded))


class JobBoard:
    """All jobs of a process. One runs at a time: two would only share the same cores.

    When the program ends, jobs are cancelled, and it waits a moment for the chunks in hand.
    """

    def __init__(self, *, keep: int = 20) -> None:
        self._keep = keep
        self._jobs: list[_Job] = []
        self._lock = threading.Lock()
        self._last: threading.Thread | None = None

    def start(
        self,
        title: str,
        collection: str,
        work: Work,
        *,
        n_files: int,
        bytes_total: int,
        tidy_up: Callable[[], None] | None = None,
    ) -> int:
        """Run `work` when its turn comes; returns the job's id.

        Args:
            work: given where to report progress and what says that the job is cancelled, yields outcomes.
            tidy_up: called at the end, however the job ends.
        """
        with self._lock:
            if self._last is None:
                atexit.register(self._stop)
            job_id = self._jobs[-1].job_id + 1 if self._jobs else 1
            job = _Job(job_id, title, collection, n_files, bytes_total)
            turn = (self._last, job, work, tidy_up or _nothing)
            self._last = threading.Thread(target=_run_after, args=turn, daemon=True, name=f"job-{job_id}")
            self._last.start()
            self._jobs = [*_newest(self._jobs, self._keep - 1), job]
        return job_id

    def cancel(self, job_id: int) -> None:
        """Stop a job after the chunks in hand; what is in stays in. Nothing happens where it has ended."""
        for job in self._jobs:
            if job.job_id == job_id:
                job.cancel()

    def of(self, collection: str) -> list[JobView]:
        """The jobs of a collection, the newest first."""
        return [job.view() for job in reversed(self._jobs) if job.collection == collection]

    def is_busy(self, collection: str) -> bool:
        """Whether a job of this collection waits or runs."""
        return any(view.is_active for view in self.of(collection))

    def close(self) -> None:
        """Wait for all jobs that were started."""
        self._wait(None)

    def _stop(self) -> None:
        for job in self._jobs:
            job.cancel()
        self._wait(_LAST_MOMENT)

    def _wait(self, seconds: float | None) -> None:
        last = self._last
        if last:
            last.join(seconds)


def _newest(jobs: list[_Job], keep: int) -> list[_Job]:
    """The newest of the jobs, and all that still wait or run."""
    return [job for i, job in enumerate(jobs) if i >= len(jobs) - keep or job.view().is_active]


def _run_after(previous: threading.Thread | None, job: _Job, work: Work, tidy_up: Callable[[], None]) -> None:
    if previous:
        previous.join()
    error = ""
    try:
        _run(job, work, tidy_up)
    except ExplorerError as problem:
        error = str(problem)
    except Exception:
        logging.getLogger(__name__).exception("job '%s' failed", job.title)
        error = "The job stopped because of a fault in this program. What was stored before is kept; try again."
    job.end(error)


def _run(job: _Job, work: Work, tidy_up: Callable[[], None]) -> None:
    try:
        if job.begin():
            for outcome in work(job.report, job.cancelled):
                job.add(outcome)
    finally:
        tidy_up()


def _nothing() -> None:
    """Where nothing is to be tidied up."""
