"""Schema of a collection file: its version, its tables, and what is written to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.sqlite import migrations
from rag.store.sqlite.migrations import MIGRATIONS
from rag.types import (
    Chunk,
    Document,
)

if TYPE_CHECKING:
    from rag.store.records import Part
    from rag.types import FloatArray

APPLICATION_ID = 0x454D4245
"""Application id in the file header, which distinguishes collections from other databases (version 1 had 0)."""

SCHEMA_VERSION = len(MIGRATIONS)
LARGEST_ID = 2**53
"""Upper bound of ids of chunks, conversations and turns: larger ones are not exact as JSON numbers."""

SUMMARY_COLUMNS = "document_id, name, media_type, sha256, n_characters, n_pages, language, notes"
DOCUMENT_COLUMNS = {
    1: "document_id, name, media_type, sha256, characters(text), json_array_length(pages), '', '[]', "
    "pages, headings, rows, text",
    **dict.fromkeys((2, 3, 4, 5, 6, 7, 8), f"{SUMMARY_COLUMNS}, pages, headings, rows, text"),
}
"""The columns to select from `documents`, by file version, to get those of the current version."""
CHUNK_COLUMNS = "document_id, start, end, text, n_tokens, page, heading, fields, context, chunk_id"
DIGESTS_SINCE = 5
"""The first file version with digests of documents."""
CONTEXT_SINCE = 7
"""The first file version with context lines of chunks."""
SPEC_DIGEST = "spec digest"
"""The key in `meta` of the digest of the collection's id, model and chunking."""
CONVERSATIONS_DIGEST = "conversations digest"
"""The key in `meta` of the SHA-256 of the exported conversations; removed when they change."""
CONVERSATION_COLUMNS = "conversation_id, title, changed_at"
TURN_COLUMNS = "turn_id, conversation_id, slot, is_chosen, question, answer, record"
ConversationRow = tuple[int, str, str]
TurnRow = tuple[int, int, int, int, str, str, str]

_PATIENCE = 30
"""Seconds to wait for another writer."""
_HINDRANCES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
}  # fmt: skip
_UNWRITABLE = _HINDRANCES - {sqlite3.SQLITE_BUSY}
_STAGED = "temp.staged_chunks"


def connect(path: Path, *, mode: Literal["ro", "rw", "rwc"] = "rw") -> sqlite3.Connection:
    """Connect outside any transaction; only "rwc" creates a missing file. Waits up to 30 seconds for other writers."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    _add_functions(connection)
    return connection


def connect_memory(address: str = "file::memory:") -> sqlite3.Connection:
    """Connect to a database in memory, to which files can be attached by their URIs; by default a new one.

    Args:
        address: the URI of a database that several connections of this process share. Any thread may use them.
    """
    connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    _add_functions(connection)
    return connection


def _add_functions(connection: sqlite3.Connection) -> None:
    """Add the functions that the migrations use. SQLite's `length` would stop at a null character."""
    connection.create_function("characters", 1, len, deterministic=True)


def file_version(connection: sqlite3.Connection, shown_as: str) -> int:
    """The file's schema version. Raises CollectionError for other programs' databases and for newer versions."""
    # Read both values in one transaction: another process may be migrating the file.
    connection.execute("SAVEPOINT marks")
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute("RELEASE marks")
    if (application, version) != (0, 1) and (application != APPLICATION_ID or version < 1):
        raise CollectionError(
            f"'{shown_as}' is not a collection, but a database of another program. Choose another file."
        )
    if version > SCHEMA_VERSION:
        raise records.newer(shown_as)
    return version


def is_hindered(error: Exception) -> bool:
    """Whether the cause is outside the file's contents: it is locked, the disk is full, or it is not writable."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _HINDRANCES


def is_unwritable(error: sqlite3.Error) -> bool:
    """Whether the file cannot be written now, while it may still be read."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNWRITABLE


def chunk_columns(version: int) -> str:
    """The columns to select from `chunks` in a file of this version to get CHUNK_COLUMNS."""
    return CHUNK_COLUMNS if version >= CONTEXT_SINCE else CHUNK_COLUMNS.replace(" context", " ''")


