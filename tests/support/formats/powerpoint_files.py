"""Generator of presentations of PowerPoint 97 to 2003 (PPT), after [MS-PPT]: slides, masters, notes, several saves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.formats.outlook_files import compound_file

TITLE, BODY, NOTES, OTHER = 0, 1, 2, 4
_LOCKED, _OPEN = 0xF3D1C4DF, 0xE391C05F
_FIRST_ID = 256


def record(kind: int, *content: bytes, instance: int = 0, is_container: bool = False) -> bytes:
    body = b"".join(content)
    return struct.pack("<HHI", instance << 4 | (0xF if is_container else 0), kind, len(body)) + body


def container(kind: int, *content: bytes, instance: int = 0) -> bytes:
    return record(kind, *content, instance=instance, is_container=True)


def text(said: str, kind: int = OTHER, further: bytes = b"") -> bytes:
    """The records of a text: its kind, and its characters of one byte, or of two where it needs them."""
    try:
        characters = record(0x0FA8, said.encode("latin-1"))
    except UnicodeEncodeError:
        characters = record(0x0FA0, said.encode("utf-16-le"))
    return record(0x0F9F, struct.pack("<I", kind)) + characters + further


def box(*content: bytes, place: tuple[int, int, int, int] | None = None, further: bytes = b"") -> bytes:
    """A shape with a text; `place` is that of a cell in its table: left, top, right, bottom."""
    placed = record(0xF00F, struct.pack("<4i", *place)) if place else b""
    return container(0xF004, record(0xF00A, bytes(8), instance=202), placed, further, container(0xF00D, *content))


def picture(description: str) -> bytes:
    said = f"{description}\0".encode("utf-16-le")
    says = record(0xF00B, struct.pack("<HI", 0x8000 | 0x0381, len(said)), said, instance=1)
    return container(0xF004, record(0xF00A, bytes(8), instance=75), says)


def group(*shapes: bytes, first: bytes = b"") -> bytes:
    return container(0xF003, container(0xF004, record(0xF00A, bytes(8)), first), *shapes)


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """A group of shapes that says that it is a table."""
    says = record(0xF122, struct.pack("<HI", 0x039F, 1), instance=1)
    cells = [
        box(text(said), place=(column * 100, number * 50, column * 100 + 100, number * 50 + 50))
        for number, cells in enumerate(rows)
        for column, said in enumerate(cells)
    ]
    line = container(0xF004, record(0xF00A, bytes(8), instance=20), record(0xF00F, struct.pack("<4i", 0, 0, 0, 50)))
    return group(*cells, line, first=says)


def comment(author: str, said: str) -> bytes:
    strings = (record(0x0FBA, one.encode("utf-16-le"), instance=number) for number, one in enumerate((author, said)))
    data = record(0x138B, container(0x2EE0, *strings))
    name = record(0x0FBA, "___PPT10".encode("utf-16-le"))
    return container(0x1388, container(0x138A, name, data))


@dataclass(frozen=True)
class Slide:
    """A slide: its shapes, its texts in the outline, notes, further records, and whether it is hidden."""

    shapes: Sequence[bytes] = ()
    outline: Sequence[bytes] = ()
    notes: str = ""
    further: bytes = b""
    hidden: bool = False


def _drawing(shapes: Sequence[bytes]) -> bytes:
    return container(0x040C, container(0xF002, group(*shapes)))


def _slide(slide: Slide, notes_id: int) -> bytes:
    atom = record(0x03EF, struct.pack("<4x8xIIHH", 0, notes_id, 0, 0))
    shown = record(0x03F9, struct.pack("<IIBBHI", 0, 0, 0, 0, 4 if slide.hidden else 0, 0))
    return container(0x03EE, atom, shown, _drawing(slide.shapes), slide.further)


@dataclass
class _Writer:
    """The stream of a presentation as far as it is written, and where its parts begin."""

    stream: bytearray = field(default_factory=bytearray)
    places: dict[int, int] = field(default_factory=dict)
    last_edit: int = 0

    def add(self, part_id: int, content: bytes) -> None:
        self.places[part_id] = len(self.stream)
        self.stream += content

    def save(self) -> None:
        """End a save: the directory of the parts written since the last one."""
        directory = len(self.stream)
        entries = (struct.pack("<II", 1 << 20 | part_id, at) for part_id, at in sorted(self.places.items()))
        self.stream += record(0x1772, *entries)
        edit = len(self.stream)
        self.stream += record(0x0FF5, struct.pack("<IIIIIHH", 0, 0, self.last_edit, directory, 1, 0, 0) + bytes(4))
        self.places = {}
        self.last_edit = edit


def stream(saves: Sequence[Sequence[Slide]], *, order: Sequence[int] = (), footer: str = "") -> tuple[bytes, int]:
    """The main stream, and where its last save begins."""
    writer = _Writer()
    for slides in saves:
        listed, notes = [], []
        for number, slide in enumerate(slides):
            writer.add(10 + number, _slide(slide, _FIRST_ID + number if slide.notes else 0))
            entry = record(0x03F3, struct.pack("<IIIII", 10 + number, 0, 0, _FIRST_ID + number, 0))
            listed.append(entry + b"".join(slide.outline))
            if slide.notes:
                page = container(
                    0x03F0,
                    record(0x03F1, struct.pack("<II", _FIRST_ID + number, 0)),
                    _drawing([box(text(slide.notes, NOTES))]),
                )
                writer.add(1000 + number, page)
                notes.append(record(0x03F3, struct.pack("<IIIII", 1000 + number, 0, 0, _FIRST_ID + number, 0)))
        writer.add(2, container(0x03F8, _drawing([box(text("Click to edit Master title style", TITLE))])))
        master = record(0x03F3, struct.pack("<IIIII", 2, 0, 0, 0x80000000, 0))
        placed = [listed[at] for at in order] if order else listed
        around = record(0x0FDA, struct.pack("<HH", 0, 0x20)) + record(0x0FBA, footer.encode("utf-16-le"), instance=2)
        parts = (container(0x0FF0, master, instance=1), container(0x0FD9, around, instance=3) if footer else b"")
        lists = container(0x0FF0, *placed) + (container(0x0FF0, *notes, instance=2) if notes else b"")
        writer.add(1, container(0x03E8, record(0x03E9, bytes(40)), *parts, lists))
        writer.save()
    return bytes(writer.stream), writer.last_edit


def current_user(last_edit: int, *, locked: bool = False) -> bytes:
    return record(0x0FF6, struct.pack("<III", 0x14, _LOCKED if locked else _OPEN, last_edit) + bytes(12))


def ppt(*saves: Sequence[Slide], order: Sequence[int] = (), footer: str = "", locked: bool = False) -> bytes:
    """A presentation; each save writes all slides again, and only the last one counts.

    Args:
        order: in which the slides are shown, from 0.
    """
    content, last_edit = stream(saves, order=order, footer=footer)
    return compound_file(
        {"PowerPoint Document": content.ljust(4096, b"\0"), "Current User": current_user(last_edit, locked=locked)}
    )
