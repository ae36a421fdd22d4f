"""Texts of a PPT file: in a box, in the outline, in a table. [MS-PPT], sections 2.9 (texts) and 2.10 (outline)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.documents.readers.compound import number
from rag.documents.readers.records import Record, records
from rag.documents.readers.writing.flow import plain

_HEADER, _CHARACTERS, _BYTES, _STRING = 0x0F9F, 0x0FA0, 0x0FA8, 0x0FBA
_REFERENCE = 0x0F9E
# Signs that stand for the number of the slide, dates, the header and the footer.
_NUMBER_OR_DATE, _AROUND = (0x0FD8, 0x0FF7, 0x0FF8, 0x1015), (0x0FF9, 0x0FFA)
_TITLES = (0, 6)
_VERTICAL_TAB = "\x0b"


@dataclass(slots=True)
class Text:
    """A text with its kind (0 and 6 are titles; -1 is unknown), and the places in it that programs fill in."""

    kind: int = -1
    text: str = ""
    outline: int = -1

    @property
    def is_title(self) -> bool:
        """Whether it is the title of its slide."""
        return self.kind in _TITLES


def texts_of(stream: bytes, listed: Iterable[Record]) -> list[Text]:
    """The texts among these records, in order; `outline` is the number of a text that is in the outline."""
    found: list[Text] = []
    fillers: list[tuple[Text, int]] = []
    for record in listed:
        match record.kind:
            case _ if record.kind == _HEADER:
                found.append(Text(number(stream, record.start)))
            case _ if record.kind == _REFERENCE:
                found.append(Text(outline=number(stream, record.start)))
            case _ if record.kind in (_CHARACTERS, _BYTES):
                if not found or found[-1].text:
                    found.append(Text())
                found[-1].text = _decoded(stream, record)
            case _ if record.kind in (*_NUMBER_OR_DATE, *_AROUND) and found:
                fillers.append((found[-1], number(stream, record.start)))
    for text, place in sorted(fillers, key=lambda one: -one[1]):
        text.text = text.text[:place] + text.text[place + 1 :]
    for text in found:
        text.text = _lines(text.text)
    return found


def strings(stream: bytes, container: Record) -> dict[int, str]:
    """The short strings in a container by their number."""
    return {
        record.instance: _lines(_decoded(stream, record))
        for record in records(stream, container.start, container.end)
        if record.kind == _STRING
    }


def _decoded(stream: bytes, record: Record) -> str:
    content = stream[record.start : record.end]
    if record.kind == _BYTES:
        return content.decode("latin-1")
    return content[: len(content) // 2 * 2].decode("utf-16-le", "replace")


def _lines(text: str) -> str:
    lines = plain(text.replace("\r", "\n").replace(_VERTICAL_TAB, "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())
