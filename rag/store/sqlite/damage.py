"""Damage: compare what is read from a collection file with the digests that were recorded when it was stored.

Every function that reads raises `Damage` if something differs or is missing, and sqlite3.Error. A read-only file of a
version before 5 has no digests: NOT_RECORDED is given instead and is accepted.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from rag.store import digests, records
from rag.store.digests import NOT_RECORDED, DocumentDigests
from rag.store.sqlite import schema
from rag.types import Chunk, Document

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_Part = TypeVar("_Part")
_Row = TypeVar("_Row", bound=tuple[object, ...])
_CHUNK_COLUMNS = f"{schema.CHUNK_COLUMNS}, digest"
_HALF = 8
_LISTED = 3
_WITHIN = "IN (SELECT value FROM json_each(?))"


class Damage(ValueError):
    """What was read differs from what was stored.

    Args:
        what: the damaged part, such as "the text".
        document_ids: the documents that it belongs to; empty if they are unknown.
    """

    def __init__(self, what: str, document_ids: Iterable[object] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.document_ids = tuple(map(str, document_ids))


def describe(connection: sqlite3.Connection | None, damage: Damage) -> str:
    """The damage in words, with the names of the documents: "the text of document 'x' differs from what was stored"."""
    query = f"SELECT name FROM documents WHERE document_id {_WITHIN} ORDER BY name"
    names: list[str] = []
    with suppress(sqlite3.Error):
        if connection and damage.document_ids:
            names = [str(row[0]) for row in connection.execute(query, (json.dumps(damage.document_ids),))]
    names = names or [f"(id {one})" for one in damage.document_ids]
    differs = f"{'differ' if damage.what.endswith('s') else 'differs'} from what was stored"
    if not names:
        return f"{damage.what} {differs}"
    listed = ", ".join(f"'{name}'" for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{damage.what} of {'document' if len(names) == 1 else 'documents'} {listed}{more} {differs}"


def recorded(connection: sqlite3.Connection, document_ids: Sequence[str] | None = None) -> dict[str, DocumentDigests]:
    """The recorded digests of these documents or of all, by document id."""
    query = f"SELECT {', '.join(DocumentDigests._fields)} FROM digests"
    rows: list[tuple[str, int, bytes, bytes, bytes, bytes]] = _select(connection, query, document_ids)
    return {row[0]: DocumentDigests(*row) for row in rows}


def summaries(connection: sqlite3.Connection, document_ids: Sequence[str] | None = None) -> list[records.SummaryRow]:
    """The rows of these documents (as far as they exist) or of all, by name, without their texts."""
    query = f"SELECT {schema.SUMMARY_COLUMNS} FROM documents"
    rows: list[records.SummaryRow] = _select(connection, query, document_ids, "ORDER BY name")
    expected = recorded(connection, document_ids)
    wrong = {row[0] for row in rows} ^ expected.keys()
    wrong |= {
        row[0] for row in rows if row[0] in expected and not _holds(expected[row[0]].summary, digests.of_summary, row)
    }
    if wrong:
        raise Damage("the entry", wrong)
    return rows


def document(connection: sqlite3.Connection, document_id: str) -> Document | None:
    """One document with its text; None if it does not exist."""
    columns = schema.DOCUMENT_COLUMNS[schema.SCHEMA_VERSION]
    row = connection.execute(f"SELECT {columns} FROM documents WHERE document_id = ?", (document_id,)).fetchone()
    expected = recorded(connection, [document_id]).get(document_id)
    if row is None and expected is None:
        return None
    if row is None or expected is None or not _holds(expected.summary, digests.of_summary, row):
        raise Damage("the entry", [document_id])
    if not _holds(expected.contents, digests.of_contents, row):
        raise Damage("the text", [document_id])
    return records.document_from_row(row)


def chunks(connection: sqlite3.Connection) -> list[Chunk]:
    """All chunks by id."""
    rows = connection.execute(f"SELECT {_CHUNK_COLUMNS} FROM chunks ORDER BY chunk_id").fetchall()
    found = list(map(_chunk, rows))
    _require_complete(_by_document((row[0], row[-1]) for row in rows), recorded(connection))
    return found


def chunks_of(connection: sqlite3.Connection, document_id: str) -> list[Chunk]:
    """The chunks of one document in text order; empty if it does not exist."""
    query = f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY chunk_id"
    rows = connection.execute(query, (document_id,)).fetchall()
    found = list(map(_chunk, rows))
    _require_complete(_by_document((row[0], row[-1]) for row in rows), recorded(connection, [document_id]))
    return found


def chunks_with(connection: sqlite3.Connection, chunk_ids: Sequence[int]) -> list[Chunk]:
    """The chunks with these ids, in this order, without deleted ones."""
    query = f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE chunk_id {_WITHIN}"
    found = {chunk.chunk_id: chunk for chunk in map(_chunk, connection.execute(query, (json.dumps(chunk_ids),)))}
    if missing := [chunk_id for chunk_id in chunk_ids if chunk_id not in found]:
        # The vector of a deleted chunk is deleted with it.
        left = f"SELECT count(*) FROM embeddings WHERE chunk_id {_WITHIN}"
        if connection.execute(left, (json.dumps(missing),)).fetchone()[0]:
            raise Damage("a chunk")
    return [found[chunk_id] for chunk_id in chunk_ids if chunk_id in found]


def chunk_properties(connection: sqlite3.Connection) -> Iterator[records.ChunkRow]:
    """The rows of all chunks by id, with "" for their texts."""
    columns = _CHUNK_COLUMNS.replace(" text,", " '',")
    found: dict[str, list[bytes]] = defaultdict(list)
    for *row, digest in connection.execute(f"SELECT {columns} FROM chunks ORDER BY chunk_id"):
        if not _holds(_half(digest, slice(None, _HALF)), digests.of_properties, row):
            raise Damage("a chunk", [row[0]])
        found[row[0]].append(digest)
        stored: records.ChunkRow = tuple(row)
        yield stored
    _require_complete(found, recorded(connection))


def texts(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Id and text of all chunks, in any order."""
    for chunk_id, text, digest, document_id in connection.execute(
        "SELECT chunk_id, text, digest, document_id FROM chunks"
    ):
        if not _holds(_half(digest, slice(_HALF, None)), digests.of_text, text):
            raise Damage("the text of a chunk", [document_id])
        yield chunk_id, text
    n_chunks(connection)


