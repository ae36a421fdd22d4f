"""Files that can be made again: written whole or not at all, and known to be undamaged when read."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

_DIGEST_SIZE = 32


def write_cached(path: Path, content: bytes) -> None:
    """Write `content` and its digest to a temporary name, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_cached(path: Path) -> bytes | None:
    """The content, or None where the file is missing or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
    return content if hashlib.sha256(content).digest() == digest else None


def drop_others(path: Path, pattern: str) -> None:
    """Delete the files beside `path` that match `pattern`, but for `path` itself: caches of earlier generations."""
    for other in path.parent.glob(pattern):
        if other != path:
            other.unlink(missing_ok=True)
