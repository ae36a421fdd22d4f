"""Validate rows read from a collection file: ranges and references. Their types are already checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rag.conversations.titles import LONGEST_TITLE
from rag.store.sqlite.schema import LARGEST_ID, ConversationRow, TurnRow
from rag.types import Chunk, ChunkingSpec, Document


def is_chunking(chunking: ChunkingSpec) -> bool:
    """Whether these settings can split a document."""
    return (
        0 <= chunking.overlap < chunking.max_tokens
        and chunking.min_tokens >= 0
        and 0 <= chunking.shared < chunking.sentences
        and 0 <= chunking.percentile <= 100
    )


def is_document(document: Document) -> bool:
    """Whether it has an id and a name, and its pages, headings and rows lie within its text."""
    end = len(document.text)
    return (
        bool(document.document_id and document.name)
        and _ascend(document.pages, end)
        and _ascend([heading.start for heading in document.headings], end)
        and all(_is_span(row.start, row.end, end) for row in document.rows)
    )


def is_chunk(chunk: Chunk, document: Document) -> bool:
    """Whether it is a span of the document, on one of its pages, with an id."""
    return (
        _is_span(chunk.start, chunk.end, len(document.text))
        and document.text[chunk.start : chunk.end] == chunk.text
        and chunk.n_tokens >= 0
        and (chunk.page is None or 1 <= chunk.page <= len(document.pages))
        and 0 < chunk.chunk_id < LARGEST_ID
    )


def is_conversation(row: ConversationRow) -> bool:
    """Whether its id and title are valid and its time has a time zone. Raises ValueError for any other text."""
    conversation_id, title, changed_at = row
    return (
        0 < conversation_id < LARGEST_ID
        and 0 < len(title.strip()) <= len(title) <= LONGEST_TITLE
        and datetime.fromisoformat(changed_at).tzinfo is not None
    )


def is_turn(row: TurnRow) -> bool:
    """Whether its id, slot and `is_chosen` are in range; its record is not checked."""
    turn_id, _, slot, is_chosen, *_ = row
    return 0 < turn_id < LARGEST_ID and 0 <= slot < LARGEST_ID and is_chosen in (0, 1)


def _is_span(start: int, end: int, limit: int) -> bool:
    return 0 <= start <= end <= limit


def _ascend(offsets: Sequence[int], limit: int) -> bool:
    return list(offsets) == sorted(offset for offset in offsets if 0 <= offset <= limit)
