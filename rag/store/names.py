"""Collection names: which are valid, and which are free."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path, PurePath

from rag.errors import CollectionError
from rag.store.homes import home_of

_LONGEST = 60
_NAME = re.compile(rf"[^\W_][\w .-]{{0,{_LONGEST - 1}}}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_WITHOUT_NAME = "My documents"


def is_usable(name: str) -> bool:
    """Whether the name is valid on every system: Windows reserves device names and drops trailing dots."""
    return bool(_NAME.fullmatch(name)) and name == name.rstrip(" .") and not _RESERVED.fullmatch(name)


def require_usable(name: str) -> None:
    """Raise CollectionError if the name is invalid."""
    if not is_usable(name):
        raise CollectionError(
            f"'{name}' is not a valid collection name. Use up to 60 letters, digits, spaces, '-', '_' and '.', "
            "beginning with a letter or digit, and no device name such as 'con'."
        )


def folded(name: str) -> str:
    """A form that is equal for names that some file systems treat as equal."""
    return unicodedata.normalize("NFC", name).casefold()


def require_free(name: str, taken: Iterable[str]) -> None:
    """Raise CollectionError if one of the names taken is this one, or differs from it only in case."""
    for other in taken:
        if folded(other) == folded(name):
            raise CollectionError(f"There is already a collection named '{other}'. Choose another name.")


def free_name(folder: Path, wanted: str) -> str:
    """`wanted`, or with " 2", " 3" ... where that is taken; `wanted` itself if it cannot be a name."""
    taken = {folded(other) for other in home_of(folder).names()}
    numbered = (f"{wanted[: _LONGEST - 5].rstrip(' .')} {number}" for number in count(2))
    candidates = chain([wanted], numbered)
    return next(name for name in candidates if folded(name) not in taken) if is_usable(wanted) else wanted


def name_from_file(folder: Path, file_name: str) -> str:
    """A free name for a collection that begins with this file: the file's name without suffix and odd characters."""
    kept = "".join(letter if letter.isalnum() or letter in " -_." else " " for letter in PurePath(file_name).stem)
    wanted = " ".join(kept.split())[: _LONGEST - 5].strip(" -_.")
    return free_name(folder, wanted if is_usable(wanted) else _WITHOUT_NAME)
