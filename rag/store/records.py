"""Records: documents, chunks and specs as the plain values that a store keeps, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from rag.errors import CollectionError, first_problem
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

SummaryRow = tuple[str, str, str, str, int, int, str, str]
"""Id, name, media type, SHA-256, numbers of characters and pages, language, and notes (JSON) of a document."""
DocumentRow = tuple[str, str, str, str, int, int, str, str, str, str, str, str]
"""A SummaryRow, and pages, headings and rows (JSON), and the text."""
ChunkRow = tuple[str, int, int, str, int, int | None, str, str, str, int]
"""Document id, start, end, text, number of tokens, page, heading, fields (JSON), context line, and chunk id."""
_UNIT_TOLERANCE = 0.01
_NO_ITEMS = "[]"
_ITEMS_AT_ONCE = 1_024
_Spec = TypeVar("_Spec", EmbeddingSpec, ChunkingSpec)


def spec_to_json(spec: CollectionSpec) -> str:
    """Serialize the spec."""
    return json.dumps(asdict(spec))


def spec_from_json(stored: str, name: str, shown_as: str, schema_version: int) -> CollectionSpec:
    """Read a stored spec for the collection's current `name` and version; missing fields get their defaults.

    Raises:
        CollectionError: it has fields or values unknown to this version.
        ValueError, KeyError, TypeError: it is damaged.
    """
    values = json.loads(stored)
    embedding = _validated(_adapters().embedding, values["embedding"], shown_as)
    chunking = _validated(_adapters().chunking, values["chunking"], shown_as)
    if embedding.dimension < 1:
        raise ValueError(f"a dimension of {embedding.dimension}")
    return CollectionSpec(name, embedding, chunking, schema_version)


def summary_from_row(row: SummaryRow, n_chunks: int) -> DocumentSummary:
    """Convert a row to a summary."""
    identity, name, media_type, sha256, n_characters, n_pages, language, notes = row
    return DocumentSummary(identity, name, media_type, sha256, n_characters, n_pages, n_chunks, language, _texts(notes))


def document_row(document: Document) -> DocumentRow:
    """Convert a document to a row. Raises UnicodeEncodeError if a text cannot be stored."""
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
    """Convert a chunk to a row. Raises UnicodeEncodeError if a text cannot be stored."""
    where = (chunk.document_id, chunk.start, chunk.end, chunk.text, chunk.n_tokens)
    return (*where, chunk.page, chunk.heading, _json(chunk.fields), chunk.context, chunk_id)


def chunk_from_row(row: ChunkRow) -> Chunk:
    """Convert a row to a chunk. Raises ValueError if its fields are not pairs of texts."""
    document_id, start, end, text, n_tokens, page, heading, items, context, chunk_id = row
    return Chunk(document_id, start, end, text, n_tokens, page, heading, fields_from_json(items), chunk_id, context)


def fields_from_json(stored: str) -> Fields:
    """Read the stored fields of a chunk. Raises ValueError if they are not pairs of texts."""
    return () if stored == _NO_ITEMS else _adapters().fields.validate_json(stored, strict=True)


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


def newer(shown_as: str) -> CollectionError:
    """The error for a collection of a newer version of this program."""
    return CollectionError(
        f"'{shown_as}' was created by a newer version of this program. Update the program to open it."
    )


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
