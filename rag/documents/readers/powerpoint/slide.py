"""Read one slide or notes page of a PPT file: its shapes in file order, with groups and tables, and its comments.

[MS-PPT], section 2.5 (slides); [MS-ODRAW], section 2.2 (shapes).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.documents.readers.compound import number
from rag.documents.readers.office_xml.drawings import described
from rag.documents.readers.powerpoint.texts import Text, strings, texts_of
from rag.documents.readers.records import (
    DESCRIPTION,
    DRAWN_TEXT,
    MOST_DEPTH,
    PICTURE,
    Record,
    all_records,
    records,
    shape_properties,
    states_table,
)
from rag.documents.readers.writing.flow import plain
from rag.documents.readers.writing.slides import Block
from rag.documents.tables.grid import Cell, grid_of
from rag.documents.tables.text import marked, write_table

_DRAWING, _SHOW, _ATOM, _TAGS, _TAG_DATA = 0x040C, 0x03F9, 0x03EF, 0x1388, 0x138B
_DRAWN, _GROUP, _SHAPE = 0xF002, 0xF003, 0xF004
_SHAPE_ATOM, _PROPERTIES, _CHILD_PLACE, _BOX = 0xF00A, (0xF00B, 0xF121, 0xF122), 0xF00F, 0xF00D
_PLACEHOLDER, _NEWER_PLACEHOLDER = 0x0BC3, 0x0420
_COMMENT, _FOOTER_SETTINGS = 0x2EE0, 0x0FD9
_AUTHOR, _SAID, _FOOTER = 0, 1, 2
_SHOWS_FOOTER = 0x20
_HIDDEN = 0x04
_LINE = 20
_DATE_OR_NUMBER, _AROUND = (7, 8), (9, 10)
"""Placeholders of dates and slide numbers, and of footers and headers."""


@dataclass(frozen=True, slots=True)
class Page:
    """The record of a slide or notes page in its stream, with its texts that stand in the outline.

    `footers` gets those that are drawn on it.
    """

    stream: bytes
    part: Record
    outline: Sequence[Text] = ()
    footers: list[str] = field(default_factory=list)

    def inner(self, kind: int) -> Iterator[Record]:
        """The records of a kind in the page."""
        return (record for record in records(self.stream, self.part.start, self.part.end) if record.kind == kind)

    @property
    def notes_id(self) -> int:
        """The id of a slide's notes; 0 if it has none."""
        return next((number(self.stream, atom.start + 16) for atom in self.inner(_ATOM)), 0)

    @property
    def is_hidden(self) -> bool:
        """Whether the slide is not shown."""
        return any(number(self.stream, record.start + 10, 2) & _HIDDEN for record in self.inner(_SHOW))

    @property
    def stated_footer(self) -> str | None:
        """The footer of this slide; None if the page says nothing of one."""
        return footer_of(self.stream, next(self.inner(_FOOTER_SETTINGS), None))

    def blocks(self) -> Iterator[Block]:
        """The texts of all shapes; those of the outline that no shape shows come last."""
        shown: set[int] = set()
        stack = [
            records(self.stream, drawn.start, drawn.end)
            for drawing in self.inner(_DRAWING)
            for drawn in records(self.stream, drawing.start, drawing.end)
            if drawn.kind == _DRAWN
        ]
        while stack:
            record = next(stack[-1], None)
            if record is None:
                stack.pop()
            elif record.kind == _SHAPE:
                yield from self._shape(record, shown)
            elif record.kind == _GROUP:
                inner = list(records(self.stream, record.start, record.end))
                if inner and self._is_table(inner[0]) and (table := self._table(inner)):
                    yield Block(table)
                elif len(stack) < MOST_DEPTH:
                    stack.append(iter(inner))
        for place, text in enumerate(self.outline):
            if place not in shown:
                yield Block(text.text, text.is_title)

    def comments(self) -> Iterator[Block]:
        """The comments on a slide with their authors."""
        for tags in self.inner(_TAGS):
            for data in all_records(self.stream, tags.start, tags.end):
                # Its content are records, though it does not say so.
                for record in records(self.stream, data.start, data.end) if data.kind == _TAG_DATA else ():
                    if record.kind == _COMMENT:
                        said = strings(self.stream, record)
                        author, text = (" ".join(said.get(key, "").split()) for key in (_AUTHOR, _SAID))
                        yield Block(f"Comment by {author}: {text}" if author and text else text and f"Comment: {text}")

    def _shape(self, shape: Record, shown: set[int]) -> Iterator[Block]:
        drawn: dict[int, str] = {}
        texts: list[Text] = []
        place, is_picture = 0, False
        for record in all_records(self.stream, shape.start, shape.end):
            if record.kind == _SHAPE_ATOM:
                is_picture = record.instance == PICTURE
            elif record.kind in _PROPERTIES:
                drawn |= shape_properties(self.stream, record)
            elif record.kind == _BOX:
                texts = texts_of(self.stream, records(self.stream, record.start, record.end))
            elif record.kind == _PLACEHOLDER:
                place = number(self.stream, record.start + 4, 1)
            elif record.kind == _NEWER_PLACEHOLDER:
                place = number(self.stream, record.start, 1)
        if place in _DATE_OR_NUMBER or place in _AROUND:
            self.footers.extend(" ".join(text.text.split()) for text in texts if place in _AROUND)
            return
        if drawn:
            yield Block(plain(drawn.get(DRAWN_TEXT, "")))
            yield Block(described(plain(drawn.get(DESCRIPTION, ""))) if is_picture else "")
        for text in texts:
            if 0 <= text.outline < len(self.outline):
                shown.add(text.outline)
                text = self.outline[text.outline]
            yield Block(text.text, text.is_title)

    def _is_table(self, shape: Record) -> bool:
        """Whether the first shape of a group says that the group is a table."""
        inner = records(self.stream, shape.start, shape.end)
        return any(states_table(self.stream, record) for record in inner if record.kind in _PROPERTIES)

    def _table(self, shapes: Sequence[Record]) -> str:
        """A table whose cells are the shapes of a group; empty if they make none."""
        placed = [(place, shape) for shape in shapes[1:] if (place := self._place(shape))]
        tops = sorted({place[1] for place, _ in placed})
        lefts = sorted({place[0] for place, _ in placed})
        cells = []
        for (left, top, right, bottom), shape in placed:
            text = "\n".join(filter(None, (block.text.strip() for block in self._shape(shape, set()))))
            row, column = bisect_left(tops, top), bisect_left(lefts, left)
            rows, columns = bisect_left(tops, bottom) - row, bisect_left(lefts, right) - column
            cells.append(Cell(row, column, text, max(rows, 1), max(columns, 1)))
        try:
            return marked(write_table(grid_of(cells))) if cells else ""
        except ValueError:
            return "\n\n".join(cell.text for cell in cells)

    def _place(self, shape: Record) -> tuple[int, int, int, int] | None:
        """Where a shape is in its group (left, top, right, bottom); None for the lines of a table."""
        place = None
        for record in records(self.stream, shape.start, shape.end):
            if record.kind == _SHAPE_ATOM and record.instance == _LINE:
                return None
            if record.kind == _CHILD_PLACE and record.end - record.start >= 16:
                place = struct.unpack_from("<4i", self.stream, record.start)
        return place


def footer_of(stream: bytes, settings: Record | None) -> str | None:
    """The footer that a slide or the document states; empty if it shows none, None without settings."""
    if settings is None:
        return None
    inner = next(records(stream, settings.start, settings.end), None)
    shows = inner is not None and number(stream, inner.start + 2, 2) & _SHOWS_FOOTER
    return " ".join(strings(stream, settings).get(_FOOTER, "").split()) if shows else ""
