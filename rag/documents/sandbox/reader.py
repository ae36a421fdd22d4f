"""Document reader: reads files in a separate process, so that no file can crash the app, hang it or fill its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TypeVar, cast

from rag.documents.archives import Archive
from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.parsed import MAX_BYTES
from rag.documents.readers.table_columns import TableColumns
from rag.documents.sandbox.protocol import (
    Reply,
    Request,
    WireError,
    read_archive,
    read_columns,
    read_document,
    receive_reply,
    send_request,
)
from rag.errors import DocumentError
from rag.text.tokens import without_surrogates
from rag.types import Document

T = TypeVar("T")
OnProgress = Callable[[int, int], None]
"""Called with the number of pages read and of all pages of a long PDF, from the thread that reads."""
_ROOT = Path(__file__).resolve().parents[3]
# A reader process that was taken over could state any number of pages, so the time does not grow without end.
_MOST_PAGES = 20_000
# Parsers leak a little memory; starting a new process now and then costs 0.1 s.
_FILES_PER_PROCESS = 500
_OVER_CPU_TIME = -getattr(signal, "SIGPROF", 10_000)
"""The return code of a process that the system has ended because its CPU time was over."""
_SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Only the last lines that a parser printed belong to the message about its end.
    "PYTHONUNBUFFERED": "1",
}
# The reader gets only these environment variables of the app, so it never sees keys or tokens.
_PASSED_ON = (
    "PATH PYTHONPATH PYTHONHOME VIRTUAL_ENV LD_LIBRARY_PATH DYLD_LIBRARY_PATH SYSTEMROOT WINDIR LANG LC_ALL "
    "EXPLORER_OCR TESSDATA_PREFIX"
)


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits for one file: time, bytes of memory (if the system enforces it), characters of text.

    Attributes:
        seconds: of CPU time, so that a busy machine does not matter; by the clock on Windows.
        seconds_per_page: of CPU time, added for each page of a PDF.
        clock_factor: seconds by the clock for each second of CPU time: for a process that waits for ever.
    """

    seconds: float = 60.0
    seconds_per_page: float = 0.25
    clock_factor: float = 10.0
    memory_bytes: int = 2 * 1024**3
    output_characters: int = 50_000_000

    def cpu_seconds(self, pages: int = 0) -> float:
        """The limit of CPU time for a file with so many pages."""
        return self.seconds + min(pages, _MOST_PAGES) * self.seconds_per_page

    def clock_seconds(self, pages: int = 0) -> float:
        """The limit by the clock."""
        return self.clock_factor * self.cpu_seconds(pages)

    @property
    def reply_bytes(self) -> int:
        """Largest reply in bytes: the text in UTF-8 with its structure, or an unpacked archive."""
        return max(12 * self.output_characters, 2 * MAX_BYTES) + 64 * 1024**2


@dataclass(slots=True)
class _Process:
    popen: subprocess.Popen[bytes]
    last_lines: deque[str]
    listener: threading.Thread
    files: int = 0
    over_time: bool = False
    pages: int = 0


