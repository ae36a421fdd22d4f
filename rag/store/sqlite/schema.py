"""Schema of a collection file: its version, its tables, and the conversion between rows and types."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from rag.errors import CollectionError, first_problem
from rag.store import digests
from rag.store.sqlite import migrations
from rag.store.sqlite.migrations import MIGRATIONS
from rag.types import (
    Chunk,
    ChunkingSpec,
    CollectionSpec,
    Document,
    DocumentSummary,
    EmbeddingSpec,
    Fields,
    Heading,
    Row,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from rag.types import FloatArray

    Part = tuple[Sequence[Chunk], FloatArray]
    """Some chunks of a document, and their unit vectors, float32 (len(chunks), dimension)."""

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
SummaryRow = tuple[str, str, str, str, int, int, str, str]
DocumentRow = tuple[str, str, str, str, int, int, str, str, str, str, str, str]
ChunkRow = tuple[str, int, int, str, int, int | None, str, str, str, int]
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
_UNIT_TOLERANCE = 0.01
_NO_ITEMS = "[]"
_ITEMS_AT_ONCE = 1_024
_STAGED = "temp.staged_chunks"
_Spec = TypeVar("_Spec", EmbeddingSpec, ChunkingSpec)


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
        raise newer(shown_as)
    return version


def newer(shown_as: str) -> CollectionError:
    """The error for a file from a newer version of this program."""
    return CollectionError(
        f"'{shown_as}' was created by a newer version of this program. Update the program to open it."
    )


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


def spec_to_json(spec: CollectionSpec) -> str:
    """Serialize the spec."""
    return json.dumps(asdict(spec))


def spec_from_json(stored: str, name: str, shown_as: str) -> CollectionSpec:
    """Read a stored spec for the collection's current `name`; missing fields get their defaults.

    Raises:
        CollectionError: it has fields or values unknown to this version.
        ValueError, KeyError, TypeError: it is damaged.
    """
    values = json.loads(stored)
    embedding = _validated(_adapters().embedding, values["embedding"], shown_as)
    chunking = _validated(_adapters().chunking, values["chunking"], shown_as)
    if embedding.dimension < 1:
        raise ValueError(f"a dimension of {embedding.dimension}")
    return CollectionSpec(name, embedding, chunking, SCHEMA_VERSION)


def _validated(adapter: TypeAdapter[_Spec], values: object, shown_as: str) -> _Spec:
    """The spec; CollectionError for a field or value of a newer version, ValueError if it is damaged."""
    from pydantic import ValidationError

    try:
        return adapter.validate_json(json.dumps(values), strict=True, extra="forbid")
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            is_text = isinstance(problem["input"], str)
            if problem["type"] == "unexpected_keyword_argument" or (problem["type"] == "literal_error" and is_text):
                raise newer(shown_as) from error
        raise ValueError(first_problem(error)) from error


@dataclass(frozen=True, slots=True)
class _Adapters:
    """Readers of stored JSON, which check every type."""

    embedding: TypeAdapter[EmbeddingSpec]
    chunking: TypeAdapter[ChunkingSpec]
    texts: TypeAdapter[tuple[str, ...]]
    offsets: TypeAdapter[tuple[int, ...]]
    headings: TypeAdapter[tuple[tuple[int, str], ...]]
    rows: TypeAdapter[tuple[tuple[int, int, Fields], ...]]
    fields: TypeAdapter[Fields]


@cache
def _adapters() -> _Adapters:
    from pydantic import TypeAdapter

    return _Adapters(
        embedding=TypeAdapter(EmbeddingSpec),
        chunking=TypeAdapter(ChunkingSpec),
        texts=TypeAdapter(tuple[str, ...]),
        offsets=TypeAdapter(tuple[int, ...]),
        headings=TypeAdapter(tuple[tuple[int, str], ...]),
        rows=TypeAdapter(tuple[tuple[int, int, Fields], ...]),
        fields=TypeAdapter(Fields),
    )


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

    row: DocumentRow
    digests: digests.DocumentDigests


def stage_parts(
    connection: sqlite3.Connection, document: Document, chunk_ids: Sequence[int], parts: Iterable[Part]
) -> StagedDocument:
    """Convert a document and its chunks to rows, in a temporary file, so that `insert_staged` only copies them.

    Copying is quick, so readers of the collection hardly wait. Arguments and errors as those of `insert_parts`.
    """
    row = document_row(document)
    columns = f"{CHUNK_COLUMNS}, digest, x'' AS vector"
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {_STAGED} AS SELECT {columns} FROM chunks LIMIT 0")
    insert = f"INSERT INTO {_STAGED} VALUES ({', '.join('?' * 12)})"
    chunk_digests: list[bytes] = []
    for chunks, vectors in parts:
        ids = chunk_ids[len(chunk_digests) : len(chunk_digests) + len(chunks)]
        rows = [chunk_row(chunk, chunk_id) for chunk, chunk_id in zip(chunks, ids, strict=True)]
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


def summary_from_row(row: SummaryRow, n_chunks: int) -> DocumentSummary:
    """Convert a row of SUMMARY_COLUMNS."""
    identity, name, media_type, sha256, n_characters, n_pages, language, notes = row
    return DocumentSummary(identity, name, media_type, sha256, n_characters, n_pages, n_chunks, language, _texts(notes))


def document_row(document: Document) -> DocumentRow:
    """Convert a document to a row of DOCUMENT_COLUMNS. Raises UnicodeEncodeError if a text cannot be stored."""
    headings = [(heading.start, heading.path) for heading in document.headings]
    rows = [(row.start, row.end, row.fields) for row in document.rows]
    return (
        document.document_id, document.name, document.media_type, document.sha256, len(document.text),
        len(document.pages), document.language, _json(document.notes), _json_list(document.pages),
        _json_list(headings), _json_list(rows), document.text,
    )  # fmt: skip


def document_from_row(row: DocumentRow) -> Document:
    """Convert a row to a document. Raises ValueError if its JSON has the wrong types."""
    read = _adapters()
    identity, name, media_type, sha256, _, _, language, notes, pages, headings, rows, text = row
    return Document(
        identity, name, media_type, text, sha256, read.offsets.validate_json(pages, strict=True),
        tuple(Heading(*heading) for heading in read.headings.validate_json(headings, strict=True)),
        tuple(Row(*row) for row in read.rows.validate_json(rows, strict=True)),
        language, _texts(notes),
    )  # fmt: skip


def chunk_row(chunk: Chunk, chunk_id: int) -> ChunkRow:
    """Convert a chunk to a row of CHUNK_COLUMNS. Raises UnicodeEncodeError if a text cannot be stored."""
    where = (chunk.document_id, chunk.start, chunk.end, chunk.text, chunk.n_tokens)
    return (*where, chunk.page, chunk.heading, _json(chunk.fields), chunk.context, chunk_id)


def chunk_from_row(row: ChunkRow) -> Chunk:
    """Convert a row to a chunk. Raises ValueError if its fields are not pairs of texts."""
    document_id, start, end, text, n_tokens, page, heading, items, context, chunk_id = row
    return Chunk(document_id, start, end, text, n_tokens, page, heading, fields_from_json(items), chunk_id, context)


def vectors_from_blobs(blobs: Sequence[bytes], dimension: int) -> FloatArray:
    """Vectors float32 (len(blobs), dimension). Raises ValueError if a blob has another length."""
    import numpy as np

    if any(len(blob) != 4 * dimension for blob in blobs):
        raise ValueError(f"an embedding that does not have {dimension} dimensions")
    flat = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32, copy=False)
    return flat.reshape(len(blobs), dimension)


def are_unit(vectors: FloatArray) -> bool:
    """Whether every vector has length 1, or is zero (for a text without any known token)."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all((np.abs(lengths - 1) <= _UNIT_TOLERANCE) | (lengths == 0)))


def fields_from_json(stored: str) -> Fields:
    """Read the stored fields of a chunk. Raises ValueError if they are not pairs of texts."""
    return () if stored == _NO_ITEMS else _adapters().fields.validate_json(stored, strict=True)


def _texts(stored: str) -> tuple[str, ...]:
    return () if stored == _NO_ITEMS else _adapters().texts.validate_json(stored, strict=True)


def _json_list(items: Sequence[object]) -> str:
    """`_json` of a long list: a part at a time, because the encoder holds a text for every value."""
    starts = range(0, len(items), _ITEMS_AT_ONCE)
    return f"[{', '.join(_json(items[start : start + _ITEMS_AT_ONCE])[1:-1] for start in starts)}]"


def _json(value: object) -> str:
    # With ASCII escapes, a lone surrogate would be stored, and cause errors only when it is read.
    json.dumps(value, ensure_ascii=False).encode()
    return json.dumps(value)
