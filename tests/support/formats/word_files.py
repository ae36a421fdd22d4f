"""Generator of Word documents of Word 97 to 2003 (DOC), after [MS-DOC]: text, properties, notes, boxes, headers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.formats.outlook_files import compound_file

TEXT_AT = 0x400
IN_TABLE = struct.pack("<HB", 0x2416, 1)
DELETED = struct.pack("<HB", 0x0800, 1)
HIDDEN = struct.pack("<HB", 0x083C, 1)


@dataclass(frozen=True)
class Run:
    """Characters with their properties."""

    text: str
    properties: bytes = b""


@dataclass(frozen=True)
class Line:
    """A paragraph; the last character of its text is the sign that ends it."""

    runs: tuple[Run, ...]
    style: int = 0
    properties: bytes = b""

    @property
    def length(self) -> int:
        return sum(len(run.text) for run in self.runs)


def line(text: str, *, style: int = 0, properties: bytes = b"", end: str = "\r") -> Line:
    return Line((Run(text + end),), style, properties)


def row(cells: Sequence[str], edges: Sequence[int] = (), flags: Sequence[int] = ()) -> list[Line]:
    """A row of a table: its cells, and the sign that ends it, which says where they are."""
    edges = edges or range(1000, 1000 * len(cells) + 1, 1000)
    flags = flags or [0] * len(cells)
    shape = struct.pack(f"<B{len(cells) + 1}h", len(cells), 0, *edges)
    shape += b"".join(struct.pack("<H18x", flag) for flag in flags)
    ends = IN_TABLE + struct.pack("<HB", 0x2417, 1) + struct.pack("<HH", 0xD608, len(shape) + 1) + shape
    lines = [line(text, properties=IN_TABLE, end="\x07") for text in cells]
    return [*lines, line("", properties=ends, end="\x07")]


@dataclass(frozen=True)
class Story:
    """The texts besides the main one; those who refer to them are \\x02, \\x05 and \\x08 in it, in this order."""

    footnotes: Sequence[str] = ()
    endnotes: Sequence[str] = ()
    comments: Sequence[tuple[str, str]] = ()
    boxes: Sequence[str] = ()
    headers: Sequence[str] = ()


def doc(lines: Sequence[Line], story: Story | None = None, **options: bytes | bool | int) -> bytes:
    """A document.

    Args:
        options: `styles`, `lists` and `uses` are parts of the table stream; `fast_saved` puts the second half of the
            text before the first one, of which each character has one byte; `data` is the data stream; `piece` says
            what holds for the second half, as a number of [MS-DOC]'s Prm.
    """
    stream, table = streams(lines, story or Story(), **options)
    data = options.get("data")
    more = {"Data": data.ljust(4096, b"\0")} if isinstance(data, bytes) else {}
    return compound_file({"WordDocument": stream, "1Table": table.ljust(4096, b"\0"), **more})


def streams(lines: Sequence[Line], story: Story, **options: bytes | bool | int) -> tuple[bytes, bytes]:
    main = "".join(run.text for one in lines for run in one.runs)
    parts, lengths, rest = _further(main, story)
    text = main + rest
    places = _places(text, fast_saved=bool(options.get("fast_saved")), piece=int(options.get("piece", 0)))
    header = bytearray(TEXT_AT)
    header[:12] = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0x409, 0, 0x1200 | (4 if options.get("fast_saved") else 0))
    struct.pack_into("<H", header, 32, 14)
    struct.pack_into("<H", header, 62, 22)
    struct.pack_into("<8I", header, 76, len(main), *lengths)
    struct.pack_into("<H", header, 152, 93)
    stream = bytearray(header) + places.content
    stream += bytes(-len(stream) % 512)
    runs, paragraphs = _listed(lines, text, places)
    parts[12] = _pages(stream, runs, 1)
    parts[13] = _pages(stream, paragraphs, 13)
    parts[33] = places.table
    for number, option in ((1, "styles"), (73, "lists"), (74, "uses")):
        if isinstance(option_value := options.get(option), bytes):
            parts[number] = option_value
    table = bytearray()
    for number, content in sorted(parts.items()):
        struct.pack_into("<II", stream, 154 + 8 * number, len(table), len(content) - (_levels(options, number)))
        table += content
    return bytes(stream).ljust(4096, b"\0"), bytes(table)


def _levels(options: dict[str, bytes | bool | int], number: int) -> int:
    """Bytes of levels that follow the lists, and are no part of them for the header."""
    lists = options.get("lists")
    return len(lists) - 30 if number == 73 and isinstance(lists, bytes) else 0


@dataclass(frozen=True)
class _Places:
    """The text in the file: its bytes, where each character begins and ends, and the list of its pieces."""

    content: bytes
    places: list[tuple[int, int]]
    table: bytes


def _places(text: str, *, fast_saved: bool, piece: int) -> _Places:
    wide = text.encode("utf-16-le", "surrogatepass")
    if not fast_saved:
        pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, TEXT_AT, 0)
        table = b"\x02" + struct.pack("<I", len(pieces)) + pieces
        return _Places(wide, [(TEXT_AT + 2 * at, TEXT_AT + 2 * at + 2) for at in range(len(text))], table)
    half = len(text) // 2
    second = wide[2 * half :]
    start = TEXT_AT + len(second)
    content = second + text[:half].encode("cp1252")
    pieces = struct.pack("<III", 0, half, len(text))
    pieces += struct.pack("<HIH", 0, start * 2 | 0x40000000, 0) + struct.pack("<HIH", 0, TEXT_AT, piece)
    table = b"\x01\x03\0\x3c\x08\0\x02" + struct.pack("<I", len(pieces)) + pieces
    places = [(start + at, start + at + 1) for at in range(half)]
    places += [(TEXT_AT + 2 * at, TEXT_AT + 2 * at + 2) for at in range(len(text) - half)]
    return _Places(content, places, table)


def _further(main: str, story: Story) -> tuple[dict[int, bytes], list[int], str]:
    """The parts that refer to the further texts, their lengths in the header's order, and the texts."""
    notes = [at for at, sign in enumerate(main) if sign == "\x02"]
    split = len(story.footnotes)
    parts: dict[int, bytes] = {}
    footnotes, parts[3] = _joined([f"\x02 {text}\r" for text in story.footnotes])
    parts[2] = _plc(notes[:split], len(main), [b"\x01\0"] * split)
    headers, parts[11] = _joined(["\r"] * 6 + [f"{text}\r" if text else "" for text in story.headers])
    comments, parts[5] = _joined([f"\x05{text}\r" for _, text in story.comments])
    people = list(dict.fromkeys(author for author, _ in story.comments))
    entries = [struct.pack("<20xH8x", people.index(author)) for author, _ in story.comments]
    parts[4] = _plc([at for at, sign in enumerate(main) if sign == "\x05"], len(main), entries)
    parts[36] = b"".join(struct.pack("<H", len(name)) + name.encode("utf-16-le") for name in people)
    endnotes, parts[47] = _joined([f"\x02 {text}\r" for text in story.endnotes])
    parts[46] = _plc(notes[split:], len(main), [b"\x01\0"] * len(story.endnotes))
    boxes, starts = _joined([f"{text}\r" for text in story.boxes])
    shapes = [struct.pack("<I22x", 1025 + number) for number in range(len(story.boxes))]
    parts[40] = _plc([at for at, sign in enumerate(main) if sign == "\x08"], len(main), shapes)
    kept = struct.pack("<8xHII4x", 0, 0, 0)
    entries = [struct.pack("<8xHII4x", 0, 0, 1025 + number) for number in range(len(story.boxes))]
    parts[56] = starts + b"".join([*entries, kept]) if story.boxes else b""
    texts = (footnotes, headers, "", comments, endnotes, boxes, "")
    rest = "".join(texts)
    return {number: part for number, part in parts.items() if part}, [*map(len, texts)], rest + "\r" * bool(rest)


