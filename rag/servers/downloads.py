"""Model downloads: Ollama loads models from its library in the background, with progress, pace and a way to stop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.access.person import require_editor
from rag.runtime.background import Report, TaskBoard, TaskView
from rag.servers.ollama import OllamaServer
from rag.servers.pull_progress import PullProgress

_PACE_WINDOW_SECONDS = 10.0
_PACE_LEAST_SECONDS = 1.0
_NOTHING_YET = PullProgress("", 0, 0)


@dataclass(frozen=True, slots=True)
class DownloadView:
    """Snapshot of a download.

    `status` is the server's message. The bytes are of all layers that the server has named so far; `bytes_per_second`
    is the mean of the last ten seconds, None until one second was measured.
    """

    host: str
    name: str
    task: TaskView
    status: str
    completed_bytes: int
    total_bytes: int
    bytes_per_second: float | None

    @property
    def seconds_left(self) -> float | None:
        """For the layers named so far, at the present pace; None if it cannot be estimated."""
        left = self.total_bytes - self.completed_bytes
        return left / self.bytes_per_second if self.bytes_per_second and left > 0 else None


class Pace:
    """Download rate: mean over the last ten seconds. All times are in seconds of one clock.

    The window is short because the server keeps what an earlier try has loaded, and reports those bytes at once.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, completed_bytes: int, now: float) -> None:
        """Record how many bytes are there at this time."""
        self._forget_old(now)
        self._seen.append((now, completed_bytes))

    def bytes_per_second(self, now: float) -> float | None:
        """The mean rate of the last ten seconds; None if less than one second of them was measured."""
        self._forget_old(now)
        if not self._seen or now - self._seen[0][0] < _PACE_LEAST_SECONDS:
            return None
        (since, before), (_, completed) = self._seen[0], self._seen[-1]
        return (completed - before) / (now - since)

    def _forget_old(self, now: float) -> None:
        while len(self._seen) > 1 and now - self._seen[0][0] > _PACE_WINDOW_SECONDS:
            self._seen.popleft()


@dataclass(slots=True)
class _Download:
    host: str
    name: str
    when_installed: Callable[[], None]
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
        # A stop ends the stream without an error; this report raises Stopped then.
        report(self.progress.share)
        self.when_installed()

    def view(self, task: TaskView) -> DownloadView:
        with self.lock:
            progress, pace = self.progress, self.pace.bytes_per_second(time.monotonic())
        measures = (progress.status, progress.completed_bytes, progress.total_bytes, pace)
        return DownloadView(self.host, self.name, task, *measures)


class ModelDownloads:
    """All downloads of a process, shared by all tabs; one runs at a time, and the others wait."""

    def __init__(self) -> None:
        # A separate board: a download waits for the network, and must not delay tasks that wait for the processor.
        self._board = TaskBoard()
        self._downloads: dict[str, _Download] = {}
        self._lock = threading.Lock()

    def start(self, host: str, name: str, when_installed: Callable[[], None]) -> None:
        """Load the model `name` onto the server at `host`; nothing happens if this download already waits or runs.

        Args:
            when_installed: called in the background once the model is installed.
        """
        require_editor()
        key = f"download-{name}-{host}"
        with self._lock:
            task = self._board.view(key)
            if task and task.is_active:
                return
            download = _Download(host, name, when_installed)
            others = {other: one for other, one in self._downloads.items() if other != key and self._board.view(other)}
            self._downloads = {**others, key: download}
            self._board.start(key, name, download.run, stop_requested=download.stop)

    def views(self) -> list[DownloadView]:
        """The downloads that were not forgotten, in the order of their start."""
        with self._lock:
            tasks = [(download, self._board.view(key)) for key, download in self._downloads.items()]
        return [download.view(task) for download, task in tasks if task]

    def stop(self, key: str) -> None:
        """Stop the download of this task at once. The server keeps what was loaded."""
        require_editor()
        self._board.stop(key)

    def forget(self, key: str) -> None:
        """Remove a download that has ended from the list; one that waits or runs stays."""
        require_editor()
        self._board.forget(key)

    def wait(self, key: str) -> None:
        """Return when the download of this task has ended; at once if there is none."""
        self._board.wait(key)
