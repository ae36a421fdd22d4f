"""How a collection file is laid out: its version, its tables, and stored values <-> types."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from rag.errors import CollectionError, first_problem
from rag.store.migrations import MIGRATIONS
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

APPLICATION_ID = 0x454D4245
"""Stored in the file's header, where it tells collections from other SQLite databases (version 1 had 0)."""

SCHEMA_VERSION = len(MIGRATIONS)
LARGEST_ID = 2**53
"""Ids of chunks, conversations and turns are below it: larger ones are not exact as JSON numbers."""

SUMMARY_COLUMNS = "document_id, name, media_type, sha256, n_characters, n_pages, language, notes"
DOCUMENT_COLUMNS = {
    1: "document_id, name, media_type, sha256, characters(text), json_array_length(pages), '', '[]', "
    "pages, headings, rows, text",
    **dict.fromkeys((2, 3, 4), f"{SUMMARY_COLUMNS}, pages, headings, rows, text"),
}
"""What to select from `documents`, by the file's version, to have the columns of the newest."""
CHUNK_COLUMNS = "document_id, start, end, text, n_tokens, page, heading, fields, chunk_id"
CONVERSATIONS_DIGEST = "conversations digest"
"""The key in `meta` of a sha256 over the conversations as they were exported; gone once they have changed."""
SummaryRow = tuple[str, str, str, str, int, int, str, str]
DocumentRow = tuple[str, str, str, str, int, int, str, str, str, str, str, str]
ChunkRow = tuple[str, int, int, str, int, int | None, str, str, int]
CONVERSATION_COLUMNS = "conversation_id, title, changed_at"
TURN_COLUMNS = "turn_id, conversation_id, slot, is_chosen, question, answer, record"
ConversationRow = tuple[int, str, str]
TurnRow = tuple[int, int, int, int, str, str, str]

_PATIENCE = 30
_HINDRANCES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
}  # fmt: skip
_UNIT_TOLERANCE = 0.01
_NO_ITEMS = "[]"
_Spec = TypeVar("_Spec", EmbeddingSpec, ChunkingSpec)


def connect(path: Path, *, mode: Literal["ro", "rw", "rwc"] = "rw") -> sqlite3.Connection:
    """A connection outside any transaction; only "rwc" makes a file that is not there. It waits half a minute for
    others who write."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    connection.create_function("characters", 1, len, deterministic=True)
    return connection


def file_version(connection: sqlite3.Connection, shown_as: str) -> int:
    """The file's schema version. Raises CollectionError for another program's database and for a newer version."""
    # Both marks are of one moment: another process may be migrating the file.
    connection.execute("SAVEPOINT marks")
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute("RELEASE marks")
    if (application, version) != (0, 1) and (application != APPLICATION_ID or version < 1):
        raise CollectionError(f"'{shown_as}' is not a collection: another program made this database. Choose another.")
    if version > SCHEMA_VERSION:
        raise newer(shown_as)
    return version


def newer(shown_as: str) -> CollectionError:
    """The error for a file that only a later version of this program can read."""
    return CollectionError(f"'{shown_as}' was made by a newer version of this program. Update the program to use it.")


def is_hindered(error: Exception) -> bool:
    """Whether the file's contents are not what is wrong: others keep it, the disk is full, it may not be written."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _HINDRANCES


def migrate(connection: sqlite3.Connection, *, is_new: bool = False) -> None:
    """Bring a file, empty where `is_new`, to the newest version in one transaction."""
    # Replacing a table must not delete what refers to it; this has no effect once a transaction has begun.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    version = 0 if is_new else int(connection.execute("PRAGMA user_version").fetchone()[0])
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def create_file(path: Path, meta: dict[str, str]) -> None:
    """A collection file without documents. Raises sqlite3.Error."""
    with closing(connect(path, mode="rwc")) as connection:
        migrate(connection, is_new=True)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute("COMMIT")


def expected_objects(version: int) -> set[tuple[str, str, str]]:
    """Type, name and normalised SQL of everything that a file of this version holds; see `stored_objects`."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.create_function("characters", 1, len, deterministic=True)
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        return stored_objects(connection)


def stored_objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Type, name and normalised SQL of all tables, indexes, triggers and views, but for tables of SQLite itself.

    The tables inside the word index have no SQL here: it is written by SQLite, whose versions differ.
    """
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {
        (kind, name, "" if kind == "table" and name.startswith("words_") else " ".join(sql.replace('"', "").split()))
        for kind, name, sql in rows
        if not (kind in ("table", "index") and name.startswith("sqlite_"))
    }


def spec_to_json(spec: CollectionSpec) -> str:
    """The spec as it is stored."""
    return json.dumps(asdict(spec))


def spec_from_json(stored: str, name: str, shown_as: str) -> CollectionSpec:
    """The stored spec, for the collection that is called `name` now; fields it lacks have their defaults.

    Raises:
        CollectionError: it has fields or values that this version does not know.
        ValueError, KeyError, TypeError: it is damaged.
    """
    values = json.loads(stored)
    embedding = _known(_adapters().embedding, values["embedding"], shown_as)
    chunking = _known(_adapters().chunking, values["chunking"], shown_as)
    if embedding.dimension < 1:
        raise ValueError(f"a dimension of {embedding.dimension}")
    return CollectionSpec(name, embedding, chunking, SCHEMA_VERSION)


