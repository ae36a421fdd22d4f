"""Read from older workbooks (XLS) what calamine leaves out: comments, text boxes, page headers.

The records of the file: [MS-XLS], section 2.4.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from rag.documents.parsed import clean
from rag.documents.readers.compound import read_streams
from rag.documents.readers.workbooks.drawn import header_text

_BOF, _SHEET, _OBJECT, _TEXT, _NOTE, _MORE = 0x0809, 0x85, 0x5D, 0x01B6, 0x1C, 0x3C
# Runs of the most frequent cells: blank ones, numbers, and references to texts.
_CELLS = re.compile(
    rb"(?:\x01\x02\x06\x00.{6}|\x03\x02\x0e\x00.{14}|\x7e\x02\x0a\x00.{10}|\xfd\x00\x0a\x00.{10})+", re.DOTALL
)
_HEADERS = {0x14: "oddHeader", 0x15: "oddFooter"}
_READ = frozenset({_BOF, _SHEET, _OBJECT, _TEXT, _NOTE, *_HEADERS})
_HEAD = struct.Struct("<HH")
_UNICODE = 0x0600
"""The version of Excel 97, from which on texts may be Unicode."""
_COMMENT = 0x19
"""The kind of an object that holds a comment."""
_MOST_LENGTH = 33_000


@dataclass(slots=True)
class SheetTexts:
    """The texts of a sheet besides its cells: comments by row and column from 0, boxes and page headers."""

    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Record:
    place: int
    kind: int
    content: bytes

    def number(self, at: int, size: int = 2) -> int:
        return int.from_bytes(self.content[at : at + size], "little")


def sheet_texts(content: bytes) -> list[SheetTexts]:
    """The texts of each sheet in the order of the workbook; empty if the file's records cannot be read."""
    streams = read_streams(content, ("Workbook", "Book"))
    records = list(_records(streams.get("Workbook", streams.get("Book", b""))))
    places = [record.number(0, 4) for record in records if record.kind == _SHEET]
    sheets = [SheetTexts() for _ in places]
    number = -1
    boxes: dict[int, str] = {}
    is_unicode = True
    owner = (0, 0)
    for at, record in enumerate(records):
        if record.kind == _BOF and record.place in places:
            number, boxes, is_unicode = places.index(record.place), {}, record.number(0) >= _UNICODE
        if number < 0:
            continue
        sheet = sheets[number]
        if record.kind == _OBJECT:
            owner = (record.number(4), record.number(6))
        elif record.kind == _TEXT and is_unicode:
            parts = (one.content for one in takewhile(lambda one: one.kind == _MORE, records[at + 1 : at + 40]))
            text = _box_text(record.number(10), parts)
            if owner[0] == _COMMENT:
                boxes[owner[1]] = text
            elif text:
                sheet.drawn.append(text)
        elif record.kind == _NOTE:
            text = boxes.get(record.number(6), "") if is_unicode else _narrow(record.content[6:])
            if text:
                sheet.comments[record.number(0), record.number(2)] = " ".join(text.split())
        elif record.kind in _HEADERS and record.content:
            text = header_text(_HEADERS[record.kind], _string(record.content, is_unicode=is_unicode))
            sheet.drawn += [text] if text else []
    return sheets


def _records(stream: bytes) -> Iterator[_Record]:
    """The records that matter here; of those that continue others, only what follows a box."""
    at, end, before = 0, len(stream) - 3, 0
    while at < end:
        if cells := _CELLS.match(stream, at):
            at, before = cells.end(), 0
            continue
        kind, length = _HEAD.unpack_from(stream, at)
        if length > _MOST_LENGTH:
            return
        if kind in _READ or (kind == _MORE and before in (_TEXT, _MORE)):
            yield _Record(at, kind, stream[at + 4 : at + 4 + length])
        before = kind
        at += 4 + length


def _box_text(length: int, parts: Iterator[bytes]) -> str:
    """The text of a box; each part says by its first byte whether its characters have one byte or two."""
    pieces: list[str] = []
    for part in parts:
        left = length - sum(map(len, pieces))
        if left <= 0 or not part:
            break
        wide = part[0] & 1
        pieces.append(part[1 : 1 + left * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1", "replace"))
    return clean("".join(pieces)).strip()


def _string(content: bytes, *, is_unicode: bool) -> str:
    if not is_unicode:
        return _narrow(content[1 : 1 + content[0]])
    length = int.from_bytes(content[:2], "little")
    wide = len(content) > 2 and content[2] & 1
    return content[3 : 3 + length * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1", "replace")


def _narrow(content: bytes) -> str:
    return clean(content.decode("cp1252", "replace"))
