"""Checks of folders and files: data folder, collections, saved settings, cache folder, and who may read secrets."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from rag.cli.doctor.finding import Finding, in_gigabytes
from rag.errors import CollectionError, ExplorerError
from rag.settings import FILE_NAME, load_settings
from rag.store.collection import Collection, list_collections
from rag.store.data_folder import free_bytes, nearest_existing, why_unreadable

_LITTLE_SPACE = 10**9
_NO_SPACE = 2**20
"""Below this, collections are read-only: rag/store/read_only.py."""
_CONVERTED_MODELS = 6 * 10**8
"""Bytes of the converted built-in models in the cache folder."""
_FOR_OTHERS = stat.S_IROTH | stat.S_IWOTH


def check_data_folder(folder: Path) -> Finding:
    """Whether the folder of the collections can be read and written, and its disk has space."""
    if why := why_unreadable(folder):
        return Finding("data folder", "problem", why)
    free = free_bytes(folder)
    if not os.access(nearest_existing(folder), os.W_OK):
        return Finding(
            "data folder",
            "problem",
            f"'{folder}' cannot be written: collections can be read and searched, not changed.",
            "Make it writable for this user, or set EXPLORER_DATA_DIR to another folder.",
        )
    return _about_space("data folder", folder, free)


def _about_space(subject: str, folder: Path, free: int) -> Finding:
    said = f"'{folder}' can be written; {in_gigabytes(free)} of its disk are free."
    remedy = "Free some space on this disk, or choose a folder on another one."
    if free < _NO_SPACE:
        return Finding(subject, "problem", f"The disk of '{folder}' is full: nothing can be stored.", remedy)
    if free < _LITTLE_SPACE:
        return Finding(subject, "warning", said, remedy)
    return Finding(subject, "ok", said)


def check_store(reach: Callable[[], str]) -> Finding:
    """Whether the store that EXPLORER_STORE names can be used; `reach` says where it is, or raises CollectionError."""
    try:
        return Finding("store", "ok", reach())
    except CollectionError as error:
        return Finding("store", "problem", str(error))


def check_collections(folder: Path) -> list[Finding]:
    """Whether every collection can be opened, as the app opens it: one of an earlier version is migrated."""
    if why_unreadable(folder):
        return []
    names = list_collections(folder)
    damaged, n_chunks, read_only = [], 0, []
    for name in names:
        try:
            collection = Collection.open(folder, name)
            n_chunks += collection.n_chunks()
            if why := collection.why_read_only:
                read_only.append(Finding("collections", "warning", f"'{name}' is read-only: {why}"))
        except ExplorerError as error:
            damaged.append(Finding("collections", "problem", str(error)))
    if damaged or read_only:
        return damaged + read_only
    held = f"{len(names):,} with {n_chunks:,} chunks, all open without a fault." if names else "There are none yet."
    return [Finding("collections", "ok", held, "The command `check` reads all of their contents." if names else "")]


def check_settings(folder: Path) -> Finding:
    """Whether the saved settings can be read."""
    try:
        saved = load_settings(folder)
    except ExplorerError as error:
        return Finding("settings", "problem", str(error))
    given = [address for address in (saved.ollama_host, saved.openai_url) if address]
    said = f"Saved in {FILE_NAME}: {', '.join(given)}." if given else "Nothing is saved: the defaults apply."
    return Finding("settings", "ok", said)


def check_cache_folder(folder: Path) -> Finding:
    """Whether the cache folder can be written; without it, models are converted again at each start."""
    above = nearest_existing(folder)
    if not above.is_dir() or not os.access(above, os.W_OK):
        return Finding(
            "cache folder",
            "warning",
            f"'{folder}' cannot be written: models are converted at each start, and texts are embedded again.",
            "Make it writable for this user, or set EXPLORER_CACHE_DIR to another folder.",
        )
    free, used = free_bytes(folder), _bytes_in(folder)
    if used + free < _CONVERTED_MODELS:
        return Finding(
            "cache folder",
            "warning",
            f"'{folder}' has too little space for the converted models: {in_gigabytes(free)} are free.",
            f"Free {in_gigabytes(_CONVERTED_MODELS)}, or set EXPLORER_CACHE_DIR to a folder on another disk.",
        )
    return Finding("cache folder", "ok", f"'{folder}' can be written, and holds {in_gigabytes(used)}.")


def _bytes_in(folder: Path) -> int:
    """The size of all files in the folder; a file that another process has just deleted does not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            described = path.lstat()
        except OSError:
            continue
        total += described.st_size if stat.S_ISREG(described.st_mode) else 0
    return total


def check_permissions(folder: Path, secrets: Iterable[Path]) -> list[Finding]:
    """Whether other users of the machine may change the collections, or read files of passwords and keys.

    Args:
        secrets: files that hold them, of which some may not exist.
    """
    found = []
    if folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
        said = f"Every user of this machine may change what is in '{folder}'."
        found.append(Finding("permissions", "warning", said, f"Run: chmod o-w '{folder}'"))
    for path in secrets:
        if path.is_file() and path.stat().st_mode & _FOR_OTHERS:
            said = f"Other users of this machine may read '{path}', which holds passwords or keys."
            found.append(Finding("permissions", "warning", said, f"Run: chmod 600 '{path}'"))
    return found or [Finding("permissions", "ok", "Other users of this machine can neither change data nor read keys.")]
