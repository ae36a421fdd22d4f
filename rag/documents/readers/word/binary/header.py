"""The header of a DOC file (FIB): which parts the file has, and how long its texts are. [MS-DOC], section 2.5."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from rag.documents.readers.compound import number

_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_LENGTHS = 76
_PARTS_COUNT, _PARTS = 152, 154


class Part(IntEnum):
    """Parts of the table stream, by their number in the header."""

    STYLES = 1
    FOOTNOTE_MARKS = 2
    FOOTNOTES = 3
    COMMENT_MARKS = 4
    COMMENTS = 5
    HEADERS = 11
    RUNS = 12
    PARAGRAPHS = 13
    FONTS = 15
    PIECES = 33
    AUTHORS = 36
    SHAPES = 40
    HEADER_SHAPES = 41
    ENDNOTE_MARKS = 46
    ENDNOTES = 47
    DRAWINGS = 50
    BOXES = 56
    HEADER_BOXES = 58
    LISTS = 73
    LIST_USES = 74


@dataclass(frozen=True, slots=True)
class Spans:
    """Where each text begins and ends, in characters of the whole: they follow one another."""

    main: range
    footnotes: range
    headers: range
    comments: range
    endnotes: range
    boxes: range
    header_boxes: range


@dataclass(frozen=True, slots=True)
class WordFile:
    """The streams of a DOC file; `data` holds what pictures and form fields are made of."""

    stream: bytes
    table: bytes
    data: bytes

    @classmethod
    def of(cls, streams: dict[str, bytes]) -> WordFile:
        """The file from its streams; the header names its table stream."""
        stream = streams.get("WordDocument", b"")
        table = "1Table" if number(stream, 10, 2) & _SECOND_TABLE else "0Table"
        return cls(stream, streams.get(table, b""), streams.get("Data", b""))

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(number(self.stream, 10, 2) & _ENCRYPTED)

    def part(self, part: Part) -> bytes:
        """A part of the table stream; empty if the file has none."""
        at = self.place(part)
        return self.table[at : at + number(self.stream, _PARTS + 8 * part + 4)]

    def place(self, part: Part) -> int:
        """Where a part begins in the table stream."""
        if part >= number(self.stream, _PARTS_COUNT, 2):
            return len(self.table)
        return number(self.stream, _PARTS + 8 * part)

    def spans(self, length: int) -> Spans:
        """Where each text is in a whole of `length` characters.

        Raises:
            ValueError: the file has text, but no main text.
        """
        # The fourth length is that of macros, which have no text.
        counts = [number(self.stream, _LENGTHS + 4 * place) for place in (0, 1, 2, 4, 5, 6, 7)]
        if length and not counts[0]:
            raise ValueError("the lengths of its texts are damaged")
        start, found = 0, []
        for count in counts:
            end = min(start + count, length)
            found.append(range(start, end))
            start = end
        return Spans(*found)


def entries(content: bytes, size: int) -> tuple[list[int], list[bytes]]:
    """A list of ascending places with data for each but the last (PLC).

    Args:
        size: bytes of data for each place.
    """
    count = max(len(content) - 4, 0) // (4 + size)
    if not count:
        return [], []
    places = [number(content, 4 * at) for at in range(count + 1)]
    start = 4 * (count + 1)
    return places, [content[start + size * at : start + size * (at + 1)] for at in range(count)]


def text_units(content: bytes) -> str:
    """Text of two bytes a character, each a character of its own: those beyond the first plane are two halves."""
    content = content[: len(content) // 2 * 2]
    text = content.decode("utf-16-le", "surrogatepass")
    if len(text) * 2 == len(content):
        return text
    return "".join(map(chr, struct.unpack(f"<{len(content) // 2}H", content)))
