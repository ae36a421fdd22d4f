"""Fields in the text of a DOC file: their code is left out, their result is kept. [MS-DOC], section 2.8.25."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rag.documents.readers.compound import number

BEGIN, SEPARATOR, END = "\x13", "\x14", "\x15"
_MARK = re.compile("[\x13-\x15]")
_LINK = re.compile(r'\s*HYPERLINK\s+["“”]([^"“”]{1,500})["“”]', re.IGNORECASE)
# The reading of a character (ruby), as in: EQ \\o\\ad(\\s\\up 9(reading),characters)
_RUBY = re.compile(r"\\o\s*(?:\\a\w\s*)?\(\s*\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*[,;]\s*([^()]*)\)", re.IGNORECASE)
_OPTION = re.compile(r'\\\*\s*(?:"[^"]*"|\w+)(?:\s*"[^"]*")?')
_SWITCH = re.compile(r"\\[a-zA-Z]{1,2}\s*-?\d*")
_LONGEST_CODE = 2000
_CHECK_BOX, _LIST_BOX, _UNSET = 1, 2, 25


@dataclass(slots=True)
class _Open:
    code: list[str] = field(default_factory=list)
    in_code: bool = True
    data: int = -1
    shows_text: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What a field that ended says besides its result: the address of a link, or a text that its code holds."""

    link: str = ""
    text: str = ""


class Fields:
    """The fields that are open at a place of a text; a sign without its partner is no field."""

    def __init__(self, text: str, start: int, data: bytes) -> None:
        self._ends = _partners(text, start)
        self._data = data
        self._open: list[_Open] = []
        self._codes = 0

    @property
    def in_code(self) -> bool:
        """Whether the text here is the code of a field."""
        return self._codes > 0

    def add_code(self, text: str) -> None:
        """Add to the code of the innermost field."""
        self._open[-1].code.append(text[:_LONGEST_CODE])

    def add_text(self) -> None:
        """Say that the result of the innermost field shows something here."""
        if self._open:
            self._open[-1].shows_text = True

    def add_data(self, at: int) -> None:
        """Say where the form of the innermost field begins in the data stream."""
        if self._open:
            self._open[-1].data = at

    def mark(self, sign: str, at: int) -> Ended:
        """Pass a sign."""
        if at in self._ends and sign == BEGIN:
            self._open.append(_Open())
            self._codes += 1
        elif at in self._ends and self._open and sign == SEPARATOR:
            self._codes -= self._open[-1].in_code
            self._open[-1].in_code = False
        elif at in self._ends and self._open:
            ended = self._open.pop()
            self._codes -= ended.in_code
            if ended.shows_text:
                self.add_text()
            return self._end(ended)
        return Ended()

    def _end(self, ended: _Open) -> Ended:
        code = "".join(ended.code)[:_LONGEST_CODE]
        link = _LINK.match(code) if ended.shows_text else None
        if link:
            return Ended(link=link[1])
        kind = code.split(maxsplit=1)[0].upper() if code.strip() else ""
        if kind in ("FORMCHECKBOX", "FORMDROPDOWN"):
            return Ended(text=form_text(self._data, ended.data))
        return Ended(text=equation_text(code)) if kind == "EQ" else Ended()


def equation_text(code: str) -> str:
    """The words of an equation field; the reading of a character comes before it, in brackets."""
    ruby = _RUBY.search(code)
    if ruby:
        return f"({ruby[1].strip()}){ruby[2].strip()}"
    return " ".join(_SWITCH.sub(" ", _OPTION.sub(" ", code.split("EQ", 1)[-1])).split())


def form_text(data: bytes, at: int) -> str:
    """The state of a check box, or the chosen entry of a list, by its form in the data stream (FFData)."""
    if not 0 <= at < len(data):
        return ""
    start = at + number(data, at + 4, 2)
    flags = number(data, start + 4, 2)
    kind, result = flags & 3, flags >> 2 & 0x1F
    # The name, a default, then four texts for formats and help, each with its length.
    at = _after_text(data, start + 10)
    usual = number(data, at, 2)
    at += 2
    result = usual if result == _UNSET else result
    if kind == _CHECK_BOX:
        return "☒" if result else "☐"
    for _ in range(5):
        at = _after_text(data, at)
    entries, at = number(data, at + 2, 2), at + 6
    for _ in range(min(result, entries) if kind == _LIST_BOX else 0):
        at += 2 + 2 * number(data, at, 2)
    if kind != _LIST_BOX or result >= entries:
        return ""
    return data[at + 2 : at + 2 + 2 * number(data, at, 2)].decode("utf-16-le", "replace")


def _after_text(data: bytes, at: int) -> int:
    """Where a text ends that has its length before it and a zero after it."""
    return at + 4 + 2 * number(data, at, 2)


def _partners(text: str, start: int) -> set[int]:
    """The places of all signs that belong to a whole field."""
    found: set[int] = set()
    open_fields: list[list[int]] = []
    for match in _MARK.finditer(text):
        at = start + match.start()
        if match[0] == BEGIN:
            open_fields.append([at])
        elif open_fields and match[0] == SEPARATOR:
            open_fields[-1].append(at)
        elif open_fields:
            found.update((*open_fields.pop()[:2], at))
    return found
