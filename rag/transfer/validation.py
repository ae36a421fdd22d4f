"""Whether values read from a file are such as this program stores: their types, and where they point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rag.conversations.titles import LONGEST_TITLE
from rag.store.schema import LARGEST_ID, ConversationRow, TurnRow
from rag.types import Chunk, ChunkingSpec, Document, Fields


def is_chunking(chunking: ChunkingSpec) -> bool:
    """Whether a document can be split like this."""
    return (
        0 <= chunking.overlap < chunking.max_tokens
        and chunking.min_tokens >= 0
        and 0 <= chunking.shared < chunking.sentences
        and 0 <= chunking.percentile <= 100
    )


def is_document(document: Document) -> bool:
    """Whether its parts have their types, and lie within its text."""
    end = len(document.text)
    texts = (
        document.document_id,
        document.name,
        document.media_type,
        document.sha256,
        document.language,
        document.text,
    )
    return (
        all(type(text) is str for text in (*texts, *document.notes))
        and bool(document.document_id and document.name)
        and _ascend(document.pages, end)
        and all(type(heading.path) is str for heading in document.headings)
        and _ascend([heading.start for heading in document.headings], end)
        and all(_is_span(row.start, row.end, end) and _are_fields(row.fields) for row in document.rows)
    )


def is_chunk(chunk: Chunk, document: Document) -> bool:
    """Whether it is a span of the document, and its parts have their types."""
    page = chunk.page
    return (
        _is_span(chunk.start, chunk.end, len(document.text))
        and document.text[chunk.start : chunk.end] == chunk.text
        and type(chunk.n_tokens) is int
        and chunk.n_tokens >= 0
        and (page is None or (type(page) is int and 1 <= page <= len(document.pages)))
        and type(chunk.heading) is str
        and _are_fields(chunk.fields)
        and 0 < chunk.chunk_id < LARGEST_ID
    )


def is_conversation(row: ConversationRow) -> bool:
    """Whether it has an id, a title, and a time with its zone. Raises ValueError for what is no time at all."""
    conversation_id, title, changed_at = row
    return (
        0 < conversation_id < LARGEST_ID
        and type(title) is str
        and 0 < len(title.strip()) <= len(title) <= LONGEST_TITLE
        and type(changed_at) is str
        and datetime.fromisoformat(changed_at).tzinfo is not None
    )


def is_turn(row: TurnRow) -> bool:
    """Whether its columns have their types; its record is not looked at."""
    turn_id, _, slot, is_chosen, question, answer, record = row
    return (
        0 < turn_id < LARGEST_ID
        and type(slot) is int
        and 0 <= slot < LARGEST_ID
        and type(is_chosen) is int
        and is_chosen in (0, 1)
        and all(type(text) is str for text in (question, answer, record))
    )


def _is_span(start: int, end: int, limit: int) -> bool:
    return type(start) is int and type(end) is int and 0 <= start <= end <= limit


def _ascend(offsets: Sequence[int], limit: int) -> bool:
    return all(type(offset) is int for offset in offsets) and list(offsets) == sorted(
        offset for offset in offsets if 0 <= offset <= limit
    )


def _are_fields(fields: Fields) -> bool:
    return all(type(text) is str for pair in fields for text in pair)
