"""Find what a PPT file shows today: each save adds to the file, and a directory names the latest version of each part.

[MS-PPT], sections 2.1.2 (how a file is read), 2.3 (the directory) and 2.4 (the document).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.documents.readers.compound import number
from rag.documents.readers.records import Record, records

_CURRENT_USER, _EDIT, _DIRECTORY = 0x0FF6, 0x0FF5, 0x1772
_DOCUMENT, _LIST, _ENTRY = 0x03E8, 0x0FF0, 0x03F3
_LOCKED = 0xF3D1C4DF
_SLIDES, _NOTES = 0, 2
_MOST_EDITS = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A slide or notes page: its id, the record of its part, and the records of its text in the outline."""

    slide_id: int
    part: Record | None
    outline: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LiveParts:
    """The parts of a presentation as it was last saved."""

    stream: bytes
    document: Record
    slides: list[Listed]
    notes: dict[int, Listed]

    @classmethod
    def of(cls, stream: bytes, current_user: bytes) -> LiveParts:
        """Follow the directory.

        Raises:
            ValueError: the directory is damaged.
        """
        offsets, document_id = _directory(stream, _last_edit(stream, current_user))
        document = _record_at(stream, offsets.get(document_id, -1))
        if document is None or document.kind != _DOCUMENT:
            raise ValueError("the file's directory names no document")
        slides: list[Listed] = []
        notes: dict[int, Listed] = {}
        parts = _Parts(stream, offsets)
        for item in records(stream, document.start, document.end):
            if item.kind == _LIST and item.instance == _SLIDES:
                slides += _listed(stream, item, parts)
            elif item.kind == _LIST and item.instance == _NOTES:
                notes |= {one.slide_id: one for one in _listed(stream, item, parts)}
        return cls(stream, document, slides, notes)


def is_locked(current_user: bytes) -> bool:
    """Whether a password is needed."""
    return number(current_user, 12) == _LOCKED


def _record_at(stream: bytes, at: int) -> Record | None:
    return next(records(stream, at, len(stream)), None) if at >= 0 else None


def _last_edit(stream: bytes, current_user: bytes) -> int:
    """Where the last save begins: as stated, or else the last one in the file."""
    stated = number(current_user, 16) if number(current_user, 2, 2) == _CURRENT_USER else -1
    found = _record_at(stream, stated)
    if found is not None and found.kind == _EDIT:
        return stated
    edits = [record.start - 8 for record in records(stream, 0, len(stream)) if record.kind == _EDIT]
    if not edits:
        raise ValueError("the file has no directory")
    return edits[-1]


def _directory(stream: bytes, at: int) -> tuple[dict[int, int], int]:
    """Where each part begins by its id, and the id of the document; of the saves, the latest counts."""
    offsets: dict[int, int] = {}
    document_id, left = -1, len(stream)
    # Saves lead to the one before; in a hostile file they may lead in circles, or lists may lie in one another.
    for _ in range(_MOST_EDITS):
        edit = _record_at(stream, at)
        if edit is None or edit.kind != _EDIT:
            break
        document_id = number(stream, edit.start + 16) if document_id < 0 else document_id
        listed = _record_at(stream, number(stream, edit.start + 12))
        if listed is not None and listed.kind == _DIRECTORY and listed.end - listed.start <= left:
            left -= listed.end - listed.start
            for part_id, offset in _entries(stream, listed):
                offsets.setdefault(part_id, offset)
        before = number(stream, edit.start + 8)
        if not 0 < before < at:
            break
        at = before
    return offsets, document_id


def _entries(stream: bytes, listed: Record) -> list[tuple[int, int]]:
    found, at = [], listed.start
    while at + 4 <= listed.end:
        head = number(stream, at)
        at += 4
        for place in range(min(head >> 20, (listed.end - at) // 4)):
            found.append(((head & 0xFFFFF) + place, number(stream, at + 4 * place)))
        at += 4 * (head >> 20)
    return found


class _Parts:
    """The parts of a file; no byte belongs to two of them, so that a hostile file cannot repeat one without end."""

    def __init__(self, stream: bytes, offsets: dict[int, int]) -> None:
        self._stream = stream
        self._offsets = offsets
        self._left = len(stream)

    def take(self, part_id: int) -> Record | None:
        """A part by its id; None if it is not there, or was taken."""
        found = _record_at(self._stream, self._offsets.pop(part_id, -1))
        if found is None or found.end - found.start > self._left:
            return None
        self._left -= found.end - found.start
        return found


def _listed(stream: bytes, item: Record, parts: _Parts) -> list[Listed]:
    """The parts of a list in order, each once."""
    found: list[Listed] = []
    for record in records(stream, item.start, item.end):
        if record.kind == _ENTRY:
            found.append(Listed(number(stream, record.start + 12), parts.take(number(stream, record.start))))
        elif found:
            found[-1].outline.append(record)
    return found
