"""Read-only collections: documents are read from a file that cannot be written, and what changes is kept in memory.

A file is read-only if it, or its folder, cannot be written by this process; while the disk is full; or if a file of an
earlier version could not be migrated, because the disk is full. Conversations, retrieval counts and settings of such a
collection are copied to memory, where they may change; they are lost when the process ends. A file of an earlier
version gets views that look like the tables of this version.

The file is not opened as immutable: another process may be able to write it, and its locks must be respected.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from rag.store.digests import NOT_RECORDED
from rag.store.sqlite import schema

KEPT_TABLES = ("conversations", "turns", "retrievals")
"""The tables that are copied to memory. All others but `meta` are read from the file."""
_LEAST_FREE_BYTES = 1024 * 1024
"""Free space that storing an answer may take, with SQLite's journal."""
_SETTINGS = "CREATE TABLE changed_settings (key TEXT PRIMARY KEY, value TEXT)"
# A trigger of a view cannot name a database, so the table of settings has a name of its own.
_META = (
    """CREATE TEMP VIEW meta AS SELECT key, value FROM changed_settings WHERE value IS NOT NULL UNION ALL
    SELECT key, value FROM stored.meta WHERE key NOT IN (SELECT key FROM changed_settings)""",
    """CREATE TEMP TRIGGER setting_written INSTEAD OF INSERT ON meta BEGIN
    INSERT OR REPLACE INTO changed_settings VALUES (new.key, new.value); END""",
    """CREATE TEMP TRIGGER setting_removed INSTEAD OF DELETE ON meta BEGIN
    INSERT OR REPLACE INTO changed_settings VALUES (old.key, NULL); END""",
)
_UNRECORDED = (
    f"""CREATE TEMP VIEW digests AS SELECT document_id,
    (SELECT count(*) FROM stored.chunks AS one WHERE one.document_id = stored.documents.document_id) AS n_chunks,
    '{NOT_RECORDED}' AS summary, '{NOT_RECORDED}' AS contents, '{NOT_RECORDED}' AS chunks, '{NOT_RECORDED}' AS vectors
    FROM stored.documents""",
)
_lock = threading.Lock()
_kept: dict[str, sqlite3.Connection] = {}
"""An open connection to each database in memory, which would vanish with its last connection."""
_not_migrated: set[Path] = set()


def explain(path: Path, shown_as: str) -> str:
    """Why the collection shown under this name cannot be changed, and what to do; empty if it can."""
    if why := why_not_writable(path):
        return f"Collection '{shown_as}' is read-only: {why} Documents cannot be added or deleted until then."
    return ""


def is_writable(path: Path) -> bool:
    """Whether this process can write the collection file; SQLite needs to create a journal next to it."""
    return not why_not_writable(path)


def why_not_writable(path: Path) -> str:
    """Why the collection file cannot be written, and what to do, as sentences; empty if it can be."""
    if is_protected(path):
        return (
            "its file or folder cannot be written. Make both writable, or export the collection and import it "
            "elsewhere."
        )
    if path.absolute() in _not_migrated or shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES:
        return "the disk is full. Free some space, and reload the page."
    return ""


def is_protected(path: Path) -> bool:
    """Whether this process may not write the file or its folder, so that it can be neither renamed nor deleted."""
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def note_migration(path: Path, *, failed: bool) -> None:
    """Note whether a file of an earlier version could not be migrated; it is read-only then."""
    with _lock:
        if failed:
            _not_migrated.add(path.absolute())
        else:
            _not_migrated.discard(path.absolute())


def connect(path: Path, uid: str) -> sqlite3.Connection:
    """Connect to the read-only collection `uid`; the tables of this version can be read, some of them written.

    Raises sqlite3.Error, and CollectionError for a file of a later version.
    """
    with closing(schema.connect(path, mode="ro")) as connection:
        version = schema.file_version(connection, path.name)
    kept = _kept_database(path, uid)
    connection = schema.connect_memory()
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("ATTACH ? AS kept", (kept,))
        connection.execute("ATTACH ? AS stored", (f"{path.absolute().as_uri()}?mode=ro",))
        for statement in (*_META, *_views(version)):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _views(version: int) -> list[str]:
    """The statements that make a file of this version look like one of the current version."""
    views = list(_UNRECORDED) if version < schema.DIGESTS_SINCE else []
    if version < schema.CONTEXT_SINCE:
        digest = "digest" if version >= schema.DIGESTS_SINCE else f"'{NOT_RECORDED}'"
        views.append(
            f"CREATE TEMP VIEW chunks ({schema.CHUNK_COLUMNS}, digest) AS "
            f"SELECT {schema.chunk_columns(version)}, {digest} FROM stored.chunks"
        )
    if version == 1:
        names = schema.DOCUMENT_COLUMNS[schema.SCHEMA_VERSION]
        views.append(
            f"CREATE TEMP VIEW documents ({names}) AS SELECT {schema.DOCUMENT_COLUMNS[1]} FROM stored.documents"
        )
    return views


def _kept_database(path: Path, uid: str) -> str:
    """The address of the database in memory that goes with the collection; it is filled at the first call."""
    name = hashlib.sha256(f"{path.absolute()} {uid}".encode()).hexdigest()[:24]
    address = f"file:/{name}?vfs=memdb"
    with _lock:
        if name not in _kept:
            connection = schema.connect_memory(address)
            with closing(schema.connect(path, mode="ro")) as stored:
                _copy_tables(stored, connection)
            _kept[name] = connection
    return address


def _copy_tables(stored: sqlite3.Connection, kept: sqlite3.Connection) -> None:
    """Create the tables that may change, as in a file of this version, with the rows of the stored ones."""
    kept.execute("BEGIN")
    kept.execute(_SETTINGS)
    for sql in schema.statements_of(KEPT_TABLES):
        # A reference to a table in another database is impossible.
        kept.execute(sql.replace("REFERENCES chunks ON DELETE CASCADE", ""))
    for table in KEPT_TABLES:
        of_stored, of_kept = (
            [row[0] for row in one.execute("SELECT name FROM pragma_table_info(?)", (table,))] for one in (stored, kept)
        )
        if columns := [name for name in of_kept if name in of_stored]:
            places = ", ".join("?" * len(columns))
            rows = stored.execute(f"SELECT {', '.join(columns)} FROM {table}")
            kept.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
    kept.execute("COMMIT")