def migrate(connection: sqlite3.Connection, *, is_new: bool = False) -> None:
    """Migrate a file (empty if `is_new`) to the current version in one transaction. Raises sqlite3.Error."""
    # Replacing a table must not delete rows that refer to it; this has no effect within a transaction.
    connection.execute("PRAGMA foreign_keys = OFF")
    has_unused_pages = False
    try:
        version = migrations.begin_without_words(connection, migrations.drop_words)
    except sqlite3.Error as error:
        if is_hindered(error):
            raise
        # After it met damage, SQLite refuses other changes in the same transaction.
        connection.execute("ROLLBACK")
        version, has_unused_pages = migrations.begin_without_words(connection, migrations.forget_words), True
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    if not is_new and version < DIGESTS_SINCE <= SCHEMA_VERSION:
        _record_digests(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")
    if has_unused_pages:
        # They do no harm, so a full disk does not matter.
        with suppress(sqlite3.Error):
            connection.execute("VACUUM")


def _record_digests(connection: sqlite3.Connection) -> None:
    """Compute and store the digests of everything in a file of a version that had none."""
    rows = connection.execute(f"SELECT {CHUNK_COLUMNS} FROM chunks ORDER BY chunk_id")
    # A list, because the table must not be read while it is changed.
    updates = [(digests.of_chunk(row), row[-1]) for row in rows]
    connection.executemany("UPDATE chunks SET digest = ? WHERE chunk_id = ?", updates)
    columns = DOCUMENT_COLUMNS[SCHEMA_VERSION]
    for (document_id,) in connection.execute("SELECT document_id FROM documents").fetchall():
        row = connection.execute(f"SELECT {columns} FROM documents WHERE document_id = ?", (document_id,)).fetchone()
        chunks = connection.execute(
            "SELECT digest, chunk_id, vector FROM chunks JOIN embeddings USING (chunk_id) WHERE document_id = ? "
            "ORDER BY chunk_id",
            (document_id,),
        ).fetchall()
        parts = [list(part) for part in zip(*chunks, strict=True)] or [[], [], []]
        _insert_digests(connection, digests.of_document(row, *parts))
    meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('spec', 'uid')"))
    write_setting(connection, SPEC_DIGEST, spec_digest(meta["uid"], meta["spec"]))


def spec_digest(uid: str, spec: str) -> str:
    """The digest of the collection's id and its stored spec, except what a migration changes in the spec.

    Raises ValueError, KeyError or TypeError if the spec is damaged.
    """
    values = json.loads(spec)
    return digests.of_spec(uid, values["embedding"], values["chunking"])


def create_file(path: Path, meta: dict[str, str]) -> None:
    """Create a collection file without documents. Raises sqlite3.Error."""
    with closing(connect(path, mode="rwc")) as connection:
        migrate(connection, is_new=True)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        write_setting(connection, SPEC_DIGEST, spec_digest(meta["uid"], meta["spec"]))
        connection.execute("COMMIT")


def expected_objects(version: int) -> set[tuple[str, str, str]]:
    """Type, name and normalized SQL of all objects in a file of this version; see `stored_objects`."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _add_functions(connection)
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        return stored_objects(connection)


def statements_of(tables: Sequence[str]) -> list[str]:
    """The SQL that creates these tables and their indexes in a file of this version."""
    with closing(connect_memory()) as connection:
        for statements in MIGRATIONS:
            for statement in statements:
                connection.execute(statement)
        rows = connection.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        return [sql for table, sql in rows if table in tables]


def stored_objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Type, name and normalized SQL of all tables, indexes, triggers and views, except SQLite's internal tables.

    The internal tables of the word index have no SQL here, because it differs between versions of SQLite.
    """
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {
        (kind, name, "" if kind == "table" and name.startswith("words_") else " ".join(sql.replace('"', "").split()))
        for kind, name, sql in rows
        if not (kind in ("table", "index") and name.startswith("sqlite_"))
    }


def read_setting(connection: sqlite3.Connection, key: str) -> str | None:
    """The value of `key` in the table `meta`; None if it is not set."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def write_setting(connection: sqlite3.Connection, key: str, value: str | None) -> None:
    """Set `key` in the table `meta` within a transaction; None removes it."""
    if value is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def insert_document(
    connection: sqlite3.Connection,
    document: Document,
    chunks: Sequence[Chunk],
    chunk_ids: Sequence[int],
    vectors: FloatArray,
) -> None:
    """`insert_parts`, of chunks in one part. Raises as it does."""
    insert_parts(connection, document, chunk_ids, [(chunks, vectors)])


def insert_parts(
    connection: sqlite3.Connection, document: Document, chunk_ids: Sequence[int], parts: Iterable[Part]
) -> None:
    """Insert a document, its chunks with the given ids, their embeddings and the digests of all, in a transaction.

    Args:
        chunk_ids: ascending.
        parts: chunks with their unit vectors, float32 (len(chunks), dimension).

    Raises:
        UnicodeEncodeError: a text contains a lone surrogate.
    """
    insert_staged(connection, stage_parts(connection, document, chunk_ids, parts))


@dataclass(frozen=True, slots=True)
class StagedDocument:
    """The rows of a document; those of its chunks are in the table _STAGED of the connection's temporary database."""

    row: records.DocumentRow
    digests: digests.DocumentDigests


def stage_parts(
    connection: sqlite3.Connection, document: Document, chunk_ids: Sequence[int], parts: Iterable[Part]
) -> StagedDocument:
    """Convert a document and its chunks to rows, in a temporary file, so that `insert_staged` only copies them.

    Copying is quick, so readers of the collection hardly wait. Arguments and errors as those of `insert_parts`.
    """
    row = records.document_row(document)
    columns = f"{CHUNK_COLUMNS}, digest, x'' AS vector"
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {_STAGED} AS SELECT {columns} FROM chunks LIMIT 0")
    insert = f"INSERT INTO {_STAGED} VALUES ({', '.join('?' * 12)})"
    chunk_digests: list[bytes] = []
    for chunks, vectors in parts:
        ids = chunk_ids[len(chunk_digests) : len(chunk_digests) + len(chunks)]
        rows = [records.chunk_row(chunk, chunk_id) for chunk, chunk_id in zip(chunks, ids, strict=True)]
        found = [digests.of_chunk(one) for one in rows]
        connection.executemany(
            insert, ((*one, digest, blob) for one, digest, blob in zip(rows, found, _blobs(vectors), strict=True))
        )
        chunk_digests += found
    blobs = (blob for (blob,) in connection.execute(f"SELECT vector FROM {_STAGED} ORDER BY rowid"))
    return StagedDocument(row, digests.of_document(row, chunk_digests, chunk_ids, blobs))


def insert_staged(connection: sqlite3.Connection, staged: StagedDocument) -> None:
    """Insert the document that was staged last, with its chunks, embeddings and digests, within a transaction."""
    columns, places = DOCUMENT_COLUMNS[SCHEMA_VERSION], ", ".join("?" * len(staged.row))
    connection.execute(f"INSERT INTO documents ({columns}) VALUES ({places})", staged.row)
    columns = f"{CHUNK_COLUMNS}, digest"
    connection.execute(f"INSERT INTO chunks ({columns}) SELECT {columns} FROM {_STAGED} ORDER BY rowid")
    connection.execute(f"INSERT INTO embeddings SELECT chunk_id, vector FROM {_STAGED} ORDER BY rowid")
    connection.execute(f"DELETE FROM {_STAGED}")
    _insert_digests(connection, staged.digests)


def _blobs(vectors: FloatArray) -> Iterator[bytes]:
    return (vector.tobytes() for vector in vectors.astype("<f4", copy=False))


def _insert_digests(connection: sqlite3.Connection, of_document: digests.DocumentDigests) -> None:
    connection.execute("INSERT INTO digests VALUES (?, ?, ?, ?, ?, ?)", of_document)


def insert_conversation(
    connection: sqlite3.Connection, conversation: ConversationRow, turns: Sequence[TurnRow], owner: str
) -> None:
    """Insert a conversation of this owner and its turns within a transaction, with their ids."""
    columns = f"{CONVERSATION_COLUMNS}, owner"
    connection.execute(f"INSERT INTO conversations ({columns}) VALUES (?, ?, ?, ?)", (*conversation, owner))
    connection.executemany(f"INSERT INTO turns ({TURN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", turns)