def _known(adapter: TypeAdapter[_Spec], values: object, shown_as: str) -> _Spec:
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
    """What reads the JSON that is stored; it checks every type."""

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
    """The value of `key` in the table `meta`; None if there is none."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def write_setting(connection: sqlite3.Connection, key: str, value: str | None) -> None:
    """Set the value of `key` in the table `meta` within a transaction; None removes the key."""
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
    """Add a document within a transaction, its chunks under the given ids.

    Raises:
        UnicodeEncodeError: a text in it holds half a character.
    """
    row = document_row(document)
    columns, places = DOCUMENT_COLUMNS[SCHEMA_VERSION], ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO documents ({columns}) VALUES ({places})", row)
    connection.executemany(
        f"INSERT INTO chunks ({CHUNK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (chunk_row(chunk, chunk_id) for chunk, chunk_id in zip(chunks, chunk_ids, strict=True)),
    )
    blobs = (vector.tobytes() for vector in vectors.astype("<f4", copy=False))
    connection.executemany("INSERT INTO embeddings VALUES (?, ?)", zip(chunk_ids, blobs, strict=True))


def insert_conversation(
    connection: sqlite3.Connection, conversation: ConversationRow, turns: Sequence[TurnRow]
) -> None:
    """Add a conversation within a transaction, it and its turns under the ids that they have."""
    connection.execute(f"INSERT INTO conversations ({CONVERSATION_COLUMNS}) VALUES (?, ?, ?)", conversation)
    connection.executemany(f"INSERT INTO turns ({TURN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", turns)


def summary_from_row(row: SummaryRow, n_chunks: int) -> DocumentSummary:
    """What SUMMARY_COLUMNS hold of a document."""
    identity, name, media_type, sha256, n_characters, n_pages, language, notes = row
    return DocumentSummary(identity, name, media_type, sha256, n_characters, n_pages, n_chunks, language, _texts(notes))


def document_row(document: Document) -> DocumentRow:
    """The columns of DOCUMENT_COLUMNS. Raises UnicodeEncodeError where a text cannot be stored."""
    headings = [(heading.start, heading.path) for heading in document.headings]
    rows = [(row.start, row.end, row.fields) for row in document.rows]
    return (
        document.document_id, document.name, document.media_type, document.sha256, len(document.text),
        len(document.pages), document.language, _json(document.notes), _json(document.pages),
        _json(headings), _json(rows), document.text,
    )  # fmt: skip


def document_from_row(row: DocumentRow) -> Document:
    """The document whose `document_row` this is. Raises ValueError where the JSON in it has other types."""
    read = _adapters()
    identity, name, media_type, sha256, _, _, language, notes, pages, headings, rows, text = row
    return Document(
        identity, name, media_type, text, sha256, read.offsets.validate_json(pages, strict=True),
        tuple(Heading(*heading) for heading in read.headings.validate_json(headings, strict=True)),
        tuple(Row(*row) for row in read.rows.validate_json(rows, strict=True)),
        language, _texts(notes),
    )  # fmt: skip


def chunk_row(chunk: Chunk, chunk_id: int) -> ChunkRow:
    """The columns of CHUNK_COLUMNS. Raises UnicodeEncodeError where a text cannot be stored."""
    where = (chunk.document_id, chunk.start, chunk.end, chunk.text, chunk.n_tokens)
    return (*where, chunk.page, chunk.heading, _json(chunk.fields), chunk_id)


def chunk_from_row(row: ChunkRow) -> Chunk:
    """The chunk whose `chunk_row` this is. Raises ValueError where its fields are no pairs of texts."""
    document_id, start, end, text, n_tokens, page, heading, items, chunk_id = row
    return Chunk(document_id, start, end, text, n_tokens, page, heading, fields_from_json(items), chunk_id)


def vectors_from_blobs(blobs: Sequence[bytes], dimension: int) -> FloatArray:
    """Vectors float32 (len(blobs), dimension). Raises ValueError where a blob is of another length."""
    import numpy as np

    if any(len(blob) != 4 * dimension for blob in blobs):
        raise ValueError(f"an embedding that has not {dimension} dimensions")
    flat = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32, copy=False)
    return flat.reshape(len(blobs), dimension)


def are_unit(vectors: FloatArray) -> bool:
    """Whether every vector has length 1, or is the zero vector of a text in which a model knows nothing."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all((np.abs(lengths - 1) <= _UNIT_TOLERANCE) | (lengths == 0)))


def fields_from_json(stored: str) -> Fields:
    """The fields of a chunk as they are stored. Raises ValueError where they are no pairs of texts."""
    return () if stored == _NO_ITEMS else _adapters().fields.validate_json(stored, strict=True)


def _texts(stored: str) -> tuple[str, ...]:
    return () if stored == _NO_ITEMS else _adapters().texts.validate_json(stored, strict=True)


def _json(value: object) -> str:
    # Escaped, half a character would pass, and trouble whoever reads it.
    json.dumps(value, ensure_ascii=False).encode()
    return json.dumps(value)
