"""File sources: files and folders on disk and in object stores, and pasted text."""

from __future__ import annotations

import errno
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from urllib.request import url2pathname

from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.object_stores import find_objects, is_url
from rag.documents.readers.speech.slack import is_day, is_export, user_names, with_names
from rag.errors import DocumentError

_LARGEST_DAY = 5_000_000
"""Bytes of a file of Slack's export into which the names of users are written."""
_NOT_TWICE = "Its files are not added a second time."


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is read later.

    `path` is the path as the user gave it, `name` the document's name in the collection, `size` its bytes if known.
    `roles` are those chosen for the columns of a table. `folder` is the absolute path below
    which the file has its name; it is empty if it is unknown, as for an upload. `keeps_both` means that a stored
    document of this name is not replaced; see `rag.documents.document_names`. `nothing` says in a sentence why there
    is nothing to read, though nothing is wrong; then `read` gives nothing.
    """

    path: str
    name: str
    read: Callable[[], bytes]
    size: int = 0
    roles: ColumnRoles = GUESSED
    folder: str = ""
    keeps_both: bool = False
    nothing: str = ""


def file_on_disk(path: Path, name: str, *, shown_as: str = "") -> SourceFile:
    """The file at `path`, named `name` in the collection and shown to the user as `shown_as` (default: its path)."""
    size = path.stat().st_size if path.is_file() else 0
    return SourceFile(_printable(shown_as or str(path)), _printable(name), partial(_read, path), size)


def _printable(name: str) -> str:
    """A name that can be stored and printed, with � for bytes that are not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file or another entry of a folder; `below` is its path below `root`. It is not read if there is a `reason`."""

    root: Path
    below: PurePath
    reason: str = ""

    @property
    def path(self) -> Path:
        """The path as the user gave it."""
        return self.root / self.below

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the absolute path."""
        return (_absolute(self.root) / self.below).parts


def find_sources(places: Sequence[str]) -> list[SourceFile]:
    """The files at these paths and URLs: `find_files` of all paths, and behind them the files at the URLs, each once.

    A file at a URL is named by its path below the given URL.

    Raises:
        ExplorerError: a URL cannot be listed, or a package for it is missing.
    """
    local = [_local_path(place) for place in places]
    files = find_files([path for path in local if path is not None])
    urls = [place for place, path in zip(places, local, strict=True) if path is None]
    objects = {one.url: one for url in urls for one in find_objects(url)}
    return files + _with_sender_names(
        [SourceFile(one.url, one.name, one.read, one.size, folder=one.folder) for one in objects.values()]
    )


def _local_path(place: str) -> Path | None:
    """The path on this machine that a path or a file:// URL names; None for another URL."""
    if not is_url(place):
        return Path(place)
    is_file = place.startswith("file://") and "::" not in place
    return Path(url2pathname(place.removeprefix("file://"))) if is_file else None


def find_files(paths: Sequence[Path]) -> list[SourceFile]:
    """The given files and all files in the given folders, each once and with a unique name.

    A file is named by its path below the given folder, with as much of the path above it as tells equal names apart.
    Hidden files in folders are skipped. Everything else is included, so that every entry has an outcome: reading an
    entry that is no file raises DocumentError, as does reading a link to nothing, to a folder, or out of the given
    folder, which is not followed.
    """
    found: dict[tuple[str, ...], _Entry] = {}
    for path in paths:
        entries = _entries(path, PurePath()) if path.is_dir() else [_Entry(path.parent, PurePath(path.name))]
        for entry in entries:
            found.setdefault(entry.parts, entry)
    equal: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for parts, entry in found.items():
        equal[entry.below.as_posix()].append(parts)
    files = [_source(entry, parts, equal[entry.below.as_posix()]) for parts, entry in found.items()]
    return _with_sender_names(files)


def _with_sender_names(files: list[SourceFile]) -> list[SourceFile]:
    """The files; those of a folder with an export of Slack have the names of users in each message."""
    if not is_export(file.path for file in files):
        return files
    users = {PurePath(file.path).parent: file.read for file in files if PurePath(file.path).name == "users.json"}
    return [
        replace(file, read=partial(_read_named, file.read, users[PurePath(file.path).parent.parent]))
        if is_day(file.path) and PurePath(file.path).parent.parent in users
        else file
        for file in files
    ]


def _read_named(read_day: Callable[[], bytes], read_users: Callable[[], bytes]) -> bytes:
    """The content of a channel's day with names; without them if the files are too large to be read here."""
    day = read_day()
    try:
        users = read_users()
    except DocumentError:
        return day
    return with_names(day, user_names(users)) if max(len(day), len(users)) <= _LARGEST_DAY else day


def _source(entry: _Entry, parts: tuple[str, ...], equal: list[tuple[str, ...]]) -> SourceFile:
    """The entry with the shortest end of its path that no other entry of an equal name has."""
    depths = range(len(entry.below.parts), len(parts) + 1)
    depth = next(one for one in depths if sum(other[-one:] == parts[-one:] for other in equal) == 1)
    name, folder = PurePath(*parts[-depth:]).as_posix(), _printable(str(Path(*parts[:-depth])))
    if entry.reason.endswith(_NOT_TWICE):
        return SourceFile(_printable(str(entry.path)), _printable(name), bytes, folder=folder, nothing=entry.reason)
    if entry.reason:
        return SourceFile(_printable(str(entry.path)), _printable(name), partial(_refuse, entry.reason), folder=folder)
    return replace(file_on_disk(entry.path, name), folder=folder)


def _absolute(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _entries(root: Path, below: PurePath) -> Iterator[_Entry]:
    """Everything in a folder and those below it, but for what is hidden, in the order of the names."""
    folder = root / below
    try:
        inner = sorted(folder.iterdir())
    except OSError as error:
        reason = f"The folder '{_printable(folder.name)}' could not be opened: {error.strerror}. Check its permissions."
        yield _Entry(root, below, reason)
        return
    for path in inner:
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _entries(root, below / path.name)
        else:
            yield _Entry(root, below / path.name, _why_not(root, path))


def _why_not(root: Path, path: Path) -> str:
    """Why an entry is not read; empty for a file, and for a link to a file in the same folder."""
    shown = f"'{_printable(path.name)}'"
    if path.is_symlink():
        return _why_not_followed(root, path, f"{shown} is a link")
    try:
        is_file = stat.S_ISREG(path.lstat().st_mode)
    except OSError as error:
        return f"{shown} could not be read: {error.strerror}. Check its permissions."
    return "" if is_file else f"{shown} is no file but a device, a pipe or a socket, which holds no text."


def _why_not_followed(root: Path, path: Path, subject: str) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        # Before Python 3.13 a loop is a RuntimeError.
        if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
            return f"{subject} that leads back to itself. Delete it, or put the file in its place."
        goal = _printable(str(path.readlink()))
        return f"{subject} to '{goal}', where there is no file. Delete it, or put the file in its place."
    if not target.is_relative_to(_absolute(root)):
        kind = "folder" if target.is_dir() else "file"
        return f"{subject} out of the folder, to '{_printable(str(target))}'. Add that {kind} itself."
    if target == _absolute(root):
        return f"{subject} to the folder itself that was added. {_NOT_TWICE}"
    if target.is_dir():
        return f"{subject} to the folder '{_printable(target.name)}' inside the folder that was added. {_NOT_TWICE}"
    return ""


def _refuse(reason: str) -> bytes:
    raise DocumentError(reason)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"'{path.name}' could not be read: {error.strerror}. Check the path and its permissions."
        ) from error
