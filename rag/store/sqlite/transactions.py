"""Transactions: create a collection file atomically, read and write it, and explain failures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from rag.errors import CollectionError
from rag.store import records
from rag.store.names import require_free
from rag.store.sqlite import read_only, schema
from rag.store.sqlite.files import collection_names, collection_path, discard_file, drop_leftovers, unfinished_path
from rag.store.sqlite.reasons import reason_of
from rag.types import CollectionSpec

WHAT_TO_DO = (
    "Close other programs that use it, check that the disk has free space and the file is writable, and try again."
)
"""The end of a message about a file that cannot be read or written."""
_PAGES_IN_MEMORY = 16_000
"""Changed pages of a transaction, of 4 KiB each, from which on they are written before its end.

SQLite reads a multiple of 256 as OFF, because it keeps only the last byte of the number to know whether it is 0.
"""
Begin = Literal["BEGIN", "BEGIN IMMEDIATE"]
"""A read transaction with a consistent state, or an exclusive write transaction."""


@contextmanager
def transaction(path: Path, uid: str, begin: Begin, *, shown_as: str) -> Iterator[sqlite3.Connection]:
    """A connection within a transaction; changes not committed in the block are rolled back.

    A read-only collection is connected as `rag.store.sqlite.read_only` describes.

    Args:
        uid: the id of the collection that the file must still contain.
        shown_as: the name of the collection in error messages.

    Raises:
        CollectionError: the file is missing, contains another collection, or cannot be read or written.
    """
    try:
        is_writable = read_only.is_writable(path) or not path.exists()
        with closing(schema.connect(path) if is_writable else read_only.connect(path, uid)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            # Pages written before the commit lock readers out until then, so only many pages are written before.
            connection.execute(f"PRAGMA cache_spill = {_PAGES_IN_MEMORY}")
            connection.execute(begin)
            _require_same_file(connection, uid, shown_as)
            yield connection
    except sqlite3.Error as error:
        if not path.exists():
            raise CollectionError(f"Collection '{shown_as}' was renamed or deleted. Select it again.") from error
        raise _explained(error, shown_as) from error


def _explained(error: sqlite3.Error, shown_as: str) -> CollectionError:
    if schema.is_hindered(error) or isinstance(error, sqlite3.IntegrityError):
        return CollectionError(
            f"Collection '{shown_as}' could not be read or written: {reason_of(error)}. Stored data is unchanged. "
            f"{WHAT_TO_DO}"
        )
    return damaged(shown_as, reason_of(error))


def damaged(shown_as: str, what: str) -> CollectionError:
    """The error for a damaged collection; `what` is the damaged part, as a clause."""
    return CollectionError(
        f"Collection '{shown_as}' is damaged: {what}. Delete the damaged document and add its file again, or restore a "
        "copy of the collection."
    )


def _require_same_file(connection: sqlite3.Connection, uid: str, shown_as: str) -> None:
    """Refuse a file that was replaced by another collection of the same name, which may use another model."""
    if connection.execute("SELECT value FROM meta WHERE key = 'uid'").fetchone() != (uid,):
        raise CollectionError(f"Collection '{shown_as}' was replaced by another. Select it again.")


@contextmanager
def unfinished_file(folder: Path, spec: CollectionSpec, uid: str) -> Iterator[Path]:
    """A new file without documents: renamed to the name in `spec` when the block ends, deleted if the block fails.

    Raises:
        CollectionError: the name is taken or invalid, or the folder cannot be written. An error of the block is raised
            as it is.
    """
    path = collection_path(folder, spec.name)
    require_free(spec.name, collection_names(folder))
    unfinished = unfinished_path(folder, uid)
    try:
        with _creating(folder, spec):
            folder.mkdir(parents=True, exist_ok=True)
            drop_leftovers(folder)
            schema.create_file(unfinished, {"spec": records.spec_to_json(spec), "uid": uid, "generation": "0"})
        yield unfinished
        require_free(spec.name, collection_names(folder))
        with _creating(folder, spec):
            unfinished.replace(path)
    finally:
        discard_file(unfinished)


@contextmanager
def _creating(folder: Path, spec: CollectionSpec) -> Iterator[None]:
    """Explain errors of the steps that create the file; those of the caller's block are its own."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise CollectionError(
            f"Collection '{spec.name}' could not be created: {reason_of(error)}. Check that the disk has free space "
            f"and that the folder '{folder.name}' may be written."
        ) from error
