"""Lists of a DOC file and how they count. [MS-DOC], sections 2.9.131 (LFO), 2.9.150 (LVL) and 2.9.149 (LSTF)."""

from __future__ import annotations

from rag.documents.readers.compound import number
from rag.documents.readers.word.binary.header import Part, WordFile
from rag.documents.readers.word.numbering import MOST_NUMBER, CountedList, Level, Numbering

_FORMATS = {
    1: "upperRoman", 2: "lowerRoman", 3: "upperLetter", 4: "lowerLetter", 22: "decimalZero", 23: "bullet", 255: "none",
}  # fmt: skip
_LIST, _USE, _LEVEL = 28, 16, 28
_MOST_LISTS = 10_000
_STARTS, _IS_CHANGED = 0x10, 0x20


def numbering_of(file: WordFile) -> Numbering:
    """The lists of a document by the number by which its paragraphs refer to them, from 1."""
    lists = _lists(file)
    content = file.part(Part.LIST_USES)
    count = min(number(content, 0), _MOST_LISTS, len(content) // _USE)
    at = 4 + _USE * count
    found = {}
    for place in range(count):
        start = 4 + _USE * place
        list_id = number(content, start)
        levels, restarts = dict(lists.get(list_id, {})), {}
        at += 4
        for _ in range(number(content, start + 12, 1)):
            flags = number(content, at + 4)
            level_number = min(flags & 0xF, 8)
            if flags & _STARTS and not flags & _IS_CHANGED:
                restarts[level_number] = min(number(content, at), MOST_NUMBER)
            at += 8
            if flags & _IS_CHANGED:
                levels[level_number], at = _level(content, at)
                if flags & _STARTS:
                    restarts[level_number] = levels[level_number].start
        found[str(place + 1)] = CountedList(str(list_id), levels, restarts)
    return Numbering(found)


def _lists(file: WordFile) -> dict[int, dict[int, Level]]:
    """The levels of each list by its id; they follow all lists."""
    content = file.table[file.place(Part.LISTS) :] if file.part(Part.LISTS) else b""
    count = min(number(content, 0, 2), _MOST_LISTS)
    at = 2 + _LIST * count
    found = {}
    for place in range(count):
        start = 2 + _LIST * place
        if at >= len(content):
            break
        levels = {}
        for level in range(1 if number(content, start + 26, 1) & 1 else 9):
            levels[level], at = _level(content, at)
        found[number(content, start)] = levels
    return found


def _level(content: bytes, at: int) -> tuple[Level, int]:
    """A level, and where the next one begins; its text has the numbers of other levels as signs 0 to 8."""
    start = min(number(content, at), MOST_NUMBER)
    kind = _FORMATS.get(number(content, at + 4, 1), "decimal")
    is_decimal = bool(number(content, at + 5, 1) & 4)
    text_at = at + _LEVEL + number(content, at + 24, 1) + number(content, at + 25, 1)
    end = text_at + 2 + 2 * number(content, text_at, 2)
    signs = content[text_at + 2 : end].decode("utf-16-le", "replace")
    text = "".join(f"%{ord(sign) + 1}" if ord(sign) < 9 else sign for sign in signs)
    return Level(kind, text, start, is_decimal), end
