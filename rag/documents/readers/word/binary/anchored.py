"""What is anchored at a character of a DOC file: footnotes, endnotes, comments, text boxes, and headers of sections.

[MS-DOC], sections 2.3 (the texts) and 2.8 (their places); shapes: [MS-ODRAW].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from rag.documents.readers.compound import number
from rag.documents.readers.office_xml.drawings import described
from rag.documents.readers.records import (
    DESCRIPTION,
    DRAWN_TEXT,
    PICTURE,
    Record,
    all_records,
    records,
    shape_properties,
)
from rag.documents.readers.word.binary.header import Part, Spans, WordFile, entries
from rag.documents.readers.writing.flow import plain

_NOTE, _COMMENT, _SHAPE, _BOX = 2, 30, 26, 22
_AUTHOR, _UNUSED, _BOX_SHAPE = 20, 8, 14
_SEPARATORS, _HEADERS_OF_SECTION, _FOOTERS = 6, 6, (2, 3, 5)
_DRAWING, _GROUP, _ONE_SHAPE, _SHAPE_RECORD, _PROPERTIES = 0xF002, 0xF003, 0xF004, 0xF00A, (0xF00B, 0xF121, 0xF122)
_WITH_NAME, _LONGEST_SHAPE = 0x66, 100_000


@dataclass(frozen=True, slots=True)
class Remark:
    """A footnote, endnote or comment: the character that refers to it, what to call it, and where its text is."""

    anchor: int
    label: str
    span: range


@dataclass(slots=True)
class Drawn:
    """A shape or group of shapes at a character: the texts of its boxes, and text that is drawn."""

    anchor: int
    boxes: list[range] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def remarks(file: WordFile, spans: Spans) -> list[Remark]:
    """All notes and comments in the order of the characters that refer to them."""
    authors = _authors(file.part(Part.AUTHORS))
    found = []
    for label, marks, texts, size, whole in (
        ("Footnote", Part.FOOTNOTE_MARKS, Part.FOOTNOTES, _NOTE, spans.footnotes),
        ("Endnote", Part.ENDNOTE_MARKS, Part.ENDNOTES, _NOTE, spans.endnotes),
        ("Comment", Part.COMMENT_MARKS, Part.COMMENTS, _COMMENT, spans.comments),
    ):
        places, data = entries(file.part(marks), size)
        texts_at = _within(entries(file.part(texts), 0)[0], whole)
        for place, entry, span in zip(places, data, texts_at, strict=False):
            writer = number(entry, _AUTHOR, 2) if label == "Comment" else len(authors)
            author = authors[writer] if writer < len(authors) else ""
            found.append(Remark(place, f"{label} by {author}" if author else label, span))
    return sorted(found, key=lambda one: one.anchor)


def headers(file: WordFile, spans: Spans) -> list[tuple[str, range]]:
    """All headers, then all footers, with what each is called."""
    texts = _within(entries(file.part(Part.HEADERS), 0)[0], spans.headers)[_SEPARATORS:]
    named = [
        ("Footer" if place % _HEADERS_OF_SECTION in _FOOTERS else "Header", span) for place, span in enumerate(texts)
    ]
    return sorted(named, key=lambda one: one[0] == "Footer")


def drawn(file: WordFile, spans: Spans, *, in_headers: bool) -> list[Drawn]:
    """The shapes of the main text or of the headers by the characters they are anchored at.

    A text box without an anchor comes last.
    """
    whole = spans.headers if in_headers else spans.main
    places, data = entries(file.part(Part.HEADER_SHAPES if in_headers else Part.SHAPES), _SHAPE)
    found = {number(entry, 0): Drawn(whole.start + place) for place, entry in zip(places, data, strict=False)}
    owners = _owners(file, found)
    rest = Drawn(whole.stop)
    texts, entries_of_boxes = entries(file.part(Part.HEADER_BOXES if in_headers else Part.BOXES), _BOX)
    box_spans = _within(texts, spans.header_boxes if in_headers else spans.boxes, leaves_last=False)
    for entry, span in zip(entries_of_boxes, box_spans, strict=False):
        if number(entry, _UNUSED, 2):
            continue
        shape = number(entry, _BOX_SHAPE)
        found.get(owners.get(shape, shape), rest).boxes.append(span)
    return [*sorted(found.values(), key=lambda one: one.anchor), rest]


def picture_texts(data: bytes, at: int) -> list[str]:
    """The text and description of a picture in the line, which begins there in the data stream (PICF)."""
    start = at + number(data, at + 4, 2)
    if number(data, at + 6, 2) == _WITH_NAME:
        start += 1 + number(data, start, 1)
    shape = next(records(data, start, len(data)), None)
    if shape is None or shape.kind != _ONE_SHAPE:
        return []
    listed = records(data, shape.start, min(shape.end, shape.start + _LONGEST_SHAPE))
    return [text for one in listed if one.kind in _PROPERTIES for text in _drawn_texts(data, one, is_picture=True)]


def _drawn_texts(content: bytes, record: Record, *, is_picture: bool) -> list[str]:
    texts = shape_properties(content, record)
    lines = (texts.get(DRAWN_TEXT, ""), described(texts.get(DESCRIPTION, "")) if is_picture else "")
    return [plain(line) for line in lines if line.strip()]


def _within(places: list[int], whole: range, *, leaves_last: bool = True) -> list[range]:
    """The texts between the places in a part; the last two places are around a sign that ends the part."""
    found, last = [], whole.start
    for start, end in pairwise(places[: len(places) - leaves_last]):
        first, stop = max(whole.start + start, last), min(whole.start + end, whole.stop)
        found.append(range(first, max(stop, first)))
        last = max(stop, last)
    return found


def _authors(content: bytes) -> list[str]:
    names, at = [], 0
    while at + 2 <= len(content):
        length = number(content, at, 2)
        name = content[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
        names.append(" ".join(plain(name).split()))
        at += 2 + 2 * length
    return names


def _owners(file: WordFile, found: dict[int, Drawn]) -> dict[int, int]:
    """The outermost group of each shape; what is drawn as text is added to the anchored shapes."""
    content = file.part(Part.DRAWINGS)
    owners: dict[int, int] = {}
    for shapes in _outer_shapes(content):
        owner, is_picture = -1, False
        for record in all_records(content, shapes.start, shapes.end):
            if record.kind == _SHAPE_RECORD:
                shape = number(content, record.start)
                owner = shape if owner < 0 else owner
                owners[shape] = owner
                is_picture = record.instance == PICTURE
            elif record.kind in _PROPERTIES and owner in found:
                found[owner].texts += _drawn_texts(content, record, is_picture=is_picture)
    return owners


def _outer_shapes(content: bytes) -> Iterator[Record]:
    """The shapes and groups of all drawings; the first group of a drawing holds all others."""
    at = next((record.end for record in records(content, 0, len(content))), 0)
    while at < len(content):
        # Each drawing begins with a byte that says where it belongs.
        drawing = next(records(content, at + 1, len(content)), None)
        if drawing is None or drawing.kind != _DRAWING:
            return
        for group in records(content, drawing.start, drawing.end):
            if group.kind == _GROUP:
                inner = records(content, group.start, group.end)
                yield from (record for record in inner if record.kind in (_GROUP, _ONE_SHAPE))
        at = drawing.end
