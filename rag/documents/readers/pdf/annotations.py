"""Read what is laid over the pages of a PDF: the values of form fields, and comments, marked as such."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from rag.documents.parsed import clean, name_some

if TYPE_CHECKING:
    import pypdfium2

_MOST_ANNOTATIONS = 5_000
_LONGEST = 20_000
"""Bytes of a value or a comment."""
_LONGEST_QUOTE = 120
_XFA_FORM = 2


def without_reading(document: pypdfium2.PdfDocument, attached: Sequence[str]) -> tuple[str, ...]:
    """Notes on what is not read: files attached to the document or, by name in `attached`, to a page; XFA forms."""
    from pypdfium2 import raw

    count = min(max(raw.FPDFDoc_GetAttachmentCount(document.raw), 0), 1000)
    for number in range(count):
        item = raw.FPDFDoc_GetAttachment(document.raw, number)
        attached = [*attached, _text(partial(raw.FPDFAttachment_GetName, item))]
    notes = []
    if attached:
        named = name_some(list(dict.fromkeys(name or "without a name" for name in attached)))
        notes.append(f"Files attached to the PDF are not read: {named}. Save them and add them as files.")
    if document.get_formtype() == _XFA_FORM:
        notes.append("The form is of the XFA kind, whose values are not read. Print it to a PDF and add that one.")
    return tuple(notes)


@dataclass(slots=True)
class Overlay:
    """The form fields and comments of a document, read page by page; a field on several pages is said once."""

    form: object | None = None
    attached: list[str] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)

    def lines(self, page: pypdfium2.PdfPage) -> tuple[list[str], list[str]]:
        """The filled-in fields of a page as "name: value", and its comments."""
        from pypdfium2 import raw

        fields: list[str] = []
        comments: list[str] = []
        for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MOST_ANNOTATIONS)):
            item = raw.FPDFPage_GetAnnot(page.raw, number)
            if not item:
                continue
            try:
                kind = raw.FPDFAnnot_GetSubtype(item)
                if kind == raw.FPDF_ANNOT_WIDGET:
                    fields += self._field(item)
                elif kind == raw.FPDF_ANNOT_FILEATTACHMENT:
                    self.attached.append(_text(partial(raw.FPDFAnnot_GetStringValue, item, b"Contents")))
                elif kind in _comment_kinds():
                    comments += _comment(item, page, kind)
            finally:
                raw.FPDFPage_CloseAnnot(item)
        return fields, comments

    def _field(self, item: object) -> Iterator[str]:
        from pypdfium2 import raw

        form = self.form
        if form is None:
            return
        name = _text(partial(raw.FPDFAnnot_GetFormFieldAlternateName, form, item))
        name = name or _text(partial(raw.FPDFAnnot_GetFormFieldName, form, item))
        value = _value(form, item)
        said = f"{name.rstrip(': ')}: {value}" if name else value
        if value and said not in self._said:
            self._said.add(said)
            yield said


def _value(form: object, item: object) -> str:
    """The value of a field: its text, the choice of a list, "checked" or "not checked"; "" for a button."""
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, item)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        is_checked = bool(raw.FPDFAnnot_IsChecked(form, item))
        if kind == raw.FPDF_FORMFIELD_CHECKBOX:
            return "checked" if is_checked else "not checked"
        export = _text(partial(raw.FPDFAnnot_GetFormFieldExportValue, form, item))
        return (export or "chosen") if is_checked else ""
    if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        return _text(partial(raw.FPDFAnnot_GetFormFieldValue, form, item))
    return ""


def _comment_kinds() -> frozenset[int]:
    from pypdfium2 import raw

    return frozenset(
        (
            raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE,
            raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_CARET,
            raw.FPDF_ANNOT_INK, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE,
            raw.FPDF_ANNOT_POLYGON, raw.FPDF_ANNOT_POLYLINE,
        )
    )  # fmt: skip


def _comment(item: object, page: pypdfium2.PdfPage, kind: int) -> Iterator[str]:
    """A comment with its author and, for marked text, the words that it is on."""
    from pypdfium2 import raw

    said = _text(partial(raw.FPDFAnnot_GetStringValue, item, b"Contents"))
    if not said:
        return
    author = _text(partial(raw.FPDFAnnot_GetStringValue, item, b"T"))
    marked = (raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT)
    quoted = _marked_words(item, page) if kind in marked else ""
    yield f"Comment{f' by {author}' if author else ''}{f' on “{quoted}”' if quoted else ''}: {said}"


def _marked_words(item: object, page: pypdfium2.PdfPage) -> str:
    """The words that a mark lies on."""
    from pypdfium2 import raw

    corners = raw.FS_QUADPOINTSF()
    pieces = []
    text = page.get_textpage()
    try:
        for number in range(min(raw.FPDFAnnot_CountAttachmentPoints(item), 50)):
            if not raw.FPDFAnnot_GetAttachmentPoints(item, number, ctypes.byref(corners)):
                continue
            across = (corners.x1, corners.x2, corners.x3, corners.x4)
            heights = (corners.y1, corners.y2, corners.y3, corners.y4)
            pieces.append(text.get_text_bounded(min(across), min(heights), max(across), max(heights)))
    finally:
        text.close()
    words = " ".join(clean(" ".join(pieces)).replace("\ufffe", "-").split())
    return words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE].rstrip()}…"


def _text(read: Callable[[object, int], int]) -> str:
    """A text in UTF-16 from a function of PDFium that fills a buffer, on one line."""
    from pypdfium2 import raw

    size = read(None, 0)
    if not size > 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    text = buffer.raw[: min(size, _LONGEST) - 2].decode("utf-16-le", "replace")
    return " ".join(clean(text).split())
