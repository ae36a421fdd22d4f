"""Files read in a process of their own, so that no file can take the app down, hang it, or eat its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar, cast

from rag.documents.archives import Archive
from rag.documents.parsed import MAX_BYTES
from rag.documents.readers.tables import TableColumns
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
from rag.types import Document

T = TypeVar("T")
_ROOT = Path(__file__).resolve().parents[3]
# Parsers leak a little; a fresh process now and then costs a tenth of a second.
_FILES_A_PROCESS = 500
_SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # What a parser printed long ago must not come after its last words.
    "PYTHONUNBUFFERED": "1",
}
# The reader gets these variables of the app's and no others: keys and tokens are none of its business.
_PASSED_ON = (
    "PATH PYTHONPATH PYTHONHOME VIRTUAL_ENV LD_LIBRARY_PATH DYLD_LIBRARY_PATH SYSTEMROOT WINDIR LANG LC_ALL "
    "EXPLORER_OCR TESSDATA_PREFIX"
)


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one file may take: seconds, bytes of memory (where the system enforces it), characters of text."""

    seconds: float = 60.0
    memory_bytes: int = 2 * 1024**3
    output_characters: int = 50_000_000

    @property
    def reply_bytes(self) -> int:
        """The most that the reader may send: the text in UTF-8 with its structure, or an unpacked archive."""
        return max(12 * self.output_characters, 2 * MAX_BYTES) + 64 * 1024**2


@dataclass(slots=True)
class _Process:
    popen: subprocess.Popen[bytes]
    complaints: deque[str]
    listener: threading.Thread
    files: int = 0
    over_time: bool = False


class DocumentReader:
    """Reads files one after the other in a process that is reused, and replaced where a file broke it.

    Use one reader a thread or job; calls from several threads wait for one another. Close it, or use it as a
    context manager; a reader that is forgotten is ended too. The process starts with the first file.
    """

    def __init__(self, limits: ReadLimits | None = None, *, module: str = "rag.documents.sandbox.worker") -> None:
        self.limits = limits or ReadLimits()
        self._module = module
        self._process: _Process | None = None
        self._lock = threading.Lock()
        self._end: Callable[[], object] = lambda: None

    def __enter__(self) -> DocumentReader:
        """The reader itself; it starts its process only when it is asked for something."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the reader."""
        self.close()

    def read(self, name: str, content: bytes, *, text_columns: tuple[str, ...] = ()) -> Document:
        """The document, as `rag.documents.loading.load_document` reads it.

        Raises:
            DocumentError: it cannot be read, or broke a limit; the message names the file, the limit, and what to do.
        """
        return self._ask(Request("read", name, content, text_columns), read_document)

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

    def _ask(self, request: Request, read: Callable[[Reply], T]) -> T:
        if len(request.content) > MAX_BYTES:
            size = f"'{request.name}' has {len(request.content):,} bytes"
            raise DocumentError(f"{size}; at most {MAX_BYTES:,} are read. Split the file.")
        with self._lock:
            process = self._process = self._running()
            try:
                reply = self._exchange(process, request)
                result = None if reply.failure or reply.out_of_memory else read(reply)
            except (WireError, OSError) as error:
                self._stop()
                raise DocumentError(self._epitaph(process, request.name, error)) from error
            except BaseException:
                # Interrupted in the middle of a reply: the rest of it must not be taken for the next one.
                self._stop()
                raise
            if reply.out_of_memory or process.over_time:
                self._stop()
        if reply.out_of_memory:
            raise DocumentError(self._too_big(request.name))
        if reply.failure:
            raise DocumentError(reply.failure)
        return cast(T, result)

    def _exchange(self, process: _Process, request: Request) -> Reply:
        watch = threading.Timer(self.limits.seconds, _end_for_time, (process,))
        watch.daemon = True
        watch.start()
        try:
            send_request(_pipe(process.popen.stdin), request)
            return receive_reply(_pipe(process.popen.stdout), self.limits.reply_bytes)
        finally:
            watch.cancel()
            # A watch that has just gone off must have done its work before the next file can be asked for.
            watch.join()
            process.files += 1

    def _running(self) -> _Process:
        process = self._process
        if process is not None and process.popen.poll() is None and process.files < _FILES_A_PROCESS:
            return process
        self._stop()
        limits = self.limits
        numbers = [str(limits.memory_bytes), str(limits.seconds), str(limits.output_characters)]
        scratch = tempfile.TemporaryDirectory(prefix="reader-", ignore_cleanup_errors=True)
        popen = _start([sys.executable, "-m", self._module, *numbers], scratch.name)
        complaints: deque[str] = deque(maxlen=20)
        listener = threading.Thread(target=_collect, args=(_pipe(popen.stderr), complaints), daemon=True)
        listener.start()
        self._end = weakref.finalize(self, _end_process, popen, scratch)
        return _Process(popen, complaints, listener)

    def _stop(self) -> None:
        self._process = None
        self._end()

    def _epitaph(self, process: _Process, name: str, error: Exception) -> str:
        """Why the process ended in the middle of a file, as a sentence for the person who chose the file."""
        process.listener.join(timeout=1)
        said = " ".join(process.complaints)
        if process.over_time:
            return (
                f"'{name}' took longer than the limit of {self.limits.seconds:g} seconds to read and was given up. "
                "Split it, or save it in a simpler format."
            )
        if "memory allocation" in said or "MemoryError" in said:
            return self._too_big(name)
        last = process.complaints[-1] if process.complaints else str(error)
        return (
            f"'{name}' made its parser break off ({last[:200].rstrip('.')}). The other files are not affected; "
            "save this one anew, or as PDF or plain text."
        )

    def _too_big(self, name: str) -> str:
        limit = f"{self.limits.memory_bytes / 1024**3:.3g} GiB"
        return f"'{name}' needs more than the limit of {limit} of memory to be read. Split it into smaller files."


def _start(command: list[str], scratch: str) -> subprocess.Popen[bytes]:
    """The process, with a folder of its own for what its libraries put into temporary files."""
    environment = {name: os.environ[name] for name in _PASSED_ON.split() if name in os.environ} | _SETTINGS
    environment |= {"TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
        env=environment,
        # A group of its own: Ctrl-C in the app's console is not the reader's, and its children end with it.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "all three streams are pipes"
    return stream


def _collect(stream: IO[bytes], complaints: deque[str]) -> None:
    """Keep the last lines of what the parser says on stderr: it reaches no console, and never blocks the parser."""
    with stream:
        while line := stream.readline(4096):
            if text := line.decode("utf-8", "replace").strip():
                complaints.append(text)


def _end_for_time(process: _Process) -> None:
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
    """Kill the process and wait for it, so that none is left behind, dead or alive, nor anything it wrote."""
    _kill(popen)
    popen.wait()
    for stream in (popen.stdin, popen.stdout):
        try:
            _pipe(stream).close()
        except OSError:
            # What was not yet written to a dead process is lost with it.
            continue
    scratch.cleanup()
