"""Join the pieces of a PDF's pages to one text, with the places of pages and headings, and say what has no text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.documents.parsed import Parsed, Section, join_pages, name_some
from rag.documents.readers.pdf.headings import choose_headings, paths_of
from rag.documents.readers.pdf.hyphens import Hyphens
from rag.documents.readers.pdf.pages import PdfPages
from rag.documents.readers.pdf.pieces import Piece
from rag.documents.tables.text import WrittenTable, marked
from rag.text.language import detect_language
from rag.types import Heading

_SAMPLE = 4_000
"""Characters by which the language is told, for words that a line's end divides."""


def join_pieces(read: PdfPages, without: str) -> Parsed:
    """All pages as one text; `without` says why pages have no text."""
    notes = [*read.notes, *_notes(read, without)]
    if not any(read.pages):
        return Parsed("", notes=tuple(notes))
    hyphens = Hyphens(_language(read.pages))
    for pieces in read.pages:
        for piece in pieces:
            hyphens.learn(piece.lines)
    texts, starts = [], []
    for pieces in read.pages:
        text, places = _page_text(pieces, hyphens)
        texts.append(text)
        starts.append(places)
    joined = join_pages([Section(text) for text in texts])
    placed = choose_headings(read.pages, read.stated, read.tag_of)
    headings: list[Heading] = []
    for one, path in paths_of(placed):
        start = joined.pages[one.page] + (starts[one.page][one.piece] if starts[one.page] else 0)
        if headings and headings[-1].start == start and not one.ends_only:
            headings.pop()
        headings.append(Heading(start, path))
    return Parsed(joined.text, joined.pages, tuple(headings), notes=tuple(notes))


def _language(pages: Sequence[Sequence[Piece]]) -> str:
    sample, length = [], 0
    for piece in (piece for pieces in pages for piece in pieces if piece.kind == "text"):
        sample.append(piece.says)
        length += len(piece.says)
        if length > _SAMPLE:
            break
    return detect_language(" ".join(sample)) or "en"


def _page_text(pieces: Sequence[Piece], hyphens: Hyphens) -> tuple[str, list[int]]:
    """The text of a page, and where each piece begins in it."""
    texts, starts, length = [], [], 0
    for piece in pieces:
        lines = tuple(_lines(piece, hyphens))
        text = marked(WrittenTable((), lines, ())) if piece.kind == "list" else "\n".join(lines)
        starts.append(length)
        texts.append(text)
        length += len(text) + 2
    return "\n\n".join(texts), starts


def _lines(piece: Piece, hyphens: Hyphens) -> Iterator[str]:
    """The lines of a piece, those joined whose ends were forced by the width of the column."""
    line = piece.lines[0]
    for is_forced, after in zip(piece.is_forced, piece.lines[1:], strict=True):
        if is_forced or piece.key >= 0:
            line = hyphens.joined(line, after)
        else:
            yield line
            line = after
    yield line


def _notes(read: PdfPages, without: str) -> Iterator[str]:
    """Notes on the pages without text, and on those whose text layer holds no words."""
    if not read.pages:
        yield "The PDF has no pages."
        return
    if read.unreadable:
        layers = [str(number + 1) for number in read.unreadable]
        which = f"page {layers[0]}" if len(layers) == 1 else f"pages {name_some(layers, shown=20)}"
        yield (
            f"The text layer of {which} holds no words of any language (its table of characters is probably wrong), so "
            "it was left out. Print the PDF to images and read those with OCR, or save it again in the program that "
            "made it."
        )
    blank = [str(at + 1) for at, pieces in enumerate(read.pages) if not pieces and at not in set(read.unreadable)]
    if len(blank) == len(read.pages):
        pages_are = "its only page is" if len(blank) == 1 else f"all {len(blank):,} pages are"
        yield f"The PDF contains no text: {pages_are} {without}"
    elif blank:
        which = f"Page {blank[0]} holds" if len(blank) == 1 else f"Pages {name_some(blank, shown=20)} hold"
        yield f"{which} no text: {without}"
