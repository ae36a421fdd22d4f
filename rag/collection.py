"""What is stored: one SQLite file a collection, one transaction a document. The only reader and writer of that file."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rag.errors import CollectionError, ModelMismatch
from rag.types import Chunk, ChunkingSpec, CollectionSpec, Document, DocumentSummary, EmbeddingSpec, Heading, Row

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

SUFFIX = ".sqlite"
SCHEMA_VERSION = 1
_NAME = re.compile(r"[^\W_][\w .-]{0,59}")
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL, rows TEXT NOT NULL);
CREATE TABLE chunks (
    chunk_id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, n_tokens INTEGER NOT NULL,
    page INTEGER, heading TEXT NOT NULL, fields TEXT NOT NULL);
CREATE INDEX chunks_by_document ON chunks (document_id);
CREATE TABLE embeddings (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, content='chunks', content_rowid='chunk_id', tokenize='porter unicode61');
CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.chunk_id, new.text); END;
CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.chunk_id, old.text); END;
"""
_CHUNK_COLUMNS = "document_id, start, end, text, n_tokens, page, heading, fields, chunk_id"


class Collection:
    """Documents, their chunks and embeddings. Every call opens the file for itself, so threads may share one object."""

    def __init__(self, path: Path, spec: CollectionSpec, uid: str) -> None:
        self.path = path
        self.spec = spec
        self.uid = uid

    @classmethod
    def create(cls, folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> Collection:
        """A new, empty collection in `folder`. Raises CollectionError for a name that is taken or cannot be used."""
        path = collection_path(folder, name)
        folder.mkdir(parents=True, exist_ok=True)
        if any(other.name.casefold() == path.name.casefold() for other in folder.glob(f"*{SUFFIX}")):
            raise CollectionError(f"There is already a collection named '{name}'. Choose another name.")
        spec = CollectionSpec(name, embedding, chunking, SCHEMA_VERSION)
        uid = uuid4().hex
        rows = {"spec": json.dumps(asdict(spec)), "uid": uid, "generation": "0"}
        unfinished = folder / f".{uid}.creating"
        with closing(sqlite3.connect(unfinished)) as connection:
            connection.executescript(f"PRAGMA user_version={SCHEMA_VERSION}; {_SCHEMA}")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())
            connection.commit()
        unfinished.replace(path)
        return cls(path, spec, uid)

    @classmethod
    def open(cls, folder: Path, name: str) -> Collection:
        """The stored collection `name`. Raises CollectionError where it is missing, damaged or of a newer version."""
        path = collection_path(folder, name)
        if not path.is_file():
            there = ", ".join(f"'{other}'" for other in list_collections(folder)) or "none yet"
            raise CollectionError(f"There is no collection named '{name}'. There are: {there}.")
        try:
            with closing(sqlite3.connect(path)) as connection:
                meta = dict(connection.execute("SELECT key, value FROM meta"))
            values = json.loads(meta["spec"])
            spec = CollectionSpec(
                values["name"],
                EmbeddingSpec(**values["embedding"]),
                ChunkingSpec(**values["chunking"]),
                values["schema_version"],
            )
        except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
            raise CollectionError(
                f"'{path.name}' is not a readable collection ({error}). Nothing was changed; put back a copy, "
                "or move the file away and ingest the documents again."
            ) from error
        if spec.schema_version > SCHEMA_VERSION:
            raise CollectionError(f"Collection '{name}' was made by a newer version of this program. Update it.")
        return cls(path, replace(spec, name=name), meta["uid"])

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction: committed at the end, rolled back when anything is raised."""
        try:
            with closing(sqlite3.connect(self.path, timeout=30)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise CollectionError(f"Collection '{self.spec.name}' could not be read or written: {error}.") from error

    def require_model(self, embedding: EmbeddingSpec) -> None:
        """Raise ModelMismatch unless vectors of `embedding` may enter or search this collection."""
        if embedding != self.spec.embedding:
            ours, theirs = self.spec.embedding, embedding
            raise ModelMismatch(
                f"Collection '{self.spec.name}' was built with '{ours.model_id}' (revision {ours.revision}, "
                f"{ours.dimension} dimensions); these vectors come from '{theirs.model_id}' (revision "
                f"{theirs.revision}, {theirs.dimension} dimensions). Use the first, or make a new collection."
            )

    def put_document(
        self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray, embedding: EmbeddingSpec
    ) -> None:
        """Store a document whole, in place of an earlier one of the same name, in one transaction.

        Args:
            vectors: unit vectors float32 (len(chunks), dimension), made by `embedding`.

        Raises:
            ModelMismatch: the vectors are of another model.
        """
        self.require_model(embedding)
        if vectors.shape != (len(chunks), embedding.dimension):
            raise ValueError(f"expected vectors {(len(chunks), embedding.dimension)}, got {vectors.shape}")
        with self._connect() as connection:
            connection.execute("DELETE FROM documents WHERE name = ?", (document.name,))
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _document_row(document))
            for chunk, vector in zip(chunks, vectors, strict=True):
                cursor = connection.execute(
                    f"INSERT INTO chunks ({_CHUNK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", _chunk_row(chunk)
                )
                blob = vector.astype("<f4").tobytes()
                connection.execute("INSERT INTO embeddings VALUES (?, ?)", (cursor.lastrowid, blob))
            _next_generation(connection)

    def delete_document(self, document_id: str) -> None:
        """Remove a document with its chunks and embeddings; nothing happens where it is not there."""
        with self._connect() as connection:
            connection.execute("DELETE FROM documents WHERE document_id = ?", (document_id,))
            _next_generation(connection)

    def generation(self) -> int:
        """A number that grows with every change; caches are keyed by it."""
        with self._connect() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])

    def documents(self) -> list[DocumentSummary]:
        """All documents by name, without their texts."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT document_id, name, media_type, sha256, length(text), json_array_length(pages), "
                "(SELECT count(*) FROM chunks c WHERE c.document_id = d.document_id) FROM documents d ORDER BY name"
            ).fetchall()
        return [DocumentSummary(*row) for row in rows]

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises CollectionError where it is not (or no longer) there."""
        with self._connect() as connection:
            row = connection.execute("SELECT * FROM documents WHERE document_id = ?", (document_id,)).fetchone()
        if row is None:
            raise CollectionError(
                f"Collection '{self.spec.name}' does not hold this document any more. Reload the page."
            )
        identity, name, media_type, sha256, text, pages, headings, rows = row
        return Document(
            identity, name, media_type, text, sha256, tuple(json.loads(pages)),
            tuple(Heading(*item) for item in json.loads(headings)),
            tuple(Row(start, end, _fields(fields)) for start, end, fields in json.loads(rows)),
        )  # fmt: skip

    def n_chunks(self) -> int:
        """How many chunks there are."""
        with self._connect() as connection:
            return int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order (ids that are gone are left out); all, by id, without ids."""
        with self._connect() as connection:
            if chunk_ids is None:
                rows = connection.execute(f"SELECT {_CHUNK_COLUMNS} FROM chunks ORDER BY chunk_id").fetchall()
                return [_chunk(row) for row in rows]
            wanted = json.dumps([int(chunk_id) for chunk_id in chunk_ids])
            rows = connection.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE chunk_id IN (SELECT value FROM json_each(?))", (wanted,)
            ).fetchall()
        found = {chunk.chunk_id: chunk for chunk in map(_chunk, rows)}
        return [found[int(chunk_id)] for chunk_id in chunk_ids if int(chunk_id) in found]

    def embeddings(self) -> tuple[IntArray, FloatArray]:
        """Chunk ids int64 (n,), ascending, and their unit vectors float32 (n, dimension)."""
        import numpy as np

        with self._connect() as connection:
            rows = connection.execute("SELECT chunk_id, vector FROM embeddings ORDER BY chunk_id").fetchall()
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").astype(np.float32)
        return ids, flat.reshape(len(rows), self.spec.embedding.dimension)

    def search_words(self, words: Sequence[str], k: int) -> list[tuple[int, float]]:
        """Chunk ids and BM25 scores (higher is better) of the k best chunks that hold any of the words."""
        if not words:
            return []
        query = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? ORDER BY bm25(words), rowid LIMIT ?",
                (query, k),
            ).fetchall()
        return [(int(chunk_id), float(score)) for chunk_id, score in rows]


