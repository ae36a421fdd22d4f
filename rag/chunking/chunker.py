"""Chunking: split a document into chunks, exact spans of its text within the embedding model's token limit.

Preparing a text takes most of the time and depends only on the embedding model. A prepared text is then split by any
`ChunkingSpec` in a few milliseconds, by arithmetic on the positions at which it may be cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.chunking.context_line import ContextLines
from rag.chunking.cut_points import extends
from rag.chunking.parts import document_parts
from rag.chunking.prepared_text import PreparedText, prepare, with_likeness
from rag.chunking.strategies import split
from rag.chunking.table_rows import cell_starts
from rag.errors import DocumentError
from rag.types import Chunk, ChunkingSpec, Document, Strategy, TextTokenizer

if TYPE_CHECKING:
    from rag.chunking.prepared_text import Encode

PreparedPart = tuple[int, PreparedText]
"""The offset of a part in the text of its document, and the part."""
_ROOM_FOR_CONTEXT = 2
"""Tokens in reserve, if words may have more tokens in context than alone."""


@dataclass(frozen=True, slots=True)
class _Sized:
    """A span of the text and the number of tokens it has when it is tokenized alone."""

    start: int
    end: int
    n_tokens: int


def chunk_document(
    document: Document,
    chunking: ChunkingSpec,
    window: int,
    tokenizer: TextTokenizer,
    encode: Encode | None = None,
) -> list[Chunk]:
    """Split a document: the chunks of `chunk_parts` in one list. Arguments and errors as there."""
    return [chunk for chunks in chunk_parts(document, chunking, window, tokenizer, encode) for chunk in chunks]


def chunk_parts(
    document: Document,
    chunking: ChunkingSpec,
    window: int,
    tokenizer: TextTokenizer,
    encode: Encode | None = None,
) -> Iterator[list[Chunk]]:
    """Split a document part by part, so that memory does not grow with its length; yields the chunks of each part.

    A part is prepared when it is asked for. Only "semantic" looks at the whole document at once, because it compares
    all its sentences.

    Args:
        encode: texts -> unit vectors; required for the strategy "semantic", and called only there.

    Raises:
        DocumentError, ValueError: see `chunk_prepared`.
    """
    yield from chunk_prepared(
        document, prepared_parts(document, tokenizer, chunking.strategy, encode), chunking, window
    )


def prepared_parts(
    document: Document, tokenizer: TextTokenizer, strategy: Strategy, encode: Encode | None = None
) -> Iterator[PreparedPart]:
    """The parts that a document is split in with this strategy, each prepared when it is asked for.

    Args:
        encode: as in `chunk_parts`.
    """
    if strategy == "semantic":
        prepared = prepare(document, tokenizer)
        yield 0, with_likeness(prepared, encode) if encode is not None else prepared
        return
    for start, part in document_parts(document):
        yield start, prepare(part, tokenizer)


def chunk_prepared(
    document: Document, parts: Iterable[PreparedPart], chunking: ChunkingSpec, window: int
) -> Iterator[list[Chunk]]:
    """Split the prepared parts of a document, which can be split again by another spec in a few milliseconds.

    "recursive", "sentences" and "semantic" begin a new chunk at every heading, so a chunk belongs to one section and
    shares no tokens with the section before it. Sections shorter than `min_tokens` are the exception. "fixed" only
    counts tokens. No strategy crosses a table row.

    Args:
        chunking: a chunk has at most `max_tokens` tokens, and never more than `window` with its context line.
        window: the largest number of tokens that the embedding model reads.

    Yields:
        The chunks of each part, in the order of the text, their starts and ends ascending;
        `document.text[c.start:c.end] == c.text`, and `c.n_tokens <= min(chunking.max_tokens, window)`.
        Every non-space character is in at least one chunk.

    Raises:
        DocumentError: a single character has more tokens than a chunk may have, or the window leaves no room for
            anything but the overlap.
        ValueError: the spec contradicts itself, or it is semantic and the text was prepared without `with_likeness`.
    """
    room: _Room | None = None
    for start, prepared in parts:
        room = room or _Room.of(document, chunking, window, prepared.tokenizer)
        chunks = _split(prepared, chunking, room)
        yield [replace(chunk, start=chunk.start + start, end=chunk.end + start) for chunk in chunks]


@dataclass(frozen=True, slots=True)
class _Room:
    """What a whole document decides for each of its parts: its context lines, and the tokens that a chunk may have."""

    lines: ContextLines | None
    capacity: int
    window: int

    @classmethod
    def of(cls, document: Document, chunking: ChunkingSpec, window: int, tokenizer: TextTokenizer) -> _Room:
        lines = ContextLines.of(document, tokenizer, window) if chunking.context else None
        capacity = min(chunking.max_tokens, window - (lines.most_tokens(document) if lines else 0))
        return cls(lines, capacity, window)


def _split(prepared: PreparedText, chunking: ChunkingSpec, room: _Room) -> list[Chunk]:
    _require_valid(prepared, chunking, room.window)
    capacity, lines = room.capacity, room.lines
    # The reserve saves most chunks from being cut again.
    most = capacity if prepared.tokenizer.adds_up else max(capacity - _ROOM_FOR_CONTEXT, 1)
    spec = replace(chunking, max_tokens=most, min_tokens=min(chunking.min_tokens, most))
    spec = replace(spec, overlap=min(chunking.overlap, most - 1))
    pieces = split(prepared.cuts, prepared.sections, spec, prepared.likeness)
    chunks = [_chunk(prepared, sized) for sized in _sized(prepared, pieces, capacity)]
    if lines is None:
        return chunks
    return [replace(chunk, context=lines.line(chunk.heading, chunk.text, chunk.fields)) for chunk in chunks]


def _require_valid(prepared: PreparedText, chunking: ChunkingSpec, window: int) -> None:
    if chunking.max_tokens < 1 or not 0 <= chunking.overlap < chunking.max_tokens:
        raise ValueError(f"overlap must be from 0 to below max_tokens, got {chunking.overlap} of {chunking.max_tokens}")
    if not 0 <= chunking.shared < chunking.sentences:
        raise ValueError(f"shared must be from 0 to below sentences, got {chunking.shared} of {chunking.sentences}")
    if not 0 <= chunking.percentile <= 100:
        raise ValueError(f"percentile must be from 0 to 100, got {chunking.percentile}")
    if chunking.strategy == "semantic" and prepared.likeness is None:
        raise ValueError("semantic chunking needs sentence embeddings: pass encode, or call with_likeness first")
    if chunking.strategy in ("recursive", "fixed") and chunking.overlap >= window:
        raise DocumentError(
            f"The overlap is {chunking.overlap} tokens, but this embedding model reads only {window} tokens at once. "
            "Choose a smaller overlap or a model with a longer window."
        )


def _sized(prepared: PreparedText, pieces: Sequence[tuple[int, int]], capacity: int) -> list[_Sized]:
    """The pieces as spans within the capacity; where the sum of their tokens may be wrong, they are counted again."""
    import numpy as np

    cuts = prepared.cuts
    first, last = np.array(pieces, dtype=np.int64).reshape(-1, 2).T
    counts = cuts.tokens[last] - cuts.tokens[first]
    sure = cuts.clean[first] & cuts.clean[last] & (counts <= capacity) & prepared.tokenizer.adds_up
    rows = zip(cuts.starts[first].tolist(), cuts.stops[last].tolist(), counts.tolist(), strict=True)
    spans = [_Sized(*row) for row in rows]
    doubtful = [(span.start, span.end) for span, is_sure in zip(spans, sure.tolist(), strict=True) if not is_sure]
    if not doubtful:
        return spans
    sized = [span for span, is_sure in zip(spans, sure.tolist(), strict=True) if is_sure]
    return _without_contained(sized + _recount(prepared, doubtful, capacity))


def _recount(prepared: PreparedText, spans: list[tuple[int, int]], capacity: int) -> list[_Sized]:
    """Each span tokenized alone, and halved until it is within the capacity."""
    text = prepared.document.text
    sized: list[_Sized] = []
    while spans:
        counts = prepared.tokenizer.count([text[start:end] for start, end in spans])
        counted = [_Sized(start, end, count) for (start, end), count in zip(spans, counts, strict=True)]
        sized += [span for span in counted if span.n_tokens <= capacity]
        spans = [half for span in counted if span.n_tokens > capacity for half in _halves(prepared, span, capacity)]
    return sized


def _halves(prepared: PreparedText, span: _Sized, capacity: int) -> list[tuple[int, int]]:
    text = prepared.document.text
    if span.end - span.start == 1:
        raise DocumentError(
            f"'{prepared.document.name}' does not fit into chunks of {capacity} tokens: the character "
            f"'{text[span.start]}' alone has {span.n_tokens}. Allow longer chunks."
        )
    cut = _middle(text, span.start, span.end)
    right = cut + len(text[cut : span.end]) - len(text[cut : span.end].lstrip())
    return [(span.start, span.start + len(text[span.start : cut].rstrip())), (right, span.end)]


def _middle(text: str, start: int, end: int) -> int:
    """The position at which to cut text[start:end] in two, near its middle.

    It is before a cell of a table's row, else before a word, else between letters.
    """
    middle, margin = (start + end) // 2, (end - start) // 4
    if cells := cell_starts(text, start + margin, end - margin):
        return min(cells, key=lambda cell: abs(cell - middle))
    for distance in range((end - start) // 4):
        for cut in (middle - distance, middle + distance):
            if text[cut - 1].isspace() and not text[cut].isspace() and cut > start:
                return cut
    cut = middle
    while cut > start + 1 and (extends(text[cut]) or text[cut - 1] == "\u200d"):
        cut -= 1
    return cut


def _without_contained(spans: list[_Sized]) -> list[_Sized]:
    """The spans in text order, without those inside another span, which halving overlapping spans can produce."""
    kept: list[_Sized] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _chunk(prepared: PreparedText, sized: _Sized) -> Chunk:
    document = prepared.document
    text = document.text[sized.start : sized.end]
    page = bisect_right(document.pages, sized.start)
    heading = 0
    if document.headings:
        heading = bisect_right(document.headings, sized.start + _first_line(text), key=lambda item: item.start)
    return Chunk(
        document_id=document.document_id,
        start=sized.start,
        end=sized.end,
        text=text,
        n_tokens=sized.n_tokens,
        page=page or None,
        heading=document.headings[heading - 1].path if heading else "",
        fields=prepared.fields[_stretch_of(prepared, sized.start)] if document.rows else (),
    )


def _stretch_of(prepared: PreparedText, start: int) -> int:
    sections = prepared.sections
    found = bisect_right(sections, start, key=lambda section: int(prepared.cuts.starts[section.first]))
    return sections[found - 1].stretch


def _first_line(text: str) -> int:
    """Offset of the first line that is not a heading, so that a chunk of title and section belongs to the section."""
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            return position
        position += len(line)
    return 0
