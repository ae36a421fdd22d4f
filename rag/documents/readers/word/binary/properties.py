"""Properties of characters and paragraphs in a DOC file (sprms). [MS-DOC], sections 2.2.5 and 2.6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.documents.readers.compound import number
from rag.documents.readers.writing.story import CellShape

_SIZES = (1, 1, 2, 4, 2, 2, -1, 3)
"""Bytes of a property's value by the upper three bits of its code; those of the sixth state their length."""
_TABLE_SHAPE, _OLD_TABLE_SHAPE, _TABS = 0xD608, 0xD606, 0xC615
_HUGE = (0x6645, 0x6646)
# The short form of a piece's property names these by a number of its own.
_SHORT = {
    0x41: 0x0800, 0x5C: 0x083C, 0x75: 0x0855, 0x0C: 0x260A, 0x18: 0x2416, 0x19: 0x2417, 0x78: 0x2640,
}  # fmt: skip
_FROM_STYLE = 0x80
_FIRST, _MERGED, _CONTINUES, _RESTARTS = 1, 2, 0x20, 0x40


@dataclass(frozen=True, slots=True)
class RunShape:
    """What is said of a run of characters.

    Attributes:
        hidden: 0, 1, or 128 (as the style) and 129 (not as the style).
        symbol: font and character of a symbol that stands for the run.
        data: where its picture or form field begins in the data stream; -1 for none.
    """

    style: int = 10
    is_deleted: bool = False
    hidden: int = _FROM_STYLE
    is_special: bool = False
    font: int = -1
    symbol: tuple[int, int] | None = None
    data: int = -1

    def is_hidden(self, *, by_style: bool) -> bool:
        """Whether the run is hidden, given whether its style hides it."""
        return by_style ^ bool(self.hidden & 1) if self.hidden & _FROM_STYLE else bool(self.hidden)


@dataclass(frozen=True, slots=True)
class ParagraphShape:
    """What is said of a paragraph; `outline`, `list_id` and `list_level` are -1 where its style says it.

    Attributes:
        depth: in how many tables the paragraph is.
        cells: of the end of a row, its cells.
    """

    style: int = 0
    outline: int = -1
    list_id: int = -1
    list_level: int = -1
    depth: int = 0
    ends_row: bool = False
    ends_inner_cell: bool = False
    ends_inner_row: bool = False
    is_header_row: bool = False
    cells: tuple[CellShape, ...] = ()


def sprms(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The properties of a list: their code and value."""
    at = 0
    while at + 2 < len(content):
        code = number(content, at, 2)
        at += 2
        size = _SIZES[code >> 13]
        if code in (_TABLE_SHAPE, _OLD_TABLE_SHAPE):
            size = max(number(content, at, 2) - 1, 0)
            at += 2
        elif size < 0:
            size = content[at]
            at += 1
            if code == _TABS and size == 255:
                deleted = number(content, at, 1)
                size = 2 + 4 * deleted + 3 * number(content, at + 1 + 4 * deleted, 1)
        yield code, content[at : at + size]
        at += size


def piece_properties(stated: int, lists: list[bytes]) -> bytes:
    """The properties of a piece of text, which a fast save adds: one in a short form, or a list by its number."""
    if stated & 1:
        place = stated >> 1
        return lists[place] if place < len(lists) else b""
    code = _SHORT.get(stated >> 1 & 0x7F)
    return code.to_bytes(2, "little") + (stated >> 8).to_bytes(1, "little") if code else b""


def run_shape(content: bytes) -> RunShape:
    """What a list of properties says of characters."""
    style, deleted, hidden, special, font, data = 10, 0, _FROM_STYLE, 0, -1, -1
    symbol = None
    for code, value in sprms(content):
        said = number(value, 0, len(value)) if len(value) <= 4 else 0
        match code:
            case 0x4A30:
                style = said
            case 0x0800:
                deleted = said
            case 0x083C:
                hidden = said
            case 0x0855:
                special = said
            case 0x4A4F:
                font = said
            case 0x6A09:
                symbol = (said & 0xFFFF, said >> 16)
            case 0x6A03 | 0x680E:
                data = said
    return RunShape(style, deleted & 1 == 1, hidden, bool(special), font, symbol, data)


def paragraph_shape(style: int, content: bytes, data: bytes) -> ParagraphShape:
    """What a list of properties says of a paragraph; a long list is in the data stream."""
    found: dict[int, bytes] = {}
    for code, value in sprms(content):
        if code in _HUGE and len(value) == 4:
            at = number(value, 0)
            found |= dict(sprms(data[at + 2 : at + 2 + number(data, at, 2)]))
        found[code] = value

    def said(code: int, otherwise: int = 0) -> int:
        return number(found[code], 0, len(found[code])) if code in found else otherwise

    depth = said(0x6649, 1) if said(0x2416) else said(0x6649)
    return ParagraphShape(
        said(0x4600, style),
        said(0x2640, -1),
        said(0x460B, -1),
        said(0x260A, -1),
        min(depth, 255),
        bool(said(0x2417)),
        bool(said(0x244B)),
        bool(said(0x244C)),
        bool(said(0x3404)),
        _cells(found.get(_TABLE_SHAPE, b"")) if said(0x2417) or said(0x244C) else (),
    )


def _cells(content: bytes) -> tuple[CellShape, ...]:
    """The cells of a row: the edges of them all, then twenty bytes for each."""
    count = content[0] if content else 0
    start = 1 + 2 * (count + 1)
    cells = []
    first = before = 0
    for place in range(count):
        edge = int.from_bytes(content[3 + 2 * place : 5 + 2 * place], "little", signed=True)
        flags = number(content, start + 20 * place, 2)
        merge = flags & (_FIRST | _MERGED)
        # Word and its documentation differ in which of both bits the first cell has.
        first = merge if not before else first
        cells.append(CellShape(edge, bool(before and merge and merge != first), _is_below(flags)))
        before = merge
    return tuple(cells)


def _is_below(flags: int) -> bool:
    return bool(flags & _CONTINUES) and not flags & _RESTARTS
