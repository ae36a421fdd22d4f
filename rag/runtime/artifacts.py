"""Cached files: written atomically with a digest, so that a damaged file is detected and computed again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

_DIGEST_SIZE = 32


def write_cached(path: Path, content: bytes) -> None:
    """Write `content` and its digest to a temporary file, then rename it: a reader never sees a partial file."""
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
    """The content, or None if the file is missing or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
    return content if hashlib.sha256(content).digest() == digest else None


def drop_others(path: Path, pattern: str) -> None:
    """Delete files in the folder of `path` that match `pattern`, except `path`: caches of earlier generations."""
    for other in path.parent.glob(pattern):
        if other != path:
            other.unlink(missing_ok=True)
