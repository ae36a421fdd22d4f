"""Transactions: create a collection file atomically, read and write it, and explain failures."""

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

WHAT_TO_DO = (
    "Close other programs that use it, check that the disk has free space and the file is writable, and try again."
)
"""The end of a message about a file that cannot be read or written."""
Begin = Literal["BEGIN", "BEGIN IMMEDIATE"]
"""A read transaction with a consistent state, or an exclusive write transaction."""


@contextmanager
def transaction(path: Path, uid: str, begin: Begin, *, shown_as: str) -> Iterator[sqlite3.Connection]:
    """A connection within a transaction; changes not committed in the block are rolled back.

    Args:
        uid: the id of the collection that the file must still contain.
        shown_as: the name of the collection in error messages.

    Raises:
        CollectionError: the file is missing, contains another collection, or cannot be read or written.
    """
    try:
        with closing(schema.connect(path)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(begin)
            _require_same_file(connection, uid, shown_as)
            yield connection
    except sqlite3.Error as error:
        if not path.exists():
            raise CollectionError(f"Collection '{shown_as}' was renamed or deleted. Select it again.") from error
        raise CollectionError(
            f"Collection '{shown_as}' could not be read or written: {error}. Stored data is unchanged. {WHAT_TO_DO}"
        ) from error


def _require_same_file(connection: sqlite3.Connection, uid: str, shown_as: str) -> None:
    """Refuse a file that was replaced by another collection of the same name, which may use another model."""
    if connection.execute("SELECT value FROM meta WHERE key = 'uid'").fetchone() != (uid,):
        raise CollectionError(f"Collection '{shown_as}' was replaced by another. Select it again.")


@contextmanager
def unfinished_file(folder: Path, spec: CollectionSpec, uid: str) -> Iterator[Path]:
    """A new file without documents: renamed to the name in `spec` when the block ends, deleted if the block fails.

    Raises:
        CollectionError: the name is taken or invalid, or the folder cannot be written.
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
            f"Collection '{spec.name}' could not be created: {error}. Check that the disk has free space and that "
            f"the folder '{folder.name}' may be written."
        ) from error
    finally:
        discard_file(unfinished)
