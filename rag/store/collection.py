"""Collection: documents, chunks and embeddings in one SQLite file, with one transaction per document."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rag.errors import CollectionError, ModelMismatch
from rag.store import schema
from rag.store.names import collection_path, list_collections
from rag.store.schema import CHUNK_COLUMNS, DOCUMENT_COLUMNS, SCHEMA_VERSION, SUMMARY_COLUMNS
from rag.store.transactions import WHAT_TO_DO, Begin, transaction, unfinished_file
from rag.types import Chunk, ChunkingSpec, CollectionSpec, Document, DocumentSummary, EmbeddingSpec

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

__all__ = ["Collection", "collection_path", "list_collections", "unfinished_collection"]

_ROWS_AT_ONCE = 1024
_RESERVED_KEYS = frozenset({"spec", "uid", "generation", "digest", schema.CONVERSATIONS_DIGEST})


class Collection:
    """Documents, their chunks and embeddings. Every call opens the file separately, so threads may share one object.

    Other threads and processes may read and write at the same time; a read sees the state at its beginning. Every
    method raises CollectionError if the file cannot be read or written.
    """

    def __init__(self, path: Path, spec: CollectionSpec, uid: str) -> None:
        self.path = path
        self.spec = spec
        self.uid = uid

    @classmethod
    def create(cls, folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> Collection:
        """Create an empty collection in `folder`. Raises CollectionError if the name is taken or invalid."""
        with unfinished_collection(folder, name, embedding, chunking):
            pass
        return cls.open(folder, name)

    @classmethod
    def open(cls, folder: Path, name: str) -> Collection:
        """Open the collection `name`; a file of an earlier version is migrated.

        Raises:
            CollectionError: it is missing, damaged, of a newer version, or from another program.
        """
        path = collection_path(folder, name)
        if not path.is_file():
            there = ", ".join(f"'{other}'" for other in list_collections(folder)) or "none yet"
            raise CollectionError(f"There is no collection named '{name}'. Existing collections: {there}.")
        try:
            with closing(schema.connect(path)) as connection:
                if schema.file_version(connection, path.name) < SCHEMA_VERSION:
                    schema.migrate(connection)
                meta = dict(connection.execute("SELECT key, value FROM meta"))
            return cls(path, schema.spec_from_json(meta["spec"], name, path.name), meta["uid"])
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            if schema.is_hindered(error):
                raise CollectionError(f"'{path.name}' could not be opened: {error}. {WHAT_TO_DO}") from error
            raise CollectionError(
                f"'{path.name}' is not a readable collection ({error}). Nothing was changed. Restore a copy, "
                "or move the file away and ingest the documents again."
            ) from error

    @property
    def cache_folder(self) -> Path:
        """The folder for caches of this collection."""
        return self.path.with_suffix(".cache")

    def require_model(self, embedding: EmbeddingSpec) -> None:
        """Raise ModelMismatch unless vectors of `embedding` are compatible with this collection."""
        if embedding != self.spec.embedding:
            ours, theirs = self.spec.embedding, embedding
            raise ModelMismatch(
                f"Collection '{self.spec.name}' was built with '{ours.model_id}' (revision {ours.revision}, "
                f"{ours.dimension} dimensions); these vectors come from '{theirs.model_id}' (revision "
                f"{theirs.revision}, {theirs.dimension} dimensions). Use the first model, or create a new collection."
            )

    def put_document(
        self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray, embedding: EmbeddingSpec
    ) -> None:
        """Store a document in one transaction, replacing an earlier one of the same name.

        Args:
            chunks: spans of the document; they get new ids, in this order.
            vectors: unit vectors float32 (len(chunks), dimension), by the model `embedding`.

        Raises:
            ModelMismatch: the vectors are from another model.
            CollectionError: they are not unit vectors, or a text contains a lone surrogate.
            ValueError: their number is wrong, or a chunk is not a span of the document.
        """
        self.require_model(embedding)
        if vectors.shape != (len(chunks), embedding.dimension):
            raise ValueError(f"expected vectors {(len(chunks), embedding.dimension)}, got {vectors.shape}")
        if any(document.text[chunk.start : chunk.end] != chunk.text for chunk in chunks):
            raise ValueError(f"the text of a chunk of '{document.name}' differs from its span")
        if not schema.are_unit(vectors):
            raise CollectionError(
                f"'{document.name}' was not stored: the model '{embedding.model_id}' produced embeddings that "
                "are not unit vectors. Use another embedding model."
            )
        try:
            with self.writing() as connection:
                connection.execute("DELETE FROM documents WHERE name = ?", (document.name,))
                last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
                first = last[0] + 1 if last else 1
                schema.insert_document(connection, document, chunks, range(first, first + len(chunks)), vectors)
        except UnicodeEncodeError as error:
            name = document.name.encode(errors="replace").decode()
            raise CollectionError(
                f"'{name}' was not stored: its name or text contains an incomplete character (a lone surrogate)."
            ) from error

    def delete_document(self, document_id: str) -> None:
        """Delete a document with its chunks and embeddings; does nothing if it does not exist."""
        self.delete_documents([document_id])

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete these documents in one transaction; ids that do not exist are ignored."""
        with self.writing() as connection:
            connection.execute(
                "DELETE FROM documents WHERE document_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(document_ids)),),
            )

    def generation(self) -> int:
        """A number that increases with every change; caches are keyed by it."""
        with self._reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])

    def setting(self, key: str) -> str | None:
        """A setting stored with the collection, such as its index; None if it was never set."""
        with self._reading() as connection:
            return schema.read_setting(connection, key)

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting with the collection; None removes it. The generation does not change.

        Raises:
            ValueError: the key is reserved for the collection.
        """
        if key in _RESERVED_KEYS:
            raise ValueError(f"'{key}' is not a setting: the key is reserved for the collection.")
        with self._transaction("BEGIN IMMEDIATE") as connection:
            schema.write_setting(connection, key, value)
            connection.execute("COMMIT")

    def documents(self) -> list[DocumentSummary]:
        """All documents by name, without their texts."""
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {SUMMARY_COLUMNS} FROM documents ORDER BY name").fetchall()
            counts = dict(connection.execute("SELECT document_id, count(*) FROM chunks GROUP BY document_id"))
        return [schema.summary_from_row(row, counts.get(row[0], 0)) for row in rows]

    def document_names(self, document_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by document id, for these documents (as far as they exist) or for all."""
        query = "SELECT document_id, name FROM documents"
        with self._reading() as connection:
            if document_ids is None:
                return dict(connection.execute(query))
            wanted = json.dumps(list(document_ids))
            return dict(connection.execute(f"{query} WHERE document_id IN (SELECT value FROM json_each(?))", (wanted,)))

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises CollectionError if it does not exist (any more)."""
        columns = DOCUMENT_COLUMNS[SCHEMA_VERSION]
        with self._reading() as connection:
            query = f"SELECT {columns} FROM documents WHERE document_id = ?"
            row = connection.execute(query, (document_id,)).fetchone()
        if row is None:
            raise CollectionError(f"Collection '{self.spec.name}' no longer contains this document. Reload the page.")
        return schema.document_from_row(row)

    def n_chunks(self) -> int:
        """Number of chunks."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def chunk_ids(self) -> IntArray:
        """The ids of all chunks, int64 (n,), ascending."""
        import numpy as np

        with self._reading() as connection:
            # Without ORDER BY, SQLite reads the small index instead of the chunks with their texts.
            ids = np.array(connection.execute("SELECT chunk_id FROM chunks").fetchall(), dtype=np.int64)
        return np.sort(ids.reshape(-1))

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order, without deleted ones; by default all chunks, by id."""
        with self._reading() as connection:
            if chunk_ids is None:
                rows = connection.execute(f"SELECT {CHUNK_COLUMNS} FROM chunks ORDER BY chunk_id").fetchall()
                return [schema.chunk_from_row(row) for row in rows]
            query = f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE chunk_id IN (SELECT value FROM json_each(?))"
            rows = connection.execute(query, (json.dumps([int(chunk_id) for chunk_id in chunk_ids]),)).fetchall()
        found = {chunk.chunk_id: chunk for chunk in map(schema.chunk_from_row, rows)}
        return [found[int(chunk_id)] for chunk_id in chunk_ids if int(chunk_id) in found]

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The chunks of one document in text order; empty if it does not exist."""
        query = f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY chunk_id"
        with self._reading() as connection:
            return [schema.chunk_from_row(row) for row in connection.execute(query, (document_id,))]

    def embeddings(self) -> tuple[IntArray, FloatArray]:
        """Chunk ids int64 (n,), ascending, and their unit vectors float32 (n, dimension)."""
        import numpy as np

        with self._reading() as connection:
            n = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
            ids, vectors = np.empty(n, np.int64), np.empty((n, self.spec.embedding.dimension), np.float32)
            cursor = connection.execute("SELECT chunk_id, vector FROM embeddings ORDER BY chunk_id")
            start = 0
            try:
                while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                    part = slice(start, start + len(rows))
                    ids[part] = [row[0] for row in rows]
                    vectors[part] = schema.vectors_from_blobs([row[1] for row in rows], vectors.shape[1])
                    start += len(rows)
            except ValueError as error:
                raise CollectionError(f"'{self.path.name}' is damaged: it contains {error}. Restore a copy.") from error
        return ids[:start], vectors[:start]

    def search_words(self, words: Sequence[str], k: int, only: frozenset[int] | None = None) -> list[tuple[int, float]]:
        """Chunk ids and BM25 scores (higher is better) of the k best chunks with any of the words.

        Args:
            only: the ids of the chunks to search in; their scores are the same as in a search of all.
        """
        if not words:
            return []
        query = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        # Without the plus sign, SQLite would run a separate word search for each of these chunks.
        within = "TRUE" if only is None else "+rowid IN (SELECT value FROM json_each(:only))"
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT rowid, -bm25(words) FROM words WHERE words MATCH :query AND {within} "
                "ORDER BY bm25(words), rowid LIMIT :k",
                {"query": query, "only": json.dumps(list(only or ())), "k": k},
            ).fetchall()
        return [(int(chunk_id), float(score)) for chunk_id, score in rows]

    def count_retrieved(self, chunk_ids: Sequence[int]) -> None:
        """Count one more retrieval for each of these chunks; deleted ids are ignored.

        The generation is unchanged: no cache depends on these counts.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            connection.execute(
                "INSERT INTO retrievals SELECT value, 1 FROM json_each(?) WHERE value IN (SELECT chunk_id FROM chunks) "
                "ON CONFLICT DO UPDATE SET times = times + 1",
                (json.dumps([int(chunk_id) for chunk_id in chunk_ids]),),
            )
            connection.execute("COMMIT")

    def retrieved_counts(self) -> dict[int, int]:
        """Retrieval counts by chunk id; chunks that were never counted are missing."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT chunk_id, times FROM retrievals ORDER BY chunk_id"))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """An exclusive write transaction: increases the generation at its end, and is rolled back on any exception.

        Outside this module, only `schema.insert_document` and `schema.insert_conversation` may be used in it.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
            connection.execute("COMMIT")

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A read transaction: a consistent state of the file."""
        return self._transaction("BEGIN")

    def _transaction(self, begin: Begin) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, self.uid, begin, shown_as=self.spec.name)


@contextmanager
def unfinished_collection(
    folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec
) -> Iterator[Collection]:
    """A new collection under a temporary name: moved into `folder` when the block ends, deleted if it fails.

    Raises:
        CollectionError: the name is taken or invalid, or the folder cannot be written.
    """
    spec, uid = CollectionSpec(name, embedding, chunking, SCHEMA_VERSION), uuid4().hex
    with unfinished_file(folder, spec, uid) as path:
        yield Collection(path, spec, uid)
