"""Document -> chunks: exact spans, never longer than the embedding model reads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.errors import DocumentError
from rag.types import Chunk, ChunkingSpec, Document, Fields

CountTokens = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]


def chunk_document(document: Document, chunking: ChunkingSpec, window: int, count_tokens: CountTokens) -> list[Chunk]:
    """Split at headings, paragraphs, sentences, words, in this order of preference.

    Args:
        chunking: at most `max_tokens` a chunk, and never more than `window`.
        window: the most tokens that the embedding model reads.
        count_tokens: how the embedding model counts them.

    Returns:
        Chunks in the order of the text; `document.text[c.start:c.end] == c.text`, and
        `c.n_tokens <= min(chunking.max_tokens, window)`.

    Raises:
        DocumentError: a single character has more tokens than a chunk may have.
    """
    capacity = min(chunking.max_tokens, window)
    if chunking.overlap >= capacity:
        raise ValueError(f"overlap must be below {capacity} tokens, got {chunking.overlap}")
    stretches: list[tuple[Span, Fields]] = [((row.start, row.end), row.fields) for row in document.rows]
    chunks = []
    for (start, end), fields in stretches or [((0, len(document.text)), ())]:
        spans = _split(document, start, end, replace(chunking, max_tokens=capacity), count_tokens)
        chunks += [_chunk(document, span, fields) for span in spans]
    counts = count_tokens([chunk.text for chunk in chunks])
    if counts and max(counts) > capacity:
        raise DocumentError(f"'{document.name}' has a piece that does not fit {capacity} tokens. Allow longer chunks.")
    return [replace(chunk, n_tokens=count) for chunk, count in zip(chunks, counts, strict=True)]


def _split(document: Document, start: int, end: int, chunking: ChunkingSpec, count_tokens: CountTokens) -> list[Span]:
    from semantic_text_splitter import MarkdownSplitter, TextSplitter

    text = document.text[start:end]
    splitter_class = MarkdownSplitter if document.headings else TextSplitter
    splitter = splitter_class.from_callback(
        lambda piece: count_tokens([piece])[0], chunking.max_tokens, overlap=chunking.overlap
    )
    return [(start + offset, start + offset + len(piece)) for offset, piece in splitter.chunk_indices(text)]


def _chunk(document: Document, span: Span, fields: Fields) -> Chunk:
    start, end = span
    text = document.text[start:end]
    heading = bisect_right(document.headings, start + _first_line(text), key=lambda item: item.start)
    page = bisect_right(document.pages, start)
    return Chunk(
        document_id=document.document_id,
        start=start,
        end=end,
        text=text,
        n_tokens=0,
        page=page or None,
        heading=document.headings[heading - 1].path if heading else "",
        fields=fields,
    )


def _first_line(text: str) -> int:
    """The offset at which the first line that is no heading begins: a chunk of title and section is of the section."""
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            return position
        position += len(line)
    return 0
