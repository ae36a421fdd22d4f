"""A collection's file: made whole or not at all, then one state or one change of it at a time. Faults are explained."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from rag.errors import CollectionError
from rag.store import schema
from rag.store.names import (
    collection_path,
    discard_file,
    drop_leftovers,
    require_free_name,
    unfinished_path,
)
from rag.types import CollectionSpec

SEE = "Close other programs that use it, see that the disk has room and that the file may be written, and try again."
Begin = Literal["BEGIN", "BEGIN IMMEDIATE"]
"""A transaction that reads one state of the file, or one that no other writer runs beside."""


@contextmanager
def transaction(path: Path, uid: str, begin: Begin, *, shown_as: str) -> Iterator[sqlite3.Connection]:
    """A connection within a transaction; what is not committed in the block is undone at its end.

    Args:
        uid: of the collection that the file must still hold.
        shown_as: what errors call the collection.

    Raises:
        CollectionError: the file is gone, holds another collection, or cannot be read or written.
    """
    try:
        with closing(schema.connect(path)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(begin)
            _require_same_file(connection, uid, shown_as)
            yield connection
    except sqlite3.Error as error:
        if not path.exists():
            raise CollectionError(f"Collection '{shown_as}' was renamed or deleted. Choose it anew.") from error
        raise CollectionError(
            f"Collection '{shown_as}' could not be read or written: {error}. What was stored before is kept. {SEE}"
        ) from error


def _require_same_file(connection: sqlite3.Connection, uid: str, shown_as: str) -> None:
    """Vectors of one model must not get into a collection of another that was given the same name."""
    if connection.execute("SELECT value FROM meta WHERE key = 'uid'").fetchone() != (uid,):
        raise CollectionError(f"Collection '{shown_as}' was replaced by another. Choose it anew.")


@contextmanager
def unfinished_file(folder: Path, spec: CollectionSpec, uid: str) -> Iterator[Path]:
    """A new file without documents, named after `spec` in `folder` when the block ends, or gone if that fails.

    Raises:
        CollectionError: the name is taken or cannot be used, or the folder cannot be written.
    """
    path = collection_path(folder, spec.name)
    require_free_name(folder, spec.name)
    unfinished = unfinished_path(folder, uid)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        drop_leftovers(folder)
        schema.create_file(unfinished, {"spec": schema.spec_to_json(spec), "uid": uid, "generation": "0"})
        yield unfinished
        require_free_name(folder, spec.name)
        unfinished.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise CollectionError(
            f"Collection '{spec.name}' could not be made: {error}. See that the disk has room and that "
            f"the folder '{folder.name}' may be written."
        ) from error
    finally:
        discard_file(unfinished)
