"""Generators of Excel workbooks of the older kind (XLS, BIFF5 and BIFF8) and of the binary kind (XLSB)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from tests.support.formats.outlook_files import compound_file
from tests.support.good_files import zipped

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cells(rows: Sequence[Sequence[str | float]], encoding: str) -> bytes:
    pieces = []
    for row, line in enumerate(rows):
        for column, value in enumerate(line):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, float):
                pieces.append(_record(0x203, place + struct.pack("<d", value)))
            elif encoding == "utf-16-le":
                pieces.append(_record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode(encoding)))
            else:
                text = value.encode(encoding)
                pieces.append(_record(0x204, place + struct.pack("<H", len(text)) + text))
    return b"".join(pieces)


def xls(
    rows: Sequence[Sequence[str | float]],
    *,
    version: int = 0x0600,
    code_page: int = 1200,
    encoding: str = "utf-16-le",
    comments: Mapping[tuple[int, int], str] | None = None,
    boxes: Sequence[str] = (),
    header: str = "",
) -> bytes:
    """A workbook with one sheet, "Prices"; version 0x0500 is Excel 5 and 95, 0x0600 Excel 97."""
    is_new = version == 0x0600
    begin = struct.pack("<HHHH", version, 0x0005, 0x0DBB, 0x07CC) + (bytes(8) if is_new else b"")
    sheet_begin = struct.pack("<HHHH", version, 0x0010, 0x0DBB, 0x07CC) + (bytes(8) if is_new else b"")
    name = (b"\x06\x00" if is_new else b"\x06") + b"Prices"
    head = _record(0x809, begin) + _record(0x42, struct.pack("<H", code_page))
    length = len(head) + 4 + 6 + len(name) + 4
    sheet = _record(0x809, sheet_begin)
    if header:
        sheet += _record(0x14, struct.pack("<HB", len(header), 1) + header.encode("utf-16-le"))
    width = max(map(len, rows), default=0)
    sheet += _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    sheet += _cells(rows, encoding)
    texts = [*(("", text) for text in boxes), *((place, text) for place, text in (comments or {}).items())]
    for number, (place, text) in enumerate(texts, start=1):
        kind = 0x19 if place else 6
        sheet += _record(0x5D, struct.pack("<HHHH", 0x15, 0x12, kind, number) + bytes(14) + bytes(4))
        sheet += _record(0x1B6, struct.pack("<HH6xHH4x", 0, 0, len(text), 0))
        sheet += _record(0x3C, b"\x01" + text.encode("utf-16-le"))
        if place:
            sheet += _record(0x1C, struct.pack("<HHHHHB", *place, 0, number, 3, 0) + b"Eve\0")
    sheet += _record(0x0A)
    book = head + _record(0x85, struct.pack("<IBB", length, 0, 0) + name) + _record(0x0A) + sheet
    return compound_file({"Workbook" if is_new else "Book": book + bytes(max(4096 - len(book), 0))})


def _binary(kind: int, content: bytes = b"") -> bytes:
    number = bytes((kind,)) if kind < 128 else bytes((kind & 0x7F | 0x80, kind >> 7))
    length = len(content)
    return number + (bytes((length,)) if length < 128 else bytes((length & 0x7F | 0x80, length >> 7))) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _binary_comments(comments: Mapping[tuple[int, int], str]) -> bytes:
    authors = _binary(630) + _binary(632, _wide("Eve")) + _binary(631)
    items = b"".join(
        _binary(635, struct.pack("<IIIII16x", 0, row, row, column, column))
        + _binary(637, b"\0" + _wide(text))
        + _binary(636)
        for (row, column), text in comments.items()
    )
    return _binary(628) + authors + _binary(633) + items + _binary(634) + _binary(629)


def xlsb(rows: Sequence[Sequence[str]], comments: Mapping[tuple[int, int], str] | None = None) -> bytes:
    """A binary workbook with one sheet, "Prices"."""
    workbook = _binary(131) + _binary(143) + _binary(156, struct.pack("<II", 0, 1) + _wide("r1") + _wide("Prices"))
    workbook += _binary(144) + _binary(132)
    sheet = _binary(129) + _binary(148, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + _binary(145)
    for row, line in enumerate(rows):
        sheet += _binary(0, struct.pack("<I", row) + bytes(13))
        for column, text in enumerate(line):
            sheet += _binary(6, struct.pack("<II", column, 0) + _wide(text))
    sheet += _binary(146) + _binary(130)
    relation = f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.bin"/>'
    noted = f'<Relationship Id="c" Type="{_OFFICE}/comments" Target="../comments1.bin"/>'
    main = f'<Relationship Id="m" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
            "_rels/.rels": relations.format(main),
            "xl/workbook.bin": workbook,
            "xl/_rels/workbook.bin.rels": relations.format(relation),
            "xl/worksheets/sheet1.bin": sheet,
            "xl/worksheets/_rels/sheet1.bin.rels": relations.format(noted),
            "xl/comments1.bin": _binary_comments(comments or {}),
        }
    )
