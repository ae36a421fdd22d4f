"""Untrusted collection files: read a file from any source, checking everything in it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rag.conversations.record import turn_from_json
from rag.errors import CollectionError, first_problem
from rag.store import digests, records
from rag.store.sqlite import damage, schema
from rag.store.sqlite.reasons import reason_of
from rag.transfer.validation import is_chunk, is_chunking, is_conversation, is_document, is_turn
from rag.types import Chunk, CollectionSpec, Document

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from rag.types import FloatArray

_T = TypeVar("_T")
_MAGIC = b"SQLite format 3\0"
_ROLLBACK_JOURNAL = b"\x01\x01"
# The schema version in every digest: the one that introduced digests, so that the same contents have the same digest.
_DIGESTED_AS = 2
_MODEL_NAME = re.compile(r"(?:ollama:|openai:)?\w[\w.-]*(?:/\w[\w.-]*){0,2}(?::[\w.-]+)?")
"""A name on the Hugging Face hub ("owner/name") or of a server ("ollama:name:tag"), and no path."""
_LONGEST_QUOTE = 120
_CHOOSE_ANOTHER = "Choose a file that was exported by Embedding Explorer."


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with its chunks and their unit vectors float32 (len(chunks), dimension)."""

    document: Document
    chunks: list[Chunk]
    vectors: FloatArray


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation's row and the rows of its turns, in the order of their ids."""

    row: schema.ConversationRow
    turns: list[schema.TurnRow]


