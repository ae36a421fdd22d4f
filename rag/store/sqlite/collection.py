"""Collections in SQLite: documents, chunks and embeddings in one file, with one transaction per document."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from rag.access.person import require_editor
from rag.errors import CollectionError, first_problem
from rag.store import digests, records
from rag.store.collection import Collection, StoredVectors, require_fitting, surrogate_error
from rag.store.sqlite import damage, read_only, schema
from rag.store.sqlite.files import collection_names, collection_path
from rag.store.sqlite.reasons import reason_of
from rag.store.sqlite.schema import SCHEMA_VERSION
from rag.store.sqlite.transactions import WHAT_TO_DO, Begin, damaged, transaction, unfinished_file
from rag.types import Chunk, ChunkingSpec, CollectionSpec, Document, DocumentSummary, EmbeddingSpec

if TYPE_CHECKING:
    from rag.store.collection import Digests
    from rag.store.records import Part
    from rag.types import FloatArray, IntArray

_ROWS_AT_ONCE = 1024
RESERVED_KEYS = frozenset({"spec", "uid", "generation", "digest", schema.SPEC_DIGEST, schema.CONVERSATIONS_DIGEST})
_DIGEST_OF = "digest of "
"""What the key of a setting's digest begins with."""


class SqliteCollection(Collection):
    """A collection in one file. Every call opens the file separately; a read sees the state at its beginning."""

    def __init__(self, path: Path, spec: CollectionSpec, uid: str) -> None:
        self.path = path
        self.spec = spec
        self.uid = uid

    @classmethod
    def load(cls, folder: Path, name: str) -> SqliteCollection:
        """Open the file of the collection `name`; one of an earlier version is migrated, unless it is read-only.

        Raises:
            CollectionError: it is missing, damaged, of a newer version, or from another program.
        """
        path = collection_path(folder, name)
        if not path.is_file():
            there = ", ".join(f"'{other}'" for other in collection_names(folder)) or "none yet"
            raise CollectionError(f"There is no collection named '{name}'. Existing collections: {there}.")
        try:
            meta = _migrated_meta(path)
            spec = records.spec_from_json(meta["spec"], name, path.name, SCHEMA_VERSION)
            if meta.get(schema.SPEC_DIGEST) not in (None, schema.spec_digest(meta["uid"], meta["spec"])):
                raise ValueError("its description differs from what was stored")
            return cls(path, spec, meta["uid"])
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            if schema.is_hindered(error):
                raise CollectionError(f"'{path.name}' could not be opened: {reason_of(error)}. {WHAT_TO_DO}") from error
            raise CollectionError(
                f"'{path.name}' is not a readable collection: {reason_of(error)}. Nothing was changed. Restore a copy, "
                "or move the file away and ingest the documents again."
            ) from error

    @property
    def why_read_only(self) -> str:
        """Why documents cannot be changed now, and what to do, as sentences; empty if they can."""
        return read_only.why_not_writable(self.path)

    @property
    def is_protected(self) -> bool:
        """Whether the collection can be neither renamed nor deleted: its file or folder cannot be written."""
        return read_only.is_protected(self.path)

    @property
    def location(self) -> str:
        """The path of the file."""
        return str(self.path)

    def disk_bytes(self) -> int:
        """The size of the file in bytes."""
        return self.path.stat().st_size

    @property
    def cache_folder(self) -> Path:
        """The folder for caches of this collection."""
        return self.path.with_suffix(".cache")

    def put_parts(self, document: Document, parts: Iterable[Part], embedding: EmbeddingSpec) -> None:
        """Store a document in one transaction, see `Collection.put_parts`."""
        self.require_model(embedding)
        n_chunks = 0
        for chunks, vectors in parts:
            require_fitting(document, chunks, vectors, embedding)
            n_chunks += len(chunks)
        try:
            with self._writing() as connection:
                last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
                first = last[0] + 1 if last else 1
                staged = schema.stage_parts(connection, document, range(first, first + n_chunks), parts)
                connection.execute("DELETE FROM documents WHERE name = ?", (document.name,))
                schema.insert_staged(connection, staged)
        except UnicodeEncodeError as error:
            raise surrogate_error(document) from error

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete these documents in one transaction; ids that do not exist are ignored."""
        with self._writing() as connection:
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
            value = schema.read_setting(connection, key)
            digest = schema.read_setting(connection, _DIGEST_OF + key)
        if value is not None and digest not in (None, digests.of_setting(key, value)):
            raise damaged(self.spec.name, f"its setting '{key}' differs from what was stored")
        return value

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting with the collection; None removes it. The generation does not change.

        Raises:
            ValueError: the key is reserved for the collection.
        """
        require_editor()
        if key in RESERVED_KEYS:
            raise ValueError(f"'{key}' is not a setting: the key is reserved for the collection.")
        with self._transaction("BEGIN IMMEDIATE") as connection:
            schema.write_setting(connection, key, value)
            digest = None if value is None else digests.of_setting(key, value)
            schema.write_setting(connection, _DIGEST_OF + key, digest)
            connection.execute("COMMIT")

    def settings(self) -> dict[str, str]:
        """All settings stored with the collection, by key."""
        with self._reading() as connection:
            keys = [row[0] for row in connection.execute("SELECT key FROM meta ORDER BY key")]
        chosen = (key for key in keys if key not in RESERVED_KEYS and not key.startswith(_DIGEST_OF))
        return {key: value for key in chosen if (value := self.setting(key)) is not None}

    def documents(self) -> list[DocumentSummary]:
        """All documents by name, without their texts."""
        with self._reading() as connection:
            rows, counts = damage.summaries(connection), damage.counts(connection)
            return [records.summary_from_row(row, counts.get(row[0], 0)) for row in rows]

    def document_names(self, document_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by document id, for these documents (as far as they exist) or for all."""
        with self._reading() as connection:
            return {row[0]: row[1] for row in damage.summaries(connection, document_ids)}

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises CollectionError if it does not exist (any more)."""
        with self._reading() as connection:
            found = damage.document(connection, document_id)
        if found is None:
            raise CollectionError(f"Collection '{self.spec.name}' no longer contains this document. Reload the page.")
        return found

    def n_chunks(self) -> int:
        """Number of chunks."""
        with self._reading() as connection:
            return damage.n_chunks(connection)

    def chunk_ids(self) -> IntArray:
        """The ids of all chunks, int64 (n,), ascending."""
        import numpy as np

        with self._reading() as connection:
            # Without ORDER BY, SQLite reads the small index instead of the chunks with their texts.
            ids = np.array(connection.execute("SELECT chunk_id FROM chunks").fetchall(), dtype=np.int64)
        return np.sort(ids.reshape(-1))

    def chunk_digests(self) -> tuple[IntArray, Digests]:
        """The ids of all chunks, int64 (n,), ascending, and the digest of each, uint8 (n, 16)."""
        import numpy as np

        with self._reading() as connection:
            rows = list(damage.chunk_digests(connection))
        ids = np.array([chunk_id for chunk_id, _ in rows], dtype=np.int64)
        found = np.frombuffer(b"".join(digest for _, digest in rows), dtype=np.uint8)
        return ids, found.reshape(-1, digests.BYTES_OF_CHUNK)

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order, without deleted ones; by default all chunks, by id."""
        with self._reading() as connection:
            if chunk_ids is None:
                return damage.chunks(connection)
            return damage.chunks_with(connection, [int(chunk_id) for chunk_id in chunk_ids])

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The chunks of one document in text order; empty if it does not exist."""
        with self._reading() as connection:
            return damage.chunks_of(connection, document_id)

    def chunk_properties(self) -> list[records.ChunkRow]:
        """The rows of all chunks by id, with "" in place of their texts."""
        with self._reading() as connection:
            return list(damage.chunk_properties(connection))

    def ids_of_texts(self, accepts: Callable[[str], bool]) -> frozenset[int]:
        """Ids of the chunks whose text is accepted."""
        with self._reading() as connection:
            return frozenset(chunk_id for chunk_id, text in damage.texts(connection) if accepts(text))

    def stored_vectors(self) -> StoredVectors:
        """`embeddings` and `generation`, read in one transaction. The vectors are checked here, not at each search."""
        import numpy as np

        with self._reading() as connection:
            generation = schema.read_setting(connection, "generation")
            n = connection.execute("SELECT count(*) FROM embeddings").fetchone()[0]
            ids, vectors = np.empty(n, np.int64), np.empty((n, self.spec.embedding.dimension), np.float32)
            cursor = connection.execute("SELECT chunk_id, vector FROM embeddings ORDER BY chunk_id")
            start = 0
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                part = slice(start, start + len(rows))
                ids[part] = [row[0] for row in rows]
                vectors[part] = records.vectors_from_blobs([row[1] for row in rows], vectors.shape[1])
                start += len(rows)
            damage.require_vectors(connection, ids, vectors)
        return StoredVectors(int(generation or 0), ids, vectors)

    def vectors_of(self, document_id: str) -> tuple[IntArray, FloatArray]:
        """Ids int64 (n,) and unit vectors float32 (n, dimension) of one document's chunks, in text order."""
        import numpy as np

        query = "SELECT chunk_id, vector FROM chunks JOIN embeddings USING (chunk_id) WHERE document_id = ? ORDER BY 1"
        with self._reading() as connection:
            rows = connection.execute(query, (document_id,)).fetchall()
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            vectors = records.vectors_from_blobs([row[1] for row in rows], self.spec.embedding.dimension)
            damage.require_vectors_of(connection, document_id, ids, vectors)
        return ids, vectors

    def vectors_with(self, chunk_ids: Sequence[int]) -> tuple[IntArray, FloatArray]:
        """Those of these ids that exist, int64 (m,), ascending, and their unit vectors, float32 (m, dimension)."""
        import numpy as np

        query = "SELECT chunk_id, vector FROM embeddings WHERE chunk_id IN (SELECT value FROM json_each(?)) ORDER BY 1"
        with self._reading() as connection:
            rows = connection.execute(query, (json.dumps([int(one) for one in chunk_ids]),)).fetchall()
            vectors = records.vectors_from_blobs([row[1] for row in rows], self.spec.embedding.dimension)
        return np.array([row[0] for row in rows], dtype=np.int64), vectors

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
    def filling(self) -> Iterator[FileFilling]:
        """Add documents and conversations with their ids in one transaction."""
        with self._writing() as connection:
            yield FileFilling(connection)

    def engine(self) -> None:
        """None: a file does not search."""

    def reading_conversations(self) -> AbstractContextManager[sqlite3.Connection]:
        """A read transaction on the file."""
        return self._transaction("BEGIN")

    @contextmanager
    def writing_conversations(self) -> Iterator[sqlite3.Connection]:
        """A write transaction on the file, or on the copy in memory of a read-only one."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
            # The digest is that of the exported conversations; these differ now.
            schema.write_setting(connection, schema.CONVERSATIONS_DIGEST, None)
            connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """An exclusive write transaction: increases the generation at its end, and is rolled back on any exception."""
        require_editor()
        if self.path.exists() and (why := read_only.explain(self.path, self.spec.name)):
            raise CollectionError(why)
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
            connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: a consistent state of the file. Explains damage that is found in the block."""
        with self._transaction("BEGIN") as connection, self._explaining_damage(connection):
            yield connection

    @contextmanager
    def _explaining_damage(self, connection: sqlite3.Connection | None = None) -> Iterator[None]:
        """Turn what damaged content raises into CollectionError, with the documents' names from the connection."""
        try:
            yield
        except damage.Damage as error:
            raise damaged(self.spec.name, damage.describe(connection, error)) from error
        except (ValueError, TypeError, OverflowError) as error:
            what = first_problem(error) if isinstance(error, ValueError) else "a value has a wrong type"
            raise damaged(self.spec.name, what) from error

    def _transaction(self, begin: Begin) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, self.uid, begin, shown_as=self.spec.name)


