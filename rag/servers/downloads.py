"""Models that Ollama loads from its library in the background: how far each is, how fast, and a way to stop it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.runtime.background import Report, TaskBoard, TaskView
from rag.servers.ollama import OllamaServer
from rag.servers.pull_progress import PullProgress

_PACE_OVER = 10.0
_PACE_FROM = 1.0
_NOTHING_YET = PullProgress("", 0, 0)


@dataclass(frozen=True, slots=True)
class DownloadView:
    """A download as it is at one moment.

    `said` are the server's words. The bytes are over what the server has named so far; `bytes_per_second` is over the
    last ten seconds, None until that can be told.
    """

    host: str
    name: str
    task: TaskView
    said: str
    completed_bytes: int
    total_bytes: int
    bytes_per_second: float | None

    @property
    def seconds_left(self) -> float | None:
        """For what the server has named so far, at the present pace; None where it cannot be told."""
        left = self.total_bytes - self.completed_bytes
        return left / self.bytes_per_second if self.bytes_per_second and left > 0 else None


class Pace:
    """How fast bytes arrive. Times are in seconds of one clock.

    It looks back ten seconds only: what the server kept of an earlier try is there at once, and is no speed.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, completed_bytes: int, now: float) -> None:
        """So many bytes are there now."""
        self._forget_old(now)
        self._seen.append((now, completed_bytes))

    def bytes_per_second(self, now: float) -> float | None:
        """The pace of the last ten seconds; None where less than a second of them was seen."""
        self._forget_old(now)
        if not self._seen or now - self._seen[0][0] < _PACE_FROM:
            return None
        (since, before), (_, completed) = self._seen[0], self._seen[-1]
        return (completed - before) / (now - since)

    def _forget_old(self, now: float) -> None:
        while len(self._seen) > 1 and now - self._seen[0][0] > _PACE_OVER:
            self._seen.popleft()


@dataclass(slots=True)
class _Download:
    host: str
    name: str
    when_there: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    progress: PullProgress = _NOTHING_YET
    pace: Pace = field(default_factory=Pace)

    def run(self, report: Report) -> None:
        for progress in OllamaServer(self.host).pull(self.name, self.stop):
            with self.lock:
                self.progress = progress
                self.pace.note(progress.completed_bytes, time.monotonic())
            report(progress.share)
        # A stop ends the stream without a word; reporting once more tells the task.
        report(self.progress.share)
        self.when_there()

    def view(self, task: TaskView) -> DownloadView:
        with self.lock:
            progress, pace = self.progress, self.pace.bytes_per_second(time.monotonic())
        measures = (progress.status, progress.completed_bytes, progress.total_bytes, pace)
        return DownloadView(self.host, self.name, task, *measures)


class ModelDownloads:
    """All downloads of a process, seen alike by every tab; one runs at a time, and the others wait their turn."""

    def __init__(self) -> None:
        # A board of their own: a download waits for the network, and must not hold up what waits for the processor.
        self._board = TaskBoard()
        self._downloads: dict[str, _Download] = {}
        self._lock = threading.Lock()

    def start(self, host: str, name: str, when_there: Callable[[], None]) -> None:
        """Load the model `name` onto the server at `host`; nothing happens where that already waits or runs.

        Args:
            when_there: called in the background once the model is installed.
        """
        key = f"download-{name}-{host}"
        with self._lock:
            task = self._board.view(key)
            if task is None or not task.is_active:
                self._downloads.pop(key, None)
                download = self._downloads[key] = _Download(host, name, when_there)
                self._board.start(key, name, download.run)

    def views(self) -> list[DownloadView]:
        """Those that wait or run, and those that have ended and were not forgotten, in the order of asking."""
        with self._lock:
            downloads = list(self._downloads.items())
        tasks = [(download, self._board.view(key)) for key, download in downloads]
        return [download.view(task) for download, task in tasks if task]

    def stop(self, key: str) -> None:
        """Stop the download of this task at once. What was loaded is kept by the server."""
        with self._lock:
            download = self._downloads.get(key)
        # The task first: once the stream has ended, it must know that this was wanted.
        self._board.stop(key)
        if download:
            download.stop.set()

    def forget(self, key: str) -> None:
        """Take a download that has ended off the list; one that waits or runs stays."""
        self._board.forget(key)
        with self._lock:
            if self._board.view(key) is None:
                self._downloads.pop(key, None)

    def wait(self, key: str) -> None:
        """Return when the download of this task has ended, or at once where there is none."""
        self._board.wait(key)
