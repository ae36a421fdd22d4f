"""Cached files: written atomically with a digest, so that a damaged file is detected and computed again.

A file that cannot be written (a full disk, a read-only folder) is kept in memory instead, up to a limit, so that work
goes on; `unsaved` says so in a sentence.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.runtime.atomic_files import write_atomically

_DIGEST_SIZE = 32
_MOST_BYTES = 256 * 1024 * 1024
_LARGEST_BYTES = 64 * 1024 * 1024
_lock = threading.Lock()
_in_memory: OrderedDict[Path, bytes] = OrderedDict()
_locks: dict[Path, threading.Lock] = {}
_reasons: dict[Path, str] = {}
"""By folder, why its last cached file could not be written."""


def write_cached(path: Path, content: bytes) -> None:
    """Write `content` and its digest to a temporary file, then rename it: a reader never sees a partial file.

    If that fails, the content is kept in memory for `read_cached`; above 64 MB it is not kept at all.
    """
    try:
        write_atomically(path, hashlib.sha256(content).digest(), content)
    except OSError as error:
        _keep_in_memory(path, content, error)
    else:
        with _lock:
            _in_memory.pop(path, None)
            _reasons.pop(path.parent, None)


def read_cached(path: Path) -> bytes | None:
    """The content, or None if there is none or the file is damaged."""
    with _lock:
        if (kept := _in_memory.get(path)) is not None:
            _in_memory.move_to_end(path)
            return kept
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
    return content if hashlib.sha256(content).digest() == digest else None


def file_stamp(path: Path) -> tuple[int, int] | None:
    """When the cached file was last written, in ns, and its bytes; None if there is none or it is kept in memory."""
    with _lock:
        if path in _in_memory:
            return None
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def cached_paths(folder: Path, pattern: str) -> list[Path]:
    """The cached files in a folder that match a pattern, by name; those kept in memory are among them."""
    with _lock:
        found = {path for path in _in_memory if path.parent == folder and path.match(pattern)}
    with suppress(OSError):
        found.update(folder.glob(pattern))
    return sorted(found)


def drop_others(path: Path, pattern: str) -> None:
    """Delete files in the folder of `path` that match `pattern`, except `path`: caches of earlier generations."""
    drop_except({path}, path.parent, pattern)


def drop_except(kept_paths: Collection[Path], folder: Path, pattern: str) -> None:
    """Delete files in a folder that match `pattern`, except these. One that cannot be deleted stays."""
    with _lock:
        for other in [one for one in _in_memory if one not in kept_paths and one.parent == folder]:
            if other.match(pattern):
                del _in_memory[other]
    with suppress(OSError):
        for other in folder.glob(pattern):
            if other not in kept_paths:
                other.unlink(missing_ok=True)


def unsaved(folder: Path) -> str:
    """Why results for this cache folder are kept only in memory, as a sentence; empty if they are saved."""
    with _lock:
        reason = _reasons.get(folder)
    if reason is None:
        return ""
    return (
        f"Computed results could not be saved in '{folder.name}' ({reason}). They are kept until the program ends, and "
        "computed again after that."
    )


def note_unsaved(folder: Path, error: Exception) -> None:
    """Note that something could not be saved in this folder, for `unsaved`."""
    with _lock:
        _reasons[folder] = (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of a cached file that is read and then written: other threads and processes wait.

    A lock file that cannot be created does not stop the work.
    """
    with _locks.setdefault(path, threading.Lock()):
        descriptor = _lock_file(path)
        try:
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)


def _lock_file(path: Path) -> int | None:
    """An open file with a lock that ends when it is closed; None where files cannot be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _keep_in_memory(path: Path, content: bytes, error: OSError) -> None:
    """Keep the content instead of an earlier one, and drop what was not used for longest if there is too much."""
    note_unsaved(path.parent, error)
    with _lock:
        _in_memory.pop(path, None)
        if len(content) <= _LARGEST_BYTES:
            _in_memory[path] = content
        while sum(map(len, _in_memory.values())) > _MOST_BYTES:
            _in_memory.popitem(last=False)