class DocumentReader:
    """Reads files one after another in a process that is reused, and replaced if a file breaks it.

    Use one reader per thread or job; calls from several threads wait for each other. Close the reader, or use it as a
    context manager; its process also ends when the reader is garbage-collected. The process starts with the first file.
    """

    def __init__(self, limits: ReadLimits | None = None, *, module: str = "rag.documents.sandbox.worker") -> None:
        self.limits = limits or ReadLimits()
        self._module = module
        self._process: _Process | None = None
        self._lock = threading.Lock()
        self._end: Callable[[], object] = lambda: None

    def __enter__(self) -> DocumentReader:
        """The reader itself; its process starts with the first request."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the reader."""
        self.close()

    def read(
        self, name: str, content: bytes, *, roles: ColumnRoles = GUESSED, on_progress: OnProgress | None = None
    ) -> Document:
        """Read a document with `rag.documents.loading.load_document`.

        Args:
            name: the document's name.
            content: the whole file.
            roles: what the columns of a table are for.
            on_progress: told about the pages of a PDF while they are read.

        Raises:
            DocumentError: it cannot be read or exceeds a limit; the message names the file, the limit and what to do.
        """
        return self._ask(Request("read", name, content, roles), read_document, on_progress)

    def table_columns(self, name: str, content: bytes) -> TableColumns | None:
        """The columns of a table, None for other files. Raises DocumentError as `read`."""
        return self._ask(Request("columns", name, content), read_columns)

    def open_archive(self, name: str, content: bytes) -> Archive:
        """The files of an archive. Raises DocumentError as `read`."""
        return self._ask(Request("open", name, content), read_archive)

    def close(self) -> None:
        """End the process; the reader can still be used and then starts another."""
        with self._lock:
            self._stop()

    def _ask(self, request: Request, read: Callable[[Reply], T], on_progress: OnProgress | None = None) -> T:
        request = replace(request, name=without_surrogates(request.name))
        if len(request.content) > MAX_BYTES:
            size = f"'{request.name}' has {len(request.content):,} bytes"
            raise DocumentError(f"{size}; the limit is {MAX_BYTES:,}. Split the file.")
        with self._lock:
            process = self._process = self._running()
            try:
                reply = self._exchange(process, request, on_progress)
                result = None if reply.failure or reply.out_of_memory else read(reply)
            except (WireError, OSError) as error:
                self._stop()
                raise DocumentError(self._reason_for_end(process, request.name, error)) from error
            except BaseException:
                # Interrupted during a reply: the rest of it must not be read as the next reply.
                self._stop()
                raise
            if reply.out_of_memory or process.over_time:
                self._stop()
        if reply.out_of_memory:
            raise DocumentError(self._too_big(request.name))
        if reply.failure:
            raise DocumentError(reply.failure)
        return cast(T, result)

    def _exchange(self, process: _Process, request: Request, on_progress: OnProgress | None) -> Reply:
        clock = _Clock(process, self.limits)

        def advance(done: int, total: int) -> None:
            clock.extend(total)
            if on_progress:
                on_progress(done, total)

        try:
            send_request(_pipe(process.popen.stdin), request)
            return receive_reply(_pipe(process.popen.stdout), self.limits.reply_bytes, advance)
        finally:
            clock.stop()
            process.files += 1

    def _running(self) -> _Process:
        process = self._process
        if process is not None and process.popen.poll() is None and process.files < _FILES_PER_PROCESS:
            return process
        self._stop()
        limits = self.limits
        times = (limits.seconds, limits.seconds_per_page, limits.clock_factor)
        numbers = [str(limits.memory_bytes), *map(str, times), str(limits.output_characters)]
        scratch = tempfile.TemporaryDirectory(prefix="reader-", ignore_cleanup_errors=True)
        popen = _start([sys.executable, "-m", self._module, *numbers], scratch.name)
        last_lines: deque[str] = deque(maxlen=20)
        listener = threading.Thread(target=_collect, args=(_pipe(popen.stderr), last_lines), daemon=True)
        listener.start()
        self._end = weakref.finalize(self, _end_process, popen, scratch)
        return _Process(popen, last_lines, listener)

    def _stop(self) -> None:
        self._process = None
        self._end()

    def _reason_for_end(self, process: _Process, name: str, error: Exception) -> str:
        """Why the process ended while reading a file, as a sentence for the user."""
        process.listener.join(timeout=1)
        said = " ".join(process.last_lines)
        if process.over_time or process.popen.returncode == _OVER_CPU_TIME:
            limits = self.limits
            known = limits.clock_seconds(process.pages) if process.over_time else limits.cpu_seconds(process.pages)
            of = "seconds" if process.over_time else "seconds of CPU time"
            return (
                f"'{name}' took longer than the limit of {known:g} {of} to read. "
                "Split it, or save it in a simpler format."
            )
        if "memory allocation" in said or "MemoryError" in said:
            return self._too_big(name)
        last = process.last_lines[-1] if process.last_lines else str(error)
        return (
            f"'{name}' crashed its parser ({last[:200].rstrip('.')}). The other files are not affected; "
            "save this one again, or as PDF or plain text."
        )

    def _too_big(self, name: str) -> str:
        limit = f"{self.limits.memory_bytes / 1024**3:.3g} GiB"
        return f"'{name}' needs more memory than the limit of {limit}. Split it into smaller files."


def _start(command: list[str], scratch: str) -> subprocess.Popen[bytes]:
    """Start the process, with a separate folder for its libraries' temporary files."""
    environment = {name: os.environ[name] for name in _PASSED_ON.split() if name in os.environ} | _SETTINGS
    environment |= {"TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
        env=environment,
        # A separate process group: Ctrl-C in the app's console does not reach it, and its children end with it.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "all three streams are pipes"
    return stream


def _collect(stream: IO[bytes], last_lines: deque[str]) -> None:
    """Keep the last lines of the parser's stderr: they reach no console, and never block the parser."""
    with stream:
        while line := stream.readline(4096):
            if text := line.decode("utf-8", "replace").strip():
                last_lines.append(text)


class _Clock:
    """Ends a process that takes too long by the clock; the limit grows with the number of pages."""

    def __init__(self, process: _Process, limits: ReadLimits) -> None:
        self._process, self._limits = process, limits
        self._begin = time.monotonic()
        process.pages = 0
        self._timer = self._started(limits.clock_seconds())

    def extend(self, pages: int) -> None:
        """Take the number of pages into account."""
        if pages > self._process.pages:
            self._process.pages = pages
            self.stop()
            self._timer = self._started(self._limits.clock_seconds(pages) - (time.monotonic() - self._begin))

    def stop(self) -> None:
        """Stop the clock. A timer that has just fired must finish before the next file is requested."""
        self._timer.cancel()
        self._timer.join()

    def _started(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(max(seconds, 0.0), _kill_after_timeout, (self._process,))
        timer.daemon = True
        timer.start()
        return timer


def _kill_after_timeout(process: _Process) -> None:
    process.over_time = True
    _kill(process.popen)


def _kill(popen: subprocess.Popen[bytes]) -> None:
    if popen.poll() is not None:
        return
    if hasattr(os, "killpg"):
        try:
            os.killpg(popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        popen.kill()


def _end_process(popen: subprocess.Popen[bytes], scratch: tempfile.TemporaryDirectory[str]) -> None:
    """Kill the process and wait for it, so that no process, zombie or temporary file is left."""
    _kill(popen)
    popen.wait()
    for stream in (popen.stdin, popen.stdout):
        try:
            _pipe(stream).close()
        except OSError:
            # Data not yet written to a dead process is lost.
            continue
    scratch.cleanup()
