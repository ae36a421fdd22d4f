"""Records of binary Office files ([MS-ODRAW], [MS-PPT]): a header of eight bytes, then content or further records."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = struct.Struct("<HHI")
_IS_CONTAINER = 0xF
_PROPERTY = struct.Struct("<HI")
_IS_LONG, _NUMBER = 0x8000, 0x3FFF
_TABLE = 0x039F
DRAWN_TEXT, DESCRIPTION = 0x00C0, 0x0381
"""Properties of a shape: text that is drawn as a picture, and what a picture shows."""
PICTURE = 75
"""The kind of a shape that is a picture. Programs describe others by the text that is in them."""
_TEXTS = (DRAWN_TEXT, DESCRIPTION)
_LONGEST_TEXT = 100_000
MOST_DEPTH = 10_000
"""Records in one another, from which on they are not looked into."""


class Record(NamedTuple):
    """A record: its kind and instance, whether it holds records, and where its content begins and ends."""

    kind: int
    instance: int
    is_container: bool
    start: int
    end: int


def records(content: bytes, start: int, end: int) -> Iterator[Record]:
    """The records between two places, one after the other, without those inside them; up to the first damage."""
    end = min(end, len(content))
    while start >= 0 and start + _HEAD.size <= end:
        version, kind, length = _HEAD.unpack_from(content, start)
        start += _HEAD.size
        yield Record(kind, version >> 4, version & 0xF == _IS_CONTAINER, start, min(start + length, end))
        start += length


def all_records(content: bytes, start: int, end: int) -> Iterator[Record]:
    """The records between two places with those inside them, in the order of the file, down to MOST_DEPTH."""
    stack = [records(content, start, end)]
    while stack:
        record = next(stack[-1], None)
        if record is None:
            stack.pop()
            continue
        yield record
        if record.is_container and len(stack) < MOST_DEPTH:
            stack.append(records(content, record.start, record.end))


def shape_properties(content: bytes, record: Record) -> dict[int, str]:
    """The texts among a shape's properties (FOPT) by their number, such as its description."""
    long_at = record.start + _PROPERTY.size * record.instance
    found: dict[int, str] = {}
    if long_at > record.end:
        return found
    for code, value in _PROPERTY.iter_unpack(content[record.start : long_at]):
        if not code & _IS_LONG:
            continue
        if code & _NUMBER in _TEXTS and value <= _LONGEST_TEXT and long_at + value <= record.end:
            raw = content[long_at : long_at + value // 2 * 2]
            found[code & _NUMBER] = raw.decode("utf-16-le", "replace").split("\0")[0]
        long_at += value
    return found


def states_table(content: bytes, record: Record) -> bool:
    """Whether a shape's properties say that its group is a table."""
    end = min(record.start + _PROPERTY.size * record.instance, record.end)
    listed = content[record.start : end - (end - record.start) % _PROPERTY.size]
    return any(code & _NUMBER == _TABLE and value & 1 for code, value in _PROPERTY.iter_unpack(listed))
