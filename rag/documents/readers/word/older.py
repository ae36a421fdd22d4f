"""Read Word documents of the older kind (DOC): those of Word 6 and 95 here, newer ones in `binary`.

The format of Word 6 and 95: its header (FIB) says where the text is; each character is a byte of a code page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.documents.formats import DOC
from rag.documents.parsed import Parsed
from rag.documents.readers.compound import DAMAGE, READ_IN_PART, read_streams
from rag.documents.readers.office import extract
from rag.documents.readers.word.binary.header import WordFile
from rag.documents.readers.word.binary.reading import read_binary_word
from rag.documents.readers.writing.flow import NEW_PAGE, TextFlow, plain
from rag.errors import DocumentError

_WORD_6 = b"\xdc\xa5"
_FIRST_UNICODE = 0xC1
"""The version of Word 97, the first whose text may be Unicode."""
_COMPLEX, _ENCRYPTED = 0x0004, 0x0100
_SIGNS = {"\x0b": "\n", "\x0c": NEW_PAGE, "\x0e": "\n", "\x1e": "-", "\x1f": "", "\xa0": " "}
_FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*(?:\x14|(?=\x15))")
_UNSEEN = re.compile("[\x00-\x06\x08\x0f-\x1d]")
# Primary languages whose text is in another code page than that of Western Europe.
_CODE_PAGES = {
    **dict.fromkeys((0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24), "cp1250"),
    **dict.fromkeys((0x02, 0x19, 0x22, 0x23, 0x2F), "cp1251"),
    0x08: "cp1253", 0x1F: "cp1254", 0x0D: "cp1255", 0x01: "cp1256",
    **dict.fromkeys((0x25, 0x26, 0x27), "cp1257"),
    0x11: "cp932", 0x12: "cp949",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Header:
    version: int
    language: int
    flags: int
    start: int
    end: int


def read_doc(name: str, content: bytes) -> Parsed:
    """The text of a document of the older kind. One that is too damaged to follow is read with kreuzberg, with a note.

    Raises:
        DocumentError: damaged, or protected by a password.
    """
    streams = read_streams(content, ("WordDocument", "0Table", "1Table", "Data"))
    stream = streams.get("WordDocument", b"")
    header = _header(stream)
    if header is None or header.version >= _FIRST_UNICODE:
        return _newer(name, content, WordFile.of(streams))
    if header.flags & _ENCRYPTED:
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.")
    return word6_text(stream, _pieces(stream, header), _CODE_PAGES.get(header.language & 0x3FF, "cp1252"))


def word6_text(stream: bytes, pieces: list[tuple[int, int]], encoding: str) -> Parsed:
    """The text of a document of Word 6 or 95.

    Args:
        stream: the document's main stream.
        pieces: first and last place of the text's pieces in it.
    """
    text = b"".join(stream[start:end] for start, end in pieces).decode(encoding, "replace")
    while (shorter := _FIELD_CODE.sub("", text)) != text:
        text = shorter
    flow = TextFlow()
    for paragraph in _UNSEEN.sub("", text.replace("\x15", "")).split("\r"):
        # A cell ends with this sign, and a row with two.
        for row in paragraph.split("\x07\x07"):
            cells = " | ".join(cell.strip() for cell in row.split("\x07"))
            for sign, shown in _SIGNS.items():
                cells = cells.replace(sign, shown)
            flow.paragraph(NEW_PAGE.join(map(plain, cells.split(NEW_PAGE))))
    return flow.parsed()


def _newer(name: str, content: bytes, file: WordFile) -> Parsed:
    """The text of a document of Word 97 to 2003; one that is damaged is left to another reader."""
    if file.is_encrypted:
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.")
    try:
        return read_binary_word(file)
    except DAMAGE:
        parsed = extract(name, DOC, content)
        return replace(parsed, notes=(*parsed.notes, READ_IN_PART))


def _header(stream: bytes) -> _Header | None:
    if len(stream) < 0x20 or stream[:2] != _WORD_6:
        return None

    def number(at: int, size: int) -> int:
        return int.from_bytes(stream[at : at + size], "little")

    return _Header(number(2, 2), number(6, 2), number(10, 2), number(0x18, 4), number(0x1C, 4))


def _pieces(stream: bytes, header: _Header) -> list[tuple[int, int]]:
    """The places of the text; after a fast save, its pieces are listed in the order of the text."""
    if not header.flags & _COMPLEX:
        return [(header.start, header.end)]

    def number(at: int, size: int) -> int:
        return int.from_bytes(stream[at : at + size], "little")

    at = number(0x160, 4)
    while at < len(stream) and stream[at] == 1:
        at += 3 + number(at + 1, 2)
    count = max(number(at + 1, 4) - 4, 0) // 12
    at += 5
    ends = [number(at + 4 * place, 4) for place in range(min(count, len(stream) // 12) + 1)]
    places = (number(at + 4 * len(ends) + 8 * place + 2, 4) for place in range(len(ends) - 1))
    lengths = (after - before for before, after in pairwise(ends))
    return [(place, place + max(length, 0)) for place, length in zip(places, lengths, strict=True)]
