"""The pages of a PDF as pieces: words, tables, lines and paragraphs, read with PDFium in slices of pages."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.documents.readers.pdf.annotations import Overlay, without_reading
from rag.documents.readers.pdf.columns import in_columns
from rag.documents.readers.pdf.headings import Stated
from rag.documents.readers.pdf.outline import lines_of, read_outline
from rag.documents.readers.pdf.page import Page, read_page
from rag.documents.readers.pdf.pieces import Piece, Tables, name_contents, pieces_of
from rag.documents.readers.pdf.progress import report
from rag.documents.readers.pdf.running_lines import RunningLines
from rag.documents.readers.pdf.tables import TablesOfPages
from rag.documents.readers.pdf.tags import TaggedHeading, TagReader
from rag.documents.readers.pdf.unreadable import holds_no_words
from rag.documents.tables.printed import PrintedLine

if TYPE_CHECKING:
    import pypdfium2

_SLICE = 24
"""Pages that are read before their headers and footers are looked for."""
_REOPEN = 240
"""Pages after which the file is opened again, as PDFium keeps what it has read."""


@dataclass(slots=True)
class PdfPages:
    """A PDF after all its pages were read.

    Attributes:
        pages: the pieces of each page.
        stated: the headings that the file states.
        tag_of: for a heading of the outline, its number as a heading by tag.
        notes: what was left out.
        is_encrypted: whether the file is encrypted, with or without a password.
        drawn: for each page, whether anything is drawn on it.
        has_picture: whether any page shows a picture.
        unreadable: the numbers, from 0, of pages whose text layer holds no words.
    """

    pages: list[list[Piece]]
    stated: Stated
    tag_of: dict[int, int]
    notes: list[str]
    is_encrypted: bool
    drawn: list[bool] = field(default_factory=list)
    has_picture: bool = False
    unreadable: list[int] = field(default_factory=list)


def read_pages(content: bytes) -> PdfPages | None:
    """All pages; None if PDFium cannot open the file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return None
    try:
        count = len(document)
        entries = read_outline(document)
        encrypted = pypdfium2.raw.FPDF_GetSecurityHandlerRevision(document.raw) >= 0
        read = PdfPages([], Stated(entries), {}, [], encrypted)
    finally:
        document.close()
    if not count:
        return None
    reader = _Pages(read)
    # Words and lines are in no circles, and searching for some would take a tenth of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        _read_all(reader, content, count)
    finally:
        if collects:
            gc.enable()
    read.notes += reader.running.note()
    for pieces in read.pages:
        name_contents(pieces)
    return read


def _read_all(reader: _Pages, content: bytes, count: int) -> None:
    """Read all pages, and open the file again now and then."""
    import pypdfium2

    for start in range(0, count, _REOPEN):
        document = pypdfium2.PdfDocument(content)
        try:
            reader.read(document, start, min(start + _REOPEN, count), count)
            if start + _REOPEN >= count:
                reader.into.notes += without_reading(document, reader.overlay.attached)
        finally:
            document.close()


@dataclass(slots=True)
class _Pages:
    """The pages of a document, one slice after another."""

    into: PdfPages
    running: RunningLines = field(default_factory=RunningLines)
    tables: TablesOfPages = field(default_factory=TablesOfPages)
    overlay: Overlay = field(default_factory=Overlay)
    tags: TagReader = field(default_factory=TagReader)

    def read(self, document: pypdfium2.PdfDocument, start: int, end: int, total: int) -> None:
        """Read the pages [start, end)."""
        if document.get_formtype():
            document.init_forms()
        self.overlay.form = document.formenv.raw if document.formenv else None
        is_tagged = document.is_tagged()
        for first in range(start, end, _SLICE):
            numbers = range(first, min(first + _SLICE, end))
            views = [_view(document, number, self.overlay, self.tags if is_tagged else None) for number in numbers]
            kept = self.running.without([view.page for view in views])
            for number, view, words in zip(numbers, views, kept, strict=True):
                found = self.tables.lines(words, view.page.rules)
                blocks = in_columns(found.lines)
                keys = self._keys(number, blocks, view)
                pieces = pieces_of(blocks, Tables(found.tables), keys, _edge(view.page))
                self._take(number, pieces, view)
            report(numbers[-1] + 1, total)

    def _keys(self, number: int, blocks: Sequence[Sequence[PrintedLine]], view: _View) -> dict[int, int]:
        """The headings that the file states, by the ids of the lines that say them."""
        stated = self.into.stated
        keys: dict[int, int] = {}
        if view.headings:
            keyed = [(stated.key_of_tag(one.level), one) for one in view.headings]
            marks = {mark: key for key, one in keyed for mark in one.marks}
            for block in blocks:
                for line in block:
                    words = [word for segment in line.segments for word in segment.words]
                    found = {marks.get(word.style.mark, -1) for word in words}
                    if len(found) == 1 and -1 not in found:
                        keys[id(line)] = found.pop()
        places = stated.entries_of(number)
        for at, ids in lines_of([stated.entries[place] for place in places], blocks):
            for line_id in ids:
                if line_id in keys:
                    self.into.tag_of[places[at]] = keys[line_id]
                keys[line_id] = places[at]
        return keys

    def _take(self, number: int, pieces: list[Piece], view: _View) -> None:
        read = self.into
        if holds_no_words(" ".join(piece.says for piece in pieces)):
            read.unreadable.append(number)
            pieces = []
        extra = [Piece([text], kind="extra") for text in view.page.apart]
        if view.fields:
            extra.append(Piece(["Form fields:", *view.fields], [False] * len(view.fields), kind="extra"))
        extra += [Piece([text], kind="extra") for text in view.comments]
        read.pages.append([*pieces, *extra])
        read.drawn.append(view.page.is_drawn)
        read.has_picture = read.has_picture or view.page.has_picture


def _edge(page: Page) -> float:
    """How far lines would reach to the right if the margin were as wide as on the left."""
    left, _, right, _ = page.edges
    return right - (min((word.left for word in page.words), default=left) - left)


@dataclass(frozen=True, slots=True)
class _View:
    """A page with what lies over it and what its tags say."""

    page: Page
    fields: Sequence[str] = ()
    comments: Sequence[str] = ()
    headings: Sequence[TaggedHeading] = ()


def _view(document: pypdfium2.PdfDocument, number: int, overlay: Overlay, tags: TagReader | None) -> _View:
    """A page; without anything if it is damaged."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return _View(Page())
    try:
        fields, comments = overlay.lines(page)
        headings = tags.headings(page) if tags else []
        return _View(read_page(page, is_tagged=bool(headings)), fields, comments, headings)
    except pypdfium2.PdfiumError:
        return _View(Page())
    finally:
        page.close()
