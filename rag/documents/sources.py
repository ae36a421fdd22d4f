"""File sources: files and folders on disk, and pasted text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rag.errors import DocumentError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is read later.

    `path` is the path as the user gave it, `name` the document's name in the collection, `size` its bytes if known.
    `text_columns` are the columns of a table that hold the text (empty: guess).
    """

    path: str
    name: str
    read: Callable[[], bytes]
    size: int = 0
    text_columns: tuple[str, ...] = ()


def file_on_disk(path: Path, name: str, *, shown_as: str = "", text_columns: tuple[str, ...] = ()) -> SourceFile:
    """The file at `path`, named `name` in the collection and shown to the user as `shown_as` (default: its path)."""
    size = path.stat().st_size if path.is_file() else 0
    return SourceFile(_printable(shown_as or str(path)), _printable(name), partial(_read, path), size, text_columns)


def _printable(name: str) -> str:
    """A name that can be stored and printed, with � for bytes that are not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def find_files(paths: Sequence[Path]) -> list[SourceFile]:
    """The given files and all files in the given folders, each with a unique name.

    A file in a folder is named by its path below that folder. Hidden files in folders are skipped. Files of
    unsupported types are included, so that every file has an outcome.
    """
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, path.name))
            continue
        for inner in sorted(path.rglob("*")):
            below = inner.relative_to(path)
            if inner.is_file() and not _hidden(below):
                found.append((inner, below.as_posix()))
    count = Counter(name for _, name in found)
    # pathlib has removed a leading "./".
    return [file_on_disk(path, name if count[name] == 1 else path.as_posix()) for path, name in found]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"'{path.name}' could not be read: {error.strerror}. Check the path and its permissions."
        ) from error
