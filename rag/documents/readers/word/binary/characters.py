"""The characters of a DOC file in order (its piece table), with what is said of each. [MS-DOC], section 2.4.

Characters stand in pieces anywhere in the file; lists of properties refer to places in the file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.documents.readers.compound import number
from rag.documents.readers.word.binary.header import Part, WordFile, entries, text_units
from rag.documents.readers.word.binary.properties import (
    ParagraphShape,
    RunShape,
    paragraph_shape,
    piece_properties,
    run_shape,
)

_NARROW = 0x40000000
"""Set in a piece's place if its characters have one byte."""
_PAGE = 512
_MOST_IN_PAGE = 101
_PAGE_NUMBER = 0x3FFFFF


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    place: int
    width: int
    properties: bytes

    def place_of(self, at: int) -> int:
        """Where a character is in the file."""
        return self.place + (at - self.start) * self.width


@dataclass(frozen=True, slots=True)
class Run:
    """Characters from `start` to `end` of which the same is said."""

    start: int
    end: int
    shape: RunShape


@dataclass(slots=True)
class _Places:
    """Properties by the places in the file from which on they hold, in ascending order."""

    starts: list[int] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    def at(self, place: int) -> int:
        """The number of the properties that hold at a place; -1 before the first."""
        return bisect_right(self.starts, place) - 1


class Characters:
    """The text of a file, with its runs and paragraphs.

    Raises:
        ValueError: the piece table is damaged.
    """

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._pieces = _pieces(file)
        self._starts = [piece.start for piece in self._pieces]
        self._runs = _places(file, Part.RUNS, 1)
        self._paragraphs = _places(file, Part.PARAGRAPHS, 13)
        self._run_shapes: dict[bytes, RunShape] = {}
        self._paragraph_shapes: dict[tuple[bytes, bytes], ParagraphShape] = {}
        texts = [_text(file.stream, piece) for piece in self._pieces]
        self.text = "".join(texts)
        """All characters; those that the file has lost are spaces."""
        self.lost = sum(piece.end - piece.start for piece in self._pieces if piece.place >= len(file.stream))

    def runs(self, span: range) -> Iterator[Run]:
        """The runs of a part of the text, in order."""
        for number_of_piece in range(max(bisect_right(self._starts, span.start) - 1, 0), len(self._pieces)):
            piece = self._pieces[number_of_piece]
            start, end = max(piece.start, span.start), min(piece.end, span.stop)
            if piece.start >= span.stop:
                return
            at = self._runs.at(piece.place_of(start))
            while start < end:
                shape, stop = RunShape(), end
                if at + 1 < len(self._runs.starts):
                    stop = min(_character(piece, self._runs.starts[at + 1]), end)
                if at >= 0:
                    shape = self._shape(self._runs.contents[at] + piece.properties)
                at += 1
                if stop > start:
                    yield Run(start, stop, shape)
                    start = stop

    def paragraph(self, at: int) -> ParagraphShape:
        """What is said of the paragraph that this character ends."""
        piece = self._pieces[max(bisect_right(self._starts, at) - 1, 0)]
        place = self._paragraphs.at(piece.place_of(at))
        content = self._paragraphs.contents[place] if place >= 0 else b""
        key = (content, piece.properties)
        if key not in self._paragraph_shapes:
            listed = content[2:] + piece.properties
            self._paragraph_shapes[key] = paragraph_shape(number(content, 0, 2), listed, self._file.data)
        return self._paragraph_shapes[key]

    def ends_paragraph(self, at: int) -> bool:
        """Whether a paragraph ends with this character: the sign of a page break may also be inside of one."""
        piece = self._pieces[max(bisect_right(self._starts, at) - 1, 0)]
        after = self._paragraphs.at(piece.place_of(at)) + 1
        return after >= len(self._paragraphs.starts) or self._paragraphs.starts[after] <= piece.place_of(at + 1)

    def _shape(self, content: bytes) -> RunShape:
        if content not in self._run_shapes:
            self._run_shapes[content] = run_shape(content)
        return self._run_shapes[content]


def _pieces(file: WordFile) -> list[_Piece]:
    content = file.part(Part.PIECES)
    lists, at = [], 0
    while number(content, at, 1) == 1:
        size = number(content, at + 1, 2)
        lists.append(content[at + 3 : at + 3 + size])
        at += 3 + size
    if number(content, at, 1) != 2:
        raise ValueError("the file has no list of its pieces of text")
    places, listed = entries(content[at + 5 : at + 5 + number(content, at + 1)], 8)
    pieces = []
    for place, entry in enumerate(listed):
        start, end = places[place], places[place + 1]
        if end < start or end > len(file.stream):
            raise ValueError("the list of its pieces of text is damaged")
        where = number(entry, 2)
        width = 1 if where & _NARROW else 2
        where = (where & (_NARROW - 1)) // (1 if width == 2 else 2)
        if end > start:
            pieces.append(_Piece(start, end, where, width, piece_properties(number(entry, 6, 2), lists)))
    if not pieces or pieces[0].start:
        raise ValueError("the list of its pieces of text is damaged")
    return pieces


def _text(stream: bytes, piece: _Piece) -> str:
    length = piece.end - piece.start
    content = stream[piece.place : piece.place_of(piece.end)]
    text = content.decode("cp1252", "replace") if piece.width == 1 else text_units(content)
    return text.ljust(length)


def _character(piece: _Piece, place: int) -> int:
    """The first character of a piece at or after a place in the file."""
    return piece.start + -(-(place - piece.place) // piece.width)


def _places(file: WordFile, part: Part, size: int) -> _Places:
    """The properties of all runs or paragraphs.

    Args:
        size: bytes in a page of properties for each of them.
    """
    found = []
    _, listed = entries(file.part(part), 4)
    for page_number in dict.fromkeys(number(entry, 0) & _PAGE_NUMBER for entry in listed[: len(file.stream) // _PAGE]):
        page = file.stream[page_number * _PAGE : (page_number + 1) * _PAGE]
        count = page[-1] if len(page) == _PAGE else 0
        for place in range(min(count, _MOST_IN_PAGE)):
            at = 2 * number(page, 4 * (count + 1) + size * place, 1)
            found.append((number(page, 4 * place), _properties(page, at, size)))
    found.sort(key=lambda one: one[0])
    return _Places([start for start, _ in found], [content for _, content in found])


def _properties(page: bytes, at: int, size: int) -> bytes:
    """The properties at a place of a page; those of a paragraph count their bytes in words."""
    if not at:
        return b""
    length = number(page, at, 1)
    if size == 1:
        return page[at + 1 : at + 1 + length]
    if not length:
        return page[at + 2 : at + 2 + 2 * number(page, at + 1, 1)]
    return page[at + 1 : at + 2 * length]