class UntrustedCollection:
    """An open file whose contents are checked as they are read.

    The digests cover what `contents` and `conversations` have yielded so far.
    """

    def __init__(self, connection: sqlite3.Connection, shown_as: str, meta: dict[str, str], spec: CollectionSpec):
        self.spec = spec
        self._connection = connection
        self._shown_as = shown_as
        self._meta = meta
        self._hash = hashlib.sha256(_digested(spec).encode())
        self._conversations_hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """What an exported file stores as "digest": its generation and the SHA-256 of its contents."""
        return f"{self._meta['generation']}:{self._hash.hexdigest()}"

    @property
    def conversations_digest(self) -> str:
        """What an exported file stores as `schema.CONVERSATIONS_DIGEST`: the SHA-256 of its conversations."""
        return self._conversations_hash.hexdigest()

    def contents(self) -> Iterator[StoredDocument]:
        """All documents in the order in which they were stored.

        Raises:
            CollectionError: the contents are malformed, or differ from the exported ones.
        """
        with _reporting_damage(self._shown_as):
            version = schema.file_version(self._connection, self._shown_as)
            query = f"SELECT {schema.DOCUMENT_COLUMNS[version]} FROM documents ORDER BY rowid"
            n_chunks = 0
            for row in self._connection.execute(query):
                stored = self._document(row)
                n_chunks += len(stored.chunks)
                yield stored
            for table in ("chunks", "embeddings"):
                n = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                _require(n == n_chunks, f"it has {n} {table} where {n_chunks} belong to its documents")
            kept = self._meta.get("digest", "")
            is_current = kept.partition(":")[0] == self._meta["generation"]
            _require(kept == self.digest or not is_current, "its contents differ from the exported ones")

    def conversations(self) -> Iterator[StoredConversation]:
        """All conversations in the order of their ids; none in a file of a version before 4.

        Raises:
            CollectionError: the contents are malformed, or differ from the exported ones.
        """
        with _reporting_damage(self._shown_as):
            if schema.file_version(self._connection, self._shown_as) < 4:
                return
            n_turns = 0
            query = f"SELECT {schema.CONVERSATION_COLUMNS} FROM conversations ORDER BY conversation_id"
            for row in self._connection.execute(query):
                stored = self._conversation(row)
                n_turns += len(stored.turns)
                yield stored
            n = self._connection.execute("SELECT count(*) FROM turns").fetchone()[0]
            _require(n == n_turns, f"it has {n} turns where {n_turns} belong to its conversations")
            kept = self._meta.get(schema.CONVERSATIONS_DIGEST, self.conversations_digest)
            _require(kept == self.conversations_digest, "its conversations differ from the exported ones")

    def _conversation(self, row: schema.ConversationRow) -> StoredConversation:
        query = f"SELECT {schema.TURN_COLUMNS} FROM turns WHERE conversation_id = ? ORDER BY turn_id"
        turns = self._connection.execute(query, row[:1]).fetchall()
        what = f"its conversation '{row[1]}'"
        _require_types(_row_types().conversation, row, f"{what} is malformed")
        _require_types(_row_types().turns, turns, f"a turn of {what} is malformed")
        _require(is_conversation(row), f"{what} is malformed")
        _require(all(map(is_turn, turns)), f"a turn of {what} is malformed")
        chosen = [slot for _, _, slot, is_chosen, *_ in turns if is_chosen]
        _require(
            sorted(chosen) == sorted({turn[2] for turn in turns}),
            f"{what} does not have exactly one chosen turn per question",
        )
        for *_, question, answer, record in turns:
            try:
                exchange = turn_from_json(record).exchange
            except CollectionError as error:
                raise CollectionError(f"'{self._shown_as}', conversation '{row[1]}': {error}") from error
            _require((exchange.question, exchange.answer) == (question, answer), f"a turn of {what} is malformed")
        self._conversations_hash.update(json.dumps([row, turns]).encode())
        return StoredConversation(row, turns)

    def _document(self, row: records.DocumentRow) -> StoredDocument:
        what = f"its document '{row[1]}'"
        _require_types(_row_types().document, row, f"{what} is malformed")
        document = records.document_from_row(row)
        _require(is_document(document) and records.document_row(document) == row, f"{what} is malformed")
        columns = schema.chunk_columns(schema.file_version(self._connection, self._shown_as))
        query = (
            f"SELECT vector, {columns} FROM chunks LEFT JOIN embeddings USING (chunk_id) "
            "WHERE document_id = ? ORDER BY chunk_id"
        )
        found = self._connection.execute(query, (document.document_id,)).fetchall()
        blobs = [blob for blob, *_ in found]
        _require(all(type(blob) is bytes for blob in blobs), f"{what} has a chunk without an embedding")
        rows: list[records.ChunkRow] = [one[1:] for one in found]
        _require_types(_row_types().chunks, rows, f"a chunk of {what} is malformed")
        chunks = list(map(records.chunk_from_row, rows))
        for chunk, stored in zip(chunks, rows, strict=True):
            is_as_stored = is_chunk(chunk, document) and records.chunk_row(chunk, chunk.chunk_id) == stored
            _require(is_as_stored, f"a chunk of {what} is malformed")
        self._require_digests(row, rows, blobs)
        vectors = records.vectors_from_blobs(blobs, self.spec.embedding.dimension)
        _require(records.are_unit(vectors), f"{what} has embeddings that are not unit vectors")
        self._hash.update(json.dumps([row, list(map(digests.digested, rows))]).encode())
        self._hash.update(b"".join(blobs))
        return StoredDocument(document, chunks, vectors)

    def _require_digests(
        self, row: records.DocumentRow, rows: Sequence[records.ChunkRow], blobs: Sequence[bytes]
    ) -> None:
        """Require what was recorded when the document was stored; files of a version before 5 have no digests."""
        if schema.file_version(self._connection, self._shown_as) < schema.DIGESTS_SINCE:
            return
        stored = damage.recorded(self._connection, [row[0]]).get(row[0])
        found = digests.of_document(row, list(map(digests.of_chunk, rows)), [one[-1] for one in rows], blobs)
        _require(stored == found, f"its document '{row[1]}' differs from what was stored")


@contextmanager
def open_untrusted(path: Path, shown_as: str) -> Iterator[UntrustedCollection]:
    """Open a collection file from any source for reading, without changing it.

    Raises:
        CollectionError: the file is missing, not a collection, of a newer version, or damaged.
    """
    _require_header(path, shown_as)
    with _reporting_damage(shown_as):
        connection = schema.connect(path, mode="ro")
    with closing(connection):
        with _reporting_damage(shown_as):
            collection = _checked(connection, shown_as)
        yield collection


def _digested(spec: CollectionSpec) -> str:
    """What the digest of contents covers of the spec; chunks had no context line before version 7."""
    values = json.loads(records.spec_to_json(replace(spec, schema_version=_DIGESTED_AS)))
    if not spec.chunking.context:
        del values["chunking"]["context"]
    return json.dumps(values)


