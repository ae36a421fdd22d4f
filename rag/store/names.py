"""Collection names: valid file names, the list of collections in a folder, and temporary files."""

from __future__ import annotations

import re
import time
import unicodedata
from contextlib import suppress
from itertools import chain, count
from pathlib import Path, PurePath

from rag.errors import CollectionError

SUFFIX = ".sqlite"
_UNFINISHED = ".creating"
_LONGEST = 60
_NAME = re.compile(rf"[^\W_][\w .-]{{0,{_LONGEST - 1}}}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_WITHOUT_NAME = "My documents"
_ABANDONED_AFTER_SECONDS = 24 * 3600


def collection_path(folder: Path, name: str) -> Path:
    """The file of the collection `name`. Raises CollectionError if the name is invalid."""
    if not _is_usable(name):
        raise CollectionError(
            f"'{name}' is not a valid collection name. Use up to 60 letters, digits, spaces, '-', '_' and '.', "
            "beginning with a letter or digit, and no device name such as 'con'."
        )
    return folder / f"{name}{SUFFIX}"


def list_collections(folder: Path) -> list[str]:
    """The names of the collections in `folder`, sorted without regard to case."""
    names = (path.stem for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    return sorted(filter(_is_usable, names), key=str.casefold)


def require_free_name(folder: Path, name: str, *, but_for: str = "") -> None:
    """Raise CollectionError if a collection other than `but_for` has this name, or one that differs only in case."""
    for other in list_collections(folder):
        if other != but_for and _folded(other) == _folded(name):
            raise CollectionError(f"There is already a collection named '{other}'. Choose another name.")


def free_name(folder: Path, wanted: str) -> str:
    """`wanted`, or with " 2", " 3" ... where that is taken; `wanted` itself if it cannot be a name."""
    taken = {_folded(other) for other in list_collections(folder)}
    numbered = (f"{wanted[: _LONGEST - 5].rstrip(' .')} {number}" for number in count(2))
    candidates = chain([wanted], numbered)
    return next(name for name in candidates if _folded(name) not in taken) if _is_usable(wanted) else wanted


def name_from_file(folder: Path, file_name: str) -> str:
    """A free name for a collection that begins with this file: the file's name without suffix and odd characters."""
    kept = "".join(letter if letter.isalnum() or letter in " -_." else " " for letter in PurePath(file_name).stem)
    wanted = " ".join(kept.split())[: _LONGEST - 5].strip(" -_.")
    return free_name(folder, wanted if _is_usable(wanted) else _WITHOUT_NAME)


def unfinished_path(folder: Path, uid: str) -> Path:
    """The temporary path of a collection that is being created; it is not listed."""
    return folder / f".{uid}{_UNFINISHED}"


def drop_leftovers(folder: Path) -> None:
    """Delete unfinished collections that a crash left behind; files of the last day may still be in use."""
    for path in folder.glob(f".*{_UNFINISHED}*"):
        with suppress(OSError):  # another process was faster
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                path.unlink()


def _is_usable(name: str) -> bool:
    """Whether the name is valid on every system: Windows reserves device names and drops trailing dots."""
    return bool(_NAME.fullmatch(name)) and name == name.rstrip(" .") and not _RESERVED.fullmatch(name)


def _folded(name: str) -> str:
    """A form that is equal for names that some file systems treat as equal."""
    return unicodedata.normalize("NFC", name).casefold()


def discard_file(path: Path) -> None:
    """Delete an unfinished file and its journal; failures are ignored, so that the original error is reported."""
    for file in (path, path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            file.unlink(missing_ok=True)