def _joined(texts: Sequence[str]) -> tuple[str, bytes]:
    """Texts one after the other with a last sign, and where each begins."""
    if not texts:
        return "", b""
    starts = [sum(map(len, texts[:at])) for at in range(len(texts) + 1)]
    return "".join(texts) + "\r", struct.pack(f"<{len(starts) + 1}I", *starts, starts[-1] + 1)


def _plc(places: Sequence[int], end: int, data: Sequence[bytes]) -> bytes:
    return struct.pack(f"<{len(places) + 1}I", *places, end) + b"".join(data) if data else b""


def _listed(
    lines: Sequence[Line], text: str, places: _Places
) -> tuple[list[tuple[int, int, bytes]], list[tuple[int, int, bytes]]]:
    """Runs and paragraphs: where each begins and ends in the file, and its properties."""
    runs: list[tuple[int, int, bytes]] = []
    paragraphs: list[tuple[int, int, bytes]] = []
    at = 0
    for one in lines:
        paragraphs += _spans(at, at + one.length, struct.pack("<H", one.style) + one.properties, places)
        for run in one.runs:
            runs += _spans(at, at + len(run.text), run.properties, places)
            at += len(run.text)
    runs += _spans(at, len(text), b"", places)
    paragraphs += _spans(at, len(text), b"\0\0", places)
    return sorted(runs), sorted(paragraphs)


def _spans(start: int, end: int, content: bytes, places: _Places) -> list[tuple[int, int, bytes]]:
    """Parts of a text that lie together in the file."""
    found: list[tuple[int, int, bytes]] = []
    for first, last in places.places[start:end]:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], last, content)
        else:
            found.append((first, last, content))
    return found


def _pages(stream: bytearray, listed: Sequence[tuple[int, int, bytes]], size: int) -> bytes:
    """Add pages of properties to the stream, and return the list of the pages."""
    groups = [listed[at : at + 4] for at in range(0, len(listed), 4)]
    first = len(stream) // 512
    for group in groups:
        page = bytearray(512)
        page[511] = len(group)
        struct.pack_into(f"<{len(group) + 1}I", page, 0, *(one[0] for one in group), group[-1][1])
        end = 510
        for number, (_, _, content) in enumerate(group):
            if size == 1:
                packed = bytes([len(content)]) + content if content else b""
            elif len(content) % 2:
                packed = bytes([(len(content) + 1) // 2]) + content
            else:
                packed = bytes([0, len(content) // 2]) + content
            end = (end - len(packed)) // 2 * 2
            page[end : end + len(packed)] = packed
            page[4 * (len(group) + 1) + size * number] = end // 2 if packed else 0
        stream += page
    starts = [group[0][0] for group in groups]
    return struct.pack(f"<{len(groups) + 1}I", *starts, listed[-1][1]) + struct.pack(
        f"<{len(groups)}I", *range(first, first + len(groups))
    )
