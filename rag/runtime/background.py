"""Background tasks: run work in daemon threads, with progress, a way to stop, and errors as sentences.

A task's state is a `concurrent.futures.Future`. `ThreadPoolExecutor` does not fit: at the interpreter's exit it joins
its threads without a limit, before any function registered with `atexit` could stop their work.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from rag.access.person import Person, acting, acting_as, require_editor
from rag.errors import ExplorerError

_SECONDS_AT_EXIT = 10.0
_FAULT = "The job stopped because of a fault in this program. Stored data is unchanged; try again."

State = Literal["waiting", "running", "done", "stopped", "failed"]
Report = Callable[[float], None]
"""Takes the share that is done, in [0, 1]; raises Stopped once the task was asked to stop."""
Work = Callable[[Report], None]


class Stopped(ExplorerError):
    """A computation ends early because someone stopped it."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """Snapshot of a task.

    `share` in [0, 1] is how much is done and never falls; `seconds` counts from when the task began to run; `error` is
    a sentence, and empty unless the task failed; `is_stopping` says that it was asked to stop and has not ended yet.
    """

    key: str
    title: str
    state: State
    share: float
    seconds: float
    error: str
    is_stopping: bool = False

    @property
    def is_active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def seconds_left(self) -> float | None:
        """Estimated from the share that is done; None before one second, or before anything is done."""
        can_estimate = self.state == "running" and self.share > 0 and self.seconds > 1
        return self.seconds * (1.0 - self.share) / self.share if can_estimate else None


@dataclass(slots=True)
class _Task:
    key: str
    title: str
    stop_requested: threading.Event
    tidy_up: Callable[[], None]
    starter: Person = field(default_factory=acting)
    end: Future[tuple[State, str]] = field(default_factory=Future)
    """Becomes the last state and its error; a task that is stopped while it waits is a cancelled future."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    share: float = 0.0
    started: float | None = None
    ended: float | None = None

    def run(self, work: Work) -> None:
        """Do the work, unless the task was stopped while it waited; tidy up in both cases."""
        is_wanted = self.end.set_running_or_notify_cancel()
        if is_wanted:
            self.started = time.monotonic()
        state, error = self._outcome(work if is_wanted else _no_work)
        if is_wanted:
            with self.lock:
                self.share = 1.0 if state == "done" else self.share
            self.ended = time.monotonic()
            self.end.set_result((state, error))

    def stop(self) -> None:
        self.stop_requested.set()
        self.end.cancel()

    def report(self, share: float) -> None:
        with self.lock:
            self.share = max(self.share, min(share, 1.0))
        if self.stop_requested.is_set():
            raise Stopped(f"'{self.title}' was stopped. Start it again for its result.")

    def view(self) -> TaskView:
        state, error = self._state()
        seconds = (self.ended or time.monotonic()) - self.started if self.started else 0.0
        is_stopping = self.stop_requested.is_set() and not self.end.done()
        return TaskView(self.key, self.title, state, self.share, seconds, error, is_stopping)

    def _state(self) -> tuple[State, str]:
        if self.end.done():
            return ("stopped", "") if self.end.cancelled() else self.end.result()
        return "running" if self.started else "waiting", ""

    def _outcome(self, work: Work) -> tuple[State, str]:
        try:
            try:
                work(self.report)
            finally:
                self.tidy_up()
        except Stopped:
            return "stopped", ""
        except ExplorerError as problem:
            return "failed", str(problem)
        except BaseException:
            logging.getLogger(__name__).exception("task '%s' failed", self.title)
            return "failed", _FAULT
        return "done", ""


class _TaskThread(threading.Thread):
    """The daemon thread of one task; `_stop_at_exit` finds the unfinished tasks by their threads."""

    def __init__(self, task: _Task, work: Work, previous: threading.Thread | None) -> None:
        # Thread drops its arguments after the run; as attributes they would keep the work's models in memory.
        super().__init__(target=_run_after, args=(previous, task, work), name=f"task-{task.key}", daemon=True)
        self.task = task


class TaskBoard:
    """Registry of background tasks by key, shared by all tabs; thread-safe.

    At the interpreter's exit all tasks of all boards are stopped, and have ten seconds to end.

    Args:
        keep: how many ended tasks are remembered.
        one_at_a_time: run tasks in the order of their start, since two would only share the same cores; otherwise each
            starts at once.
    """

    def __init__(self, *, keep: int = 50, one_at_a_time: bool = True) -> None:
        self._keep = keep
        self._one_at_a_time = one_at_a_time
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()
        self._last: _TaskThread | None = None

    def start(
        self,
        key: str,
        title: str,
        work: Work,
        *,
        stop_requested: threading.Event | None = None,
        tidy_up: Callable[[], None] | None = None,
    ) -> None:
        """Run `work` for the person who starts it, when its turn comes; nothing happens if a task with this key already
        waits or runs.

        Args:
            work: given a function that takes the share done, in [0, 1], and raises Stopped after a stop was requested;
                it stores its result itself.
            stop_requested: set by `stop`, for work that checks or waits for it; a new event by default.
            tidy_up: called in the task's thread before the task ends, also if the task was stopped while it waited.
        """
        with self._lock:
            existing = self._tasks.get(key)
            if existing and not existing.end.done():
                return
            self._tasks.pop(key, None)
            task = self._tasks[key] = _Task(key, title, stop_requested or threading.Event(), tidy_up or _nothing)
            self._drop_oldest()
            self._last = _TaskThread(task, work, self._last if self._one_at_a_time else None)
            _stop_first_at_exit()
            self._last.start()

    def view(self, key: str) -> TaskView | None:
        """The task as it is now; None for an unknown key, and after it was forgotten."""
        task = self._find(key)
        return task.view() if task else None

    def stop(self, key: str) -> None:
        """Stop a task: at once while it waits, otherwise at its next report. An ended task stays as it is.

        Raises:
            AccessError: a reader stops what someone else started.
        """
        task = self._find(key)
        if task:
            if task.starter != acting():
                require_editor("Nothing was stopped")
            task.stop()

    def forget(self, key: str) -> None:
        """Remove a task that has ended; one that waits or runs stays."""
        with self._lock:
            task = self._tasks.get(key)
            if task and task.end.done():
                del self._tasks[key]

    def wait(self, key: str) -> None:
        """Return when the task has ended; at once for an unknown key."""
        task = self._find(key)
        if task:
            with suppress(CancelledError):
                task.end.result()

    def _find(self, key: str) -> _Task | None:
        with self._lock:
            return self._tasks.get(key)

    def _drop_oldest(self) -> None:
        """Keep the newest of the ended tasks, and all others."""
        ended = [key for key, task in self._tasks.items() if task.end.done()]
        for key in ended[: max(0, len(ended) - self._keep)]:
            del self._tasks[key]


def _run_after(previous: threading.Thread | None, task: _Task, work: Work) -> None:
    if previous:
        previous.join()
    with acting_as(task.starter):
        task.run(work)


def _stop_first_at_exit() -> None:
    """Register `_stop_at_exit` last, to be called first: tasks stop before what they use is cleaned up."""
    atexit.unregister(_stop_at_exit)
    atexit.register(_stop_at_exit)


def _stop_at_exit() -> None:
    threads = [thread for thread in threading.enumerate() if isinstance(thread, _TaskThread)]
    for thread in threads:
        thread.task.stop()
    deadline = time.monotonic() + _SECONDS_AT_EXIT
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _nothing() -> None:
    """For a task that leaves nothing to tidy up."""


def _no_work(report: Report) -> None:
    """For a task that was stopped before its turn."""
