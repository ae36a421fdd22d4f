"""The files of a folder of collections: what they may be called, which there are, and how one is thrown away."""

from __future__ import annotations

import re
import time
import unicodedata
from contextlib import suppress
from pathlib import Path

from rag.errors import CollectionError

SUFFIX = ".sqlite"
_UNFINISHED = ".creating"
_NAME = re.compile(r"[^\W_][\w .-]{0,59}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ABANDONED_AFTER = 24 * 3600


def collection_path(folder: Path, name: str) -> Path:
    """The file of the collection `name`. Raises CollectionError where the name cannot be a file's."""
    if not _is_usable(name):
        raise CollectionError(
            f"'{name}' cannot name a collection. Use up to 60 letters, digits, spaces, '-', '_' and '.', "
            "beginning with a letter or digit, and no device's name such as 'con'."
        )
    return folder / f"{name}{SUFFIX}"


def list_collections(folder: Path) -> list[str]:
    """The names of the collections in `folder`, sorted."""
    names = (path.stem for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    return sorted(filter(_is_usable, names), key=str.casefold)


def require_free_name(folder: Path, name: str, *, but_for: str = "") -> None:
    """Raise CollectionError where a collection (but for `but_for`) has this name, or one that differs in case alone."""
    for other in list_collections(folder):
        if other != but_for and _folded(other) == _folded(name):
            raise CollectionError(f"There is already a collection named '{other}'. Choose another name.")


def unfinished_path(folder: Path, uid: str) -> Path:
    """Where a collection is made before it has its name; it is not listed there."""
    return folder / f".{uid}{_UNFINISHED}"


def drop_leftovers(folder: Path) -> None:
    """Delete what a crash left of collections that were being made; those of today may still be."""
    for path in folder.glob(f".*{_UNFINISHED}*"):
        with suppress(OSError):  # another process was quicker
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()


def _is_usable(name: str) -> bool:
    """Whether it can be a file's name everywhere: Windows knows devices by some names, and drops dots at the end."""
    return bool(_NAME.fullmatch(name)) and name == name.rstrip(" .") and not _RESERVED.fullmatch(name)


def _folded(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def discard_file(path: Path) -> None:
    """Delete an unfinished file and its journal; where that fails, what led to it is the error to tell of."""
    for each in (path, path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            each.unlink(missing_ok=True)
