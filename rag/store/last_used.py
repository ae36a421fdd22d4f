"""The collection that was used last, so that the app opens with it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rag.errors import CollectionError
from rag.store.homes import Home, home_of

_FILE = ".last-used"


def note_used(folder: Path, name: str) -> None:
    """Remember this collection. A folder that cannot be written is left as it is: only the memory is lost."""
    path = folder / _FILE
    with suppress(OSError):
        if not path.is_file() or path.read_bytes() != name.encode():
            path.write_bytes(name.encode())


def collection_to_open(folder: Path) -> str | None:
    """The collection used last that holds chunks; else the one changed last that does; else the first by name.

    None if there is no collection. Damaged ones are passed over while another can be opened.
    """
    home = home_of(folder)
    names = home.names()
    newest = sorted(names, key=home.changed_at, reverse=True)
    last = _last_used(folder)
    ordered = [last, *newest] if last in names else newest
    return next((name for name in ordered if _holds_chunks(home, name)), next(iter(names), None))


def _last_used(folder: Path) -> str:
    try:
        return (folder / _FILE).read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _holds_chunks(home: Home, name: str) -> bool:
    try:
        return home.open(name).n_chunks() > 0
    except CollectionError:
        return False
