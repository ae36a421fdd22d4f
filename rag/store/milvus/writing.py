"""Write documents to Milvus: their rows under a new version, which becomes visible when all of them are there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.store import digests, records
from rag.store.collection import surrogate_error
from rag.store.milvus.catalog import Entry
from rag.store.milvus.database import CollectionSql, advance_ids
from rag.store.milvus.place import ROWS_AT_ONCE, Place
from rag.store.sqlite.schema import CONVERSATION_COLUMNS, TURN_COLUMNS, ConversationRow, TurnRow
from rag.types import Chunk, Document

if TYPE_CHECKING:
    from rag.store.records import Part
    from rag.types import FloatArray

DOCUMENT = "document"
"""What the pieces of a document's contents are of."""
_FLUSHED_ROWS = 10_000
"""Rows after which a long document is flushed."""
_locks: dict[str, threading.Lock] = {}
_lock = threading.Lock()


def write_lock(uid: str) -> threading.Lock:
    """The lock of a collection in this process: Milvus Lite takes one writer at a time."""
    with _lock:
        return _locks.setdefault(uid, threading.Lock())


class DocumentWriter:
    """Writes one document's rows under a version."""

    def __init__(self, place: Place, document: Document, version: int) -> None:
        self._place = place
        self._document = document
        self._version = version
        self._chunk_digests: list[bytes] = []
        self._ids: list[int] = []

    def write(self, parts: Iterable[Part]) -> Entry:
        """Write chunks, which have their ids, and the document's contents; returns its entry for the catalog."""
        row = records.document_row(self._document)
        self._place.insert_text(self._version, DOCUMENT, json.dumps(row, ensure_ascii=False))
        n_flushed = 0
        for chunks, vectors in parts:
            self._write_chunks(chunks, vectors)
            if len(self._ids) - n_flushed >= _FLUSHED_ROWS:
                self._place.flush()
                self._place.catalog.keep_alive(self._place.uid, self._version)
                n_flushed = len(self._ids)
        blobs = (vector.tobytes() for _, vectors in parts for vector in vectors.astype("<f4", copy=False))
        found = digests.of_document(row, self._chunk_digests, self._ids, blobs)
        first, last = (self._ids[0], self._ids[-1]) if self._ids else (0, -1)
        return Entry(self._version, row[:8], first, last, found)

    def _write_chunks(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        for start in range(0, len(chunks), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            rows = []
            for chunk, vector in zip(chunks[part], vectors[part], strict=True):
                values, longer = self._place.chunk_values(chunk, self._version, vector)
                for of, text in longer.items():
                    self._place.insert_text(self._version, of, text)
                rows.append(values)
                self._chunk_digests.append(bytes.fromhex(values["digest"]))
                self._ids.append(chunk.chunk_id)
            self._place.insert_chunks(rows)


class _NumberedParts:
    """Parts whose chunks get ids from `first` on; read as often as wanted."""

    def __init__(self, parts: Iterable[Part], first: int) -> None:
        self._parts = parts
        self._first = first

    def __iter__(self) -> Iterator[Part]:
        chunk_id = self._first
        for chunks, vectors in self._parts:
            numbered = [replace(chunk, chunk_id=chunk_id + i) for i, chunk in enumerate(chunks)]
            chunk_id += len(chunks)
            yield numbered, vectors


def put(place: Place, document: Document, parts: Iterable[Part], n_chunks: int) -> None:
    """Store a document, wholly or not at all, with new ids for its chunks, replacing an earlier one of its name.

    Raises:
        CollectionError: it cannot be stored.
    """
    _require_encodable(document)
    with write_lock(place.uid):
        sweep(place)
        version, first = place.catalog.reserve(place.uid, place.shown_as, document.name, n_chunks)
        with _given_up(place, [version], document):
            entry = DocumentWriter(place, document, version).write(_NumberedParts(parts, first))
            place.catalog.publish(place.uid, place.shown_as, [entry])


class MilvusFilling:
    """Adds documents and conversations with their ids; the documents become visible together, at the end."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.entries: list[Entry] = []
        self.versions: list[int] = []
        self._n_rows = 0

    def add_document(self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Add a document and its chunks with their ids."""
        _require_encodable(document)
        version, _ = self._place.catalog.reserve(self._place.uid, self._place.shown_as, document.name, 0)
        self.versions.append(version)
        try:
            self.entries.append(DocumentWriter(self._place, document, version).write([(chunks, vectors)]))
        except UnicodeEncodeError as error:
            raise surrogate_error(document) from error
        self._n_rows += len(chunks)
        if self._n_rows >= _FLUSHED_ROWS:
            self._place.flush()
            self._n_rows = 0

    def add_conversation(self, conversation: ConversationRow, turns: Sequence[TurnRow], owner: str) -> None:
        """Add a conversation of this owner and its turns with their ids."""
        with self._place.catalog.database.writing() as connection:
            sql = CollectionSql(connection, self._place.uid)
            for table, columns, rows in (
                ("conversations", f"{CONVERSATION_COLUMNS}, owner", [(*conversation, owner)]),
                ("turns", TURN_COLUMNS, turns),
            ):
                places = ", ".join("?" * len(columns.split(",")))
                for row in rows:
                    sql.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", row)
            advance_ids(connection, self._place.uid)


@contextmanager
def filling(place: Place) -> Iterator[MilvusFilling]:
    """Add documents and conversations with their ids, and make the documents visible at the end of the block."""
    made = MilvusFilling(place)
    with write_lock(place.uid), _given_up(place, made.versions, None):
        yield made
        if made.entries:
            place.flush()
        place.catalog.publish(place.uid, place.shown_as, made.entries)


def sweep(place: Place, *, at_start: bool = False) -> None:
    """Delete the rows of versions that left, and of those whose writer is gone."""
    if versions := place.catalog.to_sweep(place.uid, at_start=at_start):
        place.delete_versions(versions)
        place.catalog.swept(place.uid, versions)


@contextmanager
def _given_up(place: Place, versions: Sequence[int], document: Document | None) -> Iterator[None]:
    """Hide what was written if the block fails; UnicodeEncodeError becomes a CollectionError."""
    try:
        yield
    except BaseException as error:
        for version in versions:
            place.catalog.hide(place.uid, version)
        if isinstance(error, UnicodeEncodeError) and document is not None:
            raise surrogate_error(document) from error
        raise


def _require_encodable(document: Document) -> None:
    """Raise CollectionError if the document contains half a character; nothing is written then."""
    try:
        "".join(map(str, records.document_row(document))).encode()
    except UnicodeEncodeError as error:
        raise surrogate_error(document) from error
