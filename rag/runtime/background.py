"""Computations that run in the background, each under a key, one after another, seen alike by every tab."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rag.errors import ExplorerError

_LAST_MOMENT = 10
_FAULT = "The job stopped because of a fault in this program. What was stored before is kept; try again."

State = Literal["waiting", "running", "done", "stopped", "failed"]
Report = Callable[[float], None]
"""Called with the share that is done, in [0, 1]; raises Stopped where no more is wanted."""
Work = Callable[[Report], None]


class Stopped(ExplorerError):
    """A computation ends early because someone asked for it."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as it is at one moment.

    `share` in [0, 1] is how much is done and never falls; `seconds` counts from the task's own beginning;
    `seconds_left` is None until enough is done to tell; `error` is empty but for a task that failed.
    """

    key: str
    title: str
    state: State
    share: float
    seconds: float
    seconds_left: float | None
    error: str

    @property
    def is_active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ("waiting", "running")


@dataclass(slots=True)
class _Task:
    key: str
    title: str
    is_unwanted: threading.Event = field(default_factory=threading.Event)
    has_ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    state: State = "waiting"
    share: float = 0.0
    started: float | None = None
    ended: float | None = None
    error: str = ""

    def begin(self) -> bool:
        """Whether it is still wanted: it may have been stopped while it waited."""
        with self.lock:
            if self.state != "waiting":
                return False
            self.state, self.started = "running", time.monotonic()
            return True

    def stop(self) -> None:
        self.is_unwanted.set()
        with self.lock:
            if self.state == "waiting":
                self.state = "stopped"
                self.has_ended.set()

    def end(self, state: State, error: str) -> None:
        with self.lock:
            self.state, self.error, self.ended = state, error, time.monotonic()
            self.share = 1.0 if state == "done" else self.share
            self.has_ended.set()

    def report(self, share: float) -> None:
        with self.lock:
            self.share = max(self.share, min(share, 1.0))
        if self.is_unwanted.is_set():
            raise Stopped(f"'{self.title}' was stopped. Start it again for its result.")

    def view(self) -> TaskView:
        with self.lock:
            seconds = (self.ended or time.monotonic()) - self.started if self.started else 0.0
            can_tell = self.state == "running" and self.share > 0 and seconds > 1
            left = seconds * (1.0 - self.share) / self.share if can_tell else None
            return TaskView(self.key, self.title, self.state, self.share, seconds, left, self.error)


class TaskBoard:
    """All tasks of a process. One runs at a time: two would only share the same cores.

    When the program ends, tasks are stopped, and it waits a moment for the one in hand.
    """

    def __init__(self, *, keep: int = 50) -> None:
        self._keep = keep
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()
        self._last: threading.Thread | None = None

    def start(self, key: str, title: str, work: Work) -> None:
        """Run `work` when its turn comes; nothing happens where a task of this key already waits or runs.

        Args:
            work: given a function that takes the share done, in [0, 1], and raises Stopped once a stop was asked
                for; what it makes, it keeps by itself.
        """
        with self._lock:
            before = self._tasks.pop(key, None)
            if before and not before.has_ended.is_set():
                self._tasks[key] = before
                return
            if self._last is None:
                atexit.register(self._stop_all)
            task = self._tasks[key] = _Task(key, title)
            self._drop_oldest()
            turn = (self._last, task, work)
            self._last = threading.Thread(target=_run_after, args=turn, daemon=True, name=f"task-{key}")
            self._last.start()

    def view(self, key: str) -> TaskView | None:
        """The task as it is now; None where there is none of this key, or it has been forgotten."""
        task = self._of(key)
        return task.view() if task else None

    def stop(self, key: str) -> None:
        """Ask a task to stop: at once while it waits, else when it next reports. Nothing where it has ended."""
        task = self._of(key)
        if task:
            task.stop()

    def forget(self, key: str) -> None:
        """Take a task that has ended off the board; one that waits or runs stays."""
        with self._lock:
            task = self._tasks.get(key)
            if task and task.has_ended.is_set():
                del self._tasks[key]

    def wait(self, key: str) -> None:
        """Return when the task has ended, or at once where there is none of this key."""
        task = self._of(key)
        if task:
            task.has_ended.wait()

    def _of(self, key: str) -> _Task | None:
        with self._lock:
            return self._tasks.get(key)

    def _drop_oldest(self) -> None:
        """Keep the newest of the ended tasks, and all others."""
        ended = [key for key, task in self._tasks.items() if task.has_ended.is_set()]
        for key in ended[: max(0, len(ended) - self._keep)]:
            del self._tasks[key]

    def _stop_all(self) -> None:
        with self._lock:
            tasks, last = list(self._tasks.values()), self._last
        for task in tasks:
            task.stop()
        if last:
            last.join(_LAST_MOMENT)


def _run_after(previous: threading.Thread | None, task: _Task, work: Work) -> None:
    if previous:
        previous.join()
    if not task.begin():
        return
    state, error = _outcome(task, work)
    task.end(state, error)


def _outcome(task: _Task, work: Work) -> tuple[State, str]:
    try:
        work(task.report)
    except Stopped:
        return "stopped", ""
    except ExplorerError as problem:
        return "failed", str(problem)
    except Exception:
        logging.getLogger(__name__).exception("task '%s' failed", task.title)
        return "failed", _FAULT
    return "done", ""
