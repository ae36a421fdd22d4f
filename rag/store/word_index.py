"""Word index: checked against the texts of the chunks before its first use, and made again if it differs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rag.errors import CollectionError
from rag.store import damage, schema
from rag.store.read_only import is_writable
from rag.store.transactions import transaction

_PATIENCE_MS = 500
_MOST_COPIED_BYTES = 512 * 1024 * 1024
_sound: set[tuple[Path, str]] = set()
"""Path and id of the collections whose word index this process found sound."""


def require_sound(path: Path, uid: str, shown_as: str) -> None:
    """Check the word index once per process, and make it again from the texts if it differs.

    FTS5's check reads every text: 10,000 chunks take about 0.1 seconds. It needs a connection that may write, so a
    read-only file is checked in memory, up to 512 MB. While another program writes, it is put off to the next call.

    Raises:
        Damage: the index of a read-only collection differs, or a text from which the index would be made.
        CollectionError: the file cannot be read.
    """
    if (path, uid) in _sound:
        return
    if not is_writable(path):
        if path.stat().st_size <= _MOST_COPIED_BYTES and not is_intact_copy(path):
            raise damage.Damage("the word index")
        _sound.add((path, uid))
    elif _is_sound_now(path, uid, shown_as):
        _sound.add((path, uid))


def is_intact(connection: sqlite3.Connection) -> bool:
    """Whether the index fits the texts; begins to write, but changes nothing. Raises sqlite3.Error."""
    try:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if schema.is_hindered(error):
            raise
        return False
    return True


def is_intact_copy(path: Path) -> bool:
    """`is_intact` for a copy of the file in memory. Raises sqlite3.Error."""
    with closing(schema.connect(path, mode="ro")) as stored, closing(schema.connect_memory()) as copy:
        stored.backup(copy)
        copy.execute("BEGIN")
        return is_intact(copy)


def _is_sound_now(path: Path, uid: str, shown_as: str) -> bool:
    """Check the index, and make it again if needed; returns False if the file cannot be written now."""
    try:
        with transaction(path, uid, "BEGIN", shown_as=shown_as) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            if not is_intact(connection):
                for _ in damage.texts(connection):
                    pass
                connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
                connection.execute("COMMIT")
    except CollectionError as error:
        if isinstance(error.__cause__, sqlite3.Error) and schema.is_hindered(error.__cause__):
            return False
        raise
    return True
