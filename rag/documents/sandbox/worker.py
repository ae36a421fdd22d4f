"""The reader process: reads files for the sandbox, within limits, without a network and without other files."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import BinaryIO

from rag.documents.readers.pdf.progress import listening
from rag.documents.sandbox.file_access import restrict_files
from rag.documents.sandbox.isolation import leave_network
from rag.documents.sandbox.protocol import (
    Reply,
    Request,
    archive_reply,
    columns_reply,
    document_reply,
    receive_request,
    send_progress,
    send_reply,
)
from rag.errors import DocumentError

_OPEN_NETWORK = "The process that read this file could reach the network: this system lets no process give that up."
_GRACE_SECONDS = 5.0
# The language detection model is unpacked into a temporary file of 65 MB on first use.
_MAX_FILE_BYTES = 128 * 1024**2


def main(arguments: list[str]) -> None:
    """Answer requests until the app ends.

    Args:
        arguments: the limits: bytes of memory, seconds of CPU time per file and per page, seconds by the clock for
            each of these, characters of text.
    """
    memory, characters = int(arguments[0]), int(arguments[4])
    seconds, per_page, factor = map(float, arguments[1:4])
    requests, replies = _take_streams()
    restrict_files()
    notes = (_OPEN_NETWORK,) if leave_network() == "none" and sys.platform.startswith("linux") else ()
    _limit(memory)
    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()
    while request := receive_request(requests):
        timer = _Timer(replies, seconds, per_page, factor)
        with timer, listening(timer.on_pages):
            reply = answer(request, characters, notes)
        del request
        send_reply(replies, reply)


class _Timer:
    """The time limit of one file, by CPU time; it grows when the file's number of pages is known.

    A process over its CPU time is ended by the system with SIGPROF, also inside of a library. The app ends a reader
    that takes too long by the clock; if the app has died, the reader ends itself.
    """

    def __init__(self, replies: BinaryIO, seconds: float, per_page: float, factor: float) -> None:
        self._replies = replies
        self._seconds, self._per_page, self._factor = seconds, per_page, factor
        self._pages = 0

    def __enter__(self) -> None:
        """Start the limits."""
        self._limit(self._seconds)

    def __exit__(self, *exception: object) -> None:
        """Lift the limits."""
        faulthandler.cancel_dump_traceback_later()
        _set_cpu_timer(0)

    def on_pages(self, done: int, total: int) -> None:
        """Tell the app how far the reader has come; the first time, the limits grow with the number of pages."""
        if total > self._pages:
            left = _cpu_timer() or self._seconds
            self._limit(left + (total - self._pages) * self._per_page)
            self._pages = total
        send_progress(self._replies, done, total)

    def _limit(self, seconds: float) -> None:
        _set_cpu_timer(seconds)
        faulthandler.dump_traceback_later(self._factor * seconds + _GRACE_SECONDS, exit=True)


def _set_cpu_timer(seconds: float) -> None:
    """End this process after so many seconds of CPU time, of all its threads; 0 for never. Not on Windows."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _cpu_timer() -> float:
    """The seconds of CPU time that are left."""
    return signal.getitimer(signal.ITIMER_PROF)[0] if hasattr(signal, "getitimer") else 0.0


def answer(request: Request, max_characters: int, notes: tuple[str, ...] = ()) -> Reply:
    """The reply to one request; a bad file gives a failure message, a fault of the reader ends the process.

    Args:
        notes: sentences that are added to the notes of a document.
    """
    try:
        return _answer(request, max_characters, notes)
    except DocumentError as error:
        return Reply(failure=str(error))
    except MemoryError:
        return Reply(out_of_memory=True)


def _answer(request: Request, max_characters: int, notes: tuple[str, ...]) -> Reply:
    # Accessed through the module, so that tests can replace the parser.
    from rag.documents import archives, loading

    if request.task == "open":
        return archive_reply(archives.open_archive(request.name, request.content))
    if request.task == "columns":
        return columns_reply(loading.table_columns(request.name, request.content))
    document = loading.load_document(request.name, request.content, roles=request.roles)
    if len(document.text) > max_characters:
        raise DocumentError(
            f"'{request.name}' has {len(document.text):,} characters of text; the limit is {max_characters:,}. "
            "Split the file."
        )
    return document_reply(replace(document, notes=(*document.notes, *notes)))


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the app, moved away from the standard streams that a parser may use."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _limit(memory: int) -> None:
    """Limit memory and the size of written files, if the system enforces it (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)


def _lower(kind: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        # macOS refuses a limit on address space below what the system libraries have reserved.
        return


def _follow_parent(parent: int) -> None:
    """End with the app even while reading a file; on Windows the closed pipe ends the process between files."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