def chunk_digests(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Id and digest of all chunks, by id; the texts are not compared with them."""
    for chunk_id, digest, document_id in connection.execute(
        "SELECT chunk_id, digest, document_id FROM chunks ORDER BY chunk_id"
    ):
        if digest == NOT_RECORDED:
            digest = digests.of_chunk(records.chunk_row(chunks_with(connection, [chunk_id])[0], chunk_id))
        if not isinstance(digest, bytes) or len(digest) != 2 * _HALF:
            raise Damage("a chunk", [document_id])
        yield chunk_id, digest
    n_chunks(connection)


def n_chunks(connection: sqlite3.Connection) -> int:
    """Number of chunks."""
    n = int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])
    if n != connection.execute("SELECT coalesce(sum(n_chunks), 0) FROM digests").fetchone()[0]:
        counts(connection)
        raise Damage("the chunk count")
    return n


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Number of chunks by document id; documents without chunks are missing."""
    found = dict(connection.execute("SELECT document_id, count(*) FROM chunks GROUP BY document_id"))
    expected = {one.document_id: one.n_chunks for one in recorded(connection).values() if one.n_chunks}
    if wrong := dict(found.items() ^ expected.items()):
        raise Damage("the chunk count", wrong)
    return found


def require_vectors(connection: sqlite3.Connection, ids: IntArray, vectors: FloatArray) -> None:
    """Check all vectors, float32 (n, dimension), of the chunks with these ids, int64 (n,), ascending."""
    import numpy as np

    # Without ORDER BY, SQLite reads the small index instead of the chunks with their texts.
    rows = sorted(connection.execute("SELECT chunk_id, document_id FROM chunks"))
    expected = recorded(connection)
    if (chunk_ids := [row[0] for row in rows]) != ids.tolist():
        unmatched = set(chunk_ids) ^ set(ids.tolist())
        raise Damage("the chunk list", {row[1] for row in rows if row[0] in unmatched})
    number: dict[str, int] = {}
    documents = np.array([number.setdefault(row[1], len(number)) for row in rows], dtype=np.int64)
    order = np.argsort(documents, kind="stable")
    parts = np.split(order, np.bincount(documents).cumsum()[:-1]) if rows else []
    wrong = {one.document_id for one in expected.values() if one.n_chunks} ^ number.keys()
    for document_id, part in zip(number, parts, strict=True):
        # A slice is no copy, and most documents were stored without a gap.
        block = slice(part[0], part[-1] + 1) if part[-1] - part[0] + 1 == len(part) else part
        one = expected.get(document_id)
        if one is None or not _holds(one.vectors, lambda b: digests.of_vectors(ids[b], vectors[b]), block):
            wrong.add(document_id)
    if wrong:
        raise Damage("the embeddings", wrong)


def require_vectors_of(connection: sqlite3.Connection, document_id: str, ids: IntArray, vectors: FloatArray) -> None:
    """Check the vectors, float32 (n, dimension), of one document's chunks with these ids, int64 (n,), ascending."""
    expected = recorded(connection, [document_id]).get(document_id)
    if expected is not None and not _holds(expected.vectors, lambda one: digests.of_vectors(ids, one), vectors):
        raise Damage("the embeddings", [document_id])


def _select(
    connection: sqlite3.Connection, query: str, document_ids: Sequence[str] | None, order: str = ""
) -> list[_Row]:
    """The rows of these documents or of all."""
    if document_ids is None:
        return connection.execute(f"{query} {order}").fetchall()
    wanted = json.dumps(list(document_ids))
    return connection.execute(f"{query} WHERE document_id {_WITHIN} {order}", (wanted,)).fetchall()


def _chunk(row: tuple[object, ...]) -> Chunk:
    """The chunk of a row of _CHUNK_COLUMNS."""
    *columns, digest = row
    if not _holds(digest, digests.of_chunk, columns):
        raise Damage("a chunk", [columns[0]])
    stored: records.ChunkRow = tuple(columns)  # type: ignore[assignment]
    return records.chunk_from_row(stored)


def _require_complete(found: Mapping[str, Sequence[bytes]], expected: Mapping[str, DocumentDigests]) -> None:
    """Check that each document has all its chunks, by the digests found."""
    wrong = {document_id for document_id, one in expected.items() if one.n_chunks and document_id not in found}
    for document_id, chunk_digests in found.items():
        one = expected.get(document_id)
        if (
            one is None
            or len(chunk_digests) != one.n_chunks
            or not _holds(one.chunks, digests.of_chunks, chunk_digests)
        ):
            wrong.add(document_id)
    if wrong:
        raise Damage("the chunk list", wrong)


def _by_document(rows: Iterable[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for document_id, digest in rows:
        found[document_id].append(digest)
    return found


def _holds(expected: object, compute: Callable[[_Part], bytes], part: _Part) -> bool:
    """Whether the digest of this part is the expected one; a value of a wrong type has none."""
    if expected == NOT_RECORDED:
        return True
    try:
        return compute(part) == expected
    except (TypeError, ValueError, AttributeError):
        return False


def _half(digest: object, half: slice) -> object:
    """The first or second half of a chunk's digest."""
    return digest[half] if isinstance(digest, bytes) else digest
