"""Files of collections in a folder: their paths, their list, and temporary files."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from rag.store.names import is_usable, require_usable

SUFFIX = ".sqlite"
_UNFINISHED = ".creating"
_ABANDONED_AFTER_SECONDS = 24 * 3600


def collection_path(folder: Path, name: str) -> Path:
    """The file of the collection `name`. Raises CollectionError if the name is invalid."""
    require_usable(name)
    return folder / f"{name}{SUFFIX}"


def collection_names(folder: Path) -> list[str]:
    """The names of the collection files in `folder`, sorted without regard to case."""
    names = (path.stem for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    return sorted(filter(is_usable, names), key=str.casefold)


def unfinished_path(folder: Path, uid: str) -> Path:
    """The temporary path of a collection that is being created; it is not listed."""
    return folder / f".{uid}{_UNFINISHED}"


def drop_leftovers(folder: Path) -> None:
    """Delete unfinished collections that a crash left behind; files of the last day may still be in use."""
    for path in folder.glob(f".*{_UNFINISHED}*"):
        with suppress(OSError):  # another process was faster
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                path.unlink()


def discard_file(path: Path) -> None:
    """Delete an unfinished file and its journal; failures are ignored, so that the original error is reported."""
    for file in (path, path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            file.unlink(missing_ok=True)
