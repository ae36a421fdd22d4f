"""Read from binary workbooks (XLSB) what calamine leaves out: comments, text boxes, shapes, titles of charts.

The records of the file: [MS-XLSB], section 2.4.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from rag.documents.parsed import clean
from rag.documents.readers.compound import number
from rag.documents.readers.office_xml.relations import main_part, relations_of
from rag.documents.readers.workbooks.biff import SheetTexts
from rag.documents.readers.workbooks.drawn import drawn_texts
from rag.documents.readers.zip_packages import ZIP_ERRORS, read_part

_SHEET, _COMMENT, _COMMENT_TEXT = 156, 635, 637


def binary_sheet_texts(content: bytes) -> list[SheetTexts]:
    """The texts of each sheet in the order of the workbook; empty if the file's parts cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            main = main_part(package, "xl/workbook.bin")
            relations = relations_of(package, main)
            keys = [_text(body, 8) for kind, body in _records(read_part(package, main)) if kind == _SHEET]
            parts = [relations[key].part if key in relations else "" for key in keys]
            return [SheetTexts(_comments(package, part), list(drawn_texts(package, part))) for part in parts]
    except (*ZIP_ERRORS, ElementTree.ParseError):
        return []


def _comments(package: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for relation in relations_of(package, part).values():
        if relation.kind != "comments" or posixpath.splitext(relation.part)[1].lower() != ".bin":
            continue
        place = (0, 0)
        for kind, body in _records(read_part(package, relation.part)):
            if kind == _COMMENT:
                place = (number(body, 4), number(body, 12))
            elif kind == _COMMENT_TEXT and (text := " ".join(clean(_text(body, 1)).split())):
                found[place] = text
    return found


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part: kind and content. Kinds have up to two bytes, lengths up to four, seven bits in each."""
    at = 0
    while at < len(content):
        kind, at = _packed(content, at, 2)
        length, at = _packed(content, at, 4)
        yield kind, content[at : at + length]
        at += length


def _packed(content: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of which each byte but the last has its highest bit set, and the place after it."""
    value = 0
    for place in range(most):
        byte = number(content, at, 1)
        at += 1
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            break
    return value, at


def _text(content: bytes, at: int) -> str:
    """A text with its length before it."""
    return content[at + 4 : at + 4 + 2 * number(content, at)].decode("utf-16-le", "replace")
