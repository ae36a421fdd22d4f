"""A reader process whose parser hangs, crashes or eats memory, depending on the file's name; for test_reader."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
import tempfile
import time
from itertools import repeat
from pathlib import Path

from rag.documents import loading
from rag.documents.column_roles import ColumnRoles
from rag.documents.readers.pdf.progress import report
from rag.documents.sandbox import worker
from rag.types import Document

_read = loading.load_document


def load_document(name: str, content: bytes, *, roles: ColumnRoles) -> Document:
    match name.partition(".")[0]:
        case "sleep":
            time.sleep(600)
        case "spin" | "pages" as kind:
            _spin(n_pages=10 if kind == "pages" else 0)
        case "eat":
            list(map(bytearray, repeat(1 << 24)))
        case "crash":
            ctypes.string_at(0)
        case "leave":
            os._exit(3)
        case "bug":
            return {}["nothing"]
        case "print":
            print("noise on stdout")
            os.write(1, b"more noise")
        case "shout":
            os.write(2, b"x" * (1 << 20))
        case "lie":
            os.write(_reply_pipe(), b"\0\0\0\0\0\0\0\x05hello")
        case "flood":
            os.write(_reply_pipe(), b"\xff" * 8)
        case "outside":
            return Document("id", name, "text/plain", "short", "", pages=(99,))
        case "connect":
            socket.create_connection(("127.0.0.1", int(content)), timeout=1).close()
        case "peek":
            return _read(name, Path(content.decode()).read_bytes())
        case "fill":
            with tempfile.TemporaryFile() as file:
                file.truncate(1 << 30)
        case "litter":
            descriptor, path = tempfile.mkstemp()
            os.close(descriptor)
            return _read(name, path.encode())
        case "environment":
            return _read(name, " ".join(os.environ.values()).encode())
    return _read(name, content, roles=roles)


def _spin(n_pages: int) -> None:
    if n_pages:
        report(1, n_pages)
    # Holds the interpreter's lock for longer than the universe will last.
    re.match(r"(a+)+$", "a" * 60 + "b")


def _reply_pipe() -> int:
    """The descriptor that the worker keeps for its replies: the last pipe it has opened."""
    return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir() if _is_pipe(entry))


def _is_pipe(entry: Path) -> bool:
    try:
        return int(entry.name) > 2 and str(entry.readlink()).startswith("pipe:")
    except OSError:
        return False


if __name__ == "__main__":
    loading.load_document = load_document
    worker.main(sys.argv[1:])