class FileFilling:
    """Adds documents and conversations within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add_document(self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Add a document and its chunks with their ids."""
        try:
            schema.insert_document(self._connection, document, chunks, [chunk.chunk_id for chunk in chunks], vectors)
        except UnicodeEncodeError as error:
            raise surrogate_error(document) from error

    def add_conversation(
        self, conversation: schema.ConversationRow, turns: Sequence[schema.TurnRow], owner: str
    ) -> None:
        """Add a conversation of this owner and its turns with their ids."""
        schema.insert_conversation(self._connection, conversation, turns, owner)


@contextmanager
def unfinished_collection(
    folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec
) -> Iterator[SqliteCollection]:
    """A new collection under a temporary name: moved into `folder` when the block ends, deleted if it fails.

    Raises:
        CollectionError: the name is taken or invalid, or the folder cannot be written.
    """
    require_editor()
    spec, uid = CollectionSpec(name, embedding, chunking, SCHEMA_VERSION), uuid4().hex
    with unfinished_file(folder, spec, uid) as path:
        yield SqliteCollection(path, spec, uid)


def _migrated_meta(path: Path) -> dict[str, str]:
    """The table `meta` of the file, which is migrated if its version is earlier and it can be written."""
    read_only.note_migration(path, failed=False)
    mode: Literal["rw", "ro"] = "rw" if read_only.is_writable(path) else "ro"
    with closing(schema.connect(path, mode=mode)) as connection:
        if schema.file_version(connection, path.name) < SCHEMA_VERSION and mode == "rw":
            try:
                schema.migrate(connection)
            except sqlite3.Error as error:
                if not schema.is_unwritable(error):
                    raise
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                read_only.note_migration(path, failed=True)
        return dict(connection.execute("SELECT key, value FROM meta"))
