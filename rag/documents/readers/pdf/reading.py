"""Read a PDF: its text with pages and headings, and notes on what was left out or has no text.

PDFium gives the words with their places; what stands where decides what belongs together. Pages in which PDFium finds
no words are read by another reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.documents.parsed import Parsed, clean
from rag.documents.readers.pdf.headings import Stated
from rag.documents.readers.pdf.joining import join_pieces
from rag.documents.readers.pdf.pages import PdfPages, read_pages
from rag.documents.readers.pdf.pieces import Piece
from rag.documents.readers.pdf.second import pypdf_pages
from rag.documents.readers.pdf.unreadable import holds_no_words
from rag.errors import DocumentError

_PICTURE = re.compile(rb"/Subtype\s*/Image")

SecondReader = Callable[[], list[str]]
"""Another reader of the same file: the text of each page. Raises DocumentError if it cannot read the file."""


def read_pdf(content: bytes, second: SecondReader, *, ocr: str) -> Parsed:
    """The text of a PDF with pages and headings; notes name what was left out and the pages without text.

    Args:
        content: the file.
        second: another reader, for a PDF, or its pages, in which PDFium finds nothing.
        ocr: how to read a scan, as a sentence for the note; "" if `second` reads scans.

    Raises:
        DocumentError: from `second`, if PDFium cannot open the file either.
    """
    read = read_pages(content)
    if read is None:
        return _plain(pypdf_pages(content) or second(), "damaged, or drawn without text characters.")
    _fill_blank(read, content, second, reads_scans=not ocr)
    return join_pieces(read, _without_text(read, content, ocr))


def _fill_blank(read: PdfPages, content: bytes, second: SecondReader, *, reads_scans: bool) -> None:
    """Give pages without words the text that another reader finds: one that reads scans, or one that reads damage."""
    blank = [number for number, pieces in enumerate(read.pages) if not pieces]
    if not blank or (read.is_encrypted and len(blank) == len(read.pages)):
        return
    texts: Sequence[str] = ()
    if reads_scans and any(read.drawn[number] for number in blank):
        try:
            texts = second()
        except DocumentError:
            texts = ()
    if not texts and (len(blank) == len(read.pages) or not read.has_picture):
        texts = pypdf_pages(content, blank)
    for number in blank:
        text = clean(texts[number]).strip() if number < len(texts) else ""
        if text and not holds_no_words(text):
            lines = [line for line in text.replace("\f", "\n").split("\n") if line.strip()]
            read.pages[number] = [Piece(lines, [False] * (len(lines) - 1))]
            read.unreadable = [one for one in read.unreadable if one != number]


def _plain(texts: Sequence[str], without: str) -> Parsed:
    """The text of the second reader, page by page."""
    pages = [[Piece([text])] if (text := clean(one).replace("\f", "\n").strip()) else [] for one in texts]
    return join_pieces(PdfPages(pages, Stated(()), {}, [], is_encrypted=False), without)


def _without_text(read: PdfPages, content: bytes, ocr: str) -> str:
    """Why pages have no text, as far as the file shows; a page without a picture is not a scan."""
    if read.is_encrypted:
        return "encrypted in an unsupported way. Save a copy without encryption."
    if not read.has_picture and not _PICTURE.search(content):
        return "blank, damaged, or drawn without text characters."
    return f"scanned, or blank.{ocr}"
