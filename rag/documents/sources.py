"""Where files come from: paths and folders on disk, and text that was typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rag.errors import DocumentError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read when its turn comes.

    `path` is how the person named it, `name` how the collection will, `size` its bytes where they are known;
    `text_columns` says which columns of a table hold the text (empty: guess).
    """

    path: str
    name: str
    read: Callable[[], bytes]
    size: int = 0
    text_columns: tuple[str, ...] = ()


def file_on_disk(path: Path, name: str, *, shown_as: str = "", text_columns: tuple[str, ...] = ()) -> SourceFile:
    """The file at `path`, called `name` in the collection and `shown_as` (default: its path) to the person."""
    size = path.stat().st_size if path.is_file() else 0
    return SourceFile(_whole(shown_as or str(path)), _whole(name), partial(_read, path), size, text_columns)


def _whole(name: str) -> str:
    """A name that can be stored and printed: what the system could not read of it is shown as �."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def find_files(paths: Sequence[Path]) -> list[SourceFile]:
    """The files named, and the files in the folders named, each with a name of its own.

    A file in a folder is named by its path below that folder. Hidden files are passed over in folders; files of
    types that are not read are not, so that every file has an outcome.
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
    return [file_on_disk(path, name if count[name] == 1 else path.as_posix().lstrip("./")) for path, name in found]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"'{path.name}' could not be read: {error.strerror}. Check the path and its rights."
        ) from error