def collection_path(folder: Path, name: str) -> Path:
    """The file of the collection `name`. Raises CollectionError where the name cannot be a file's."""
    if not _NAME.fullmatch(name) or name != name.strip(" ."):
        raise CollectionError(
            f"'{name}' cannot name a collection. Use up to 60 letters, digits, spaces, '-', '_' and '.', "
            "beginning with a letter or digit."
        )
    return folder / f"{name}{SUFFIX}"


def list_collections(folder: Path) -> list[str]:
    """The names of the collections in `folder`, sorted."""
    return sorted((path.stem for path in folder.glob(f"*{SUFFIX}")), key=str.casefold)


def _next_generation(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")


def _document_row(document: Document) -> tuple[str, ...]:
    headings = [(heading.start, heading.path) for heading in document.headings]
    rows = [(row.start, row.end, row.fields) for row in document.rows]
    identity = (document.document_id, document.name, document.media_type, document.sha256, document.text)
    return (*identity, json.dumps(document.pages), json.dumps(headings), json.dumps(rows))


def _chunk_row(chunk: Chunk) -> tuple[str | int | None, ...]:
    where = (chunk.document_id, chunk.start, chunk.end, chunk.text, chunk.n_tokens)
    return (*where, chunk.page, chunk.heading, json.dumps(chunk.fields))


def _chunk(row: tuple[str, int, int, str, int, int | None, str, str, int]) -> Chunk:
    document_id, start, end, text, n_tokens, page, heading, fields, chunk_id = row
    return Chunk(document_id, start, end, text, n_tokens, page, heading, _fields(json.loads(fields)), chunk_id)


def _fields(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs)