def _checked(connection: sqlite3.Connection, shown_as: str) -> UntrustedCollection:
    """The collection, after checks of the version, the tables, the file's integrity and the description."""
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    version = schema.file_version(connection, shown_as)
    if schema.stored_objects(connection) != schema.expected_objects(version):
        raise CollectionError(f"'{shown_as}' is not a collection: its tables are missing. {_CHOOSE_ANOTHER}")
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    _require(found == "ok", str(found))
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    spec = records.spec_from_json(meta["spec"], "", shown_as, schema.SCHEMA_VERSION)
    is_as_stored = meta.get(schema.SPEC_DIGEST) in (None, schema.spec_digest(meta["uid"], meta["spec"]))
    _require(is_as_stored, "its description differs from what was stored")
    _require(is_chunking(spec.chunking) and meta["generation"].isdecimal(), "its description is malformed")
    _require_model_name(spec.embedding.model_id, shown_as)
    return UntrustedCollection(connection, shown_as, meta, spec)


def _require_model_name(model_id: str, shown_as: str) -> None:
    """Refuse a folder or another path as the embedding model: a file from elsewhere does not choose what is loaded."""
    if not _MODEL_NAME.fullmatch(model_id):
        raise CollectionError(
            f"'{shown_as}' names '{model_id[:_LONGEST_QUOTE]}' as its embedding model, which is a path, not the "
            "name of a model. On the machine where it was made, re-embed it with a model of the Hugging Face hub or of "
            "Ollama, and export it again."
        )


def embedding_model_of(path: Path, shown_as: str) -> str:
    """The name of the embedding model of a collection file. Raises CollectionError as `open_untrusted` does."""
    with open_untrusted(path, shown_as) as source:
        return source.spec.embedding.model_id


@contextmanager
def _reporting_damage(shown_as: str) -> Iterator[None]:
    """Turn every error that a malformed file can cause into a CollectionError."""
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        if schema.is_hindered(error):
            raise CollectionError(
                f"'{shown_as}' could not be read: {reason_of(error)}. Close other programs that use it, or choose "
                "a copy."
            ) from error
        what = first_problem(error) if isinstance(error, ValueError) else reason_of(error)
        raise CollectionError(
            f"'{shown_as}' is damaged: {what}. Nothing was changed. Use another copy, or export it again."
        ) from error


@dataclass(frozen=True, slots=True)
class _RowTypes:
    """Adapters that check the types of rows as SQLite returns them."""

    document: TypeAdapter[records.DocumentRow]
    chunks: TypeAdapter[list[records.ChunkRow]]
    conversation: TypeAdapter[schema.ConversationRow]
    turns: TypeAdapter[list[schema.TurnRow]]


@cache
def _row_types() -> _RowTypes:
    from pydantic import TypeAdapter

    return _RowTypes(
        document=TypeAdapter(records.DocumentRow),
        chunks=TypeAdapter(list[records.ChunkRow]),
        conversation=TypeAdapter(schema.ConversationRow),
        turns=TypeAdapter(list[schema.TurnRow]),
    )


def _require_types(adapter: TypeAdapter[_T], rows: _T, otherwise: str) -> None:
    try:
        adapter.validate_python(rows, strict=True)
    except ValueError as error:
        raise ValueError(otherwise) from error


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _require_header(path: Path, shown_as: str) -> None:
    """Raise CollectionError if the file is not a SQLite database, is truncated, or would be changed by reading."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
        size = path.stat().st_size
    except OSError as error:
        raise CollectionError(
            f"'{shown_as}' could not be read: {error.strerror}. Check its path and its permissions."
        ) from error
    if not header.startswith(_MAGIC) or len(header) < 100 or header[18:20] != _ROLLBACK_JOURNAL:
        raise CollectionError(f"'{shown_as}' is not a collection. {_CHOOSE_ANOTHER}")
    page_size = int.from_bytes(header[16:18], "big")
    expected = (65536 if page_size == 1 else page_size) * int.from_bytes(header[28:32], "big")
    if size < expected:
        raise CollectionError(
            f"'{shown_as}' is incomplete: it has {size:,} of its {expected:,} bytes. Copy or export it again."
        )
