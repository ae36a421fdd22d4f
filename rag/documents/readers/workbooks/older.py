"""Read workbooks of older Excel (XLS) and binary ones (XLSB) with calamine, and the values alone of damaged ones."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from rag.documents.formats import XLS, label
from rag.documents.parsed import clean
from rag.documents.readers.panics import without_panic
from rag.documents.readers.workbooks.biff import SheetTexts, sheet_texts
from rag.documents.readers.workbooks.xlsb import binary_sheet_texts
from rag.documents.tables.grid import Cell
from rag.documents.tables.sheet import Sheet, sheet_of
from rag.errors import DocumentError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

# The record that states a workbook's code page: its number, its length, the code page.
_CODE_PAGE = re.compile(rb"\x42\x00\x02\x00(..)", re.DOTALL)
_UNICODE, _WESTERN = 1200, 1252
# Macintosh code pages and ASCII's, which have other names elsewhere.
_FURTHER_CODE_PAGES = (367, 10000, 10001, 10004, 10005, 10006, 10007, 10029, 10081, 32768, 32769)


def read_older_excel(name: str, media_type: str, content: bytes) -> list[Sheet]:
    """The non-empty sheets of a workbook: their values, merged cells, and which are hidden.

    Raises:
        DocumentError: damaged, protected by a password, or a sheet has too many cells.
    """
    with without_panic(name, label(media_type)):
        workbook = _open(name, media_type, content)
        count = len(workbook.sheet_names)
        texts = sheet_texts(content) if media_type == XLS else binary_sheet_texts(content)
        texts = texts if len(texts) == count else [SheetTexts() for _ in range(count)]
        sheets = (_sheet(name, workbook, number, texts[number]) for number in range(count))
        return [sheet for sheet in sheets if sheet is not None and (sheet.cells or sheet.drawn)]


def _open(name: str, media_type: str, content: bytes) -> CalamineWorkbook:
    from python_calamine import CalamineError, PasswordError, load_workbook

    try:
        return load_workbook(BytesIO(content))
    except PasswordError as error:
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.") from error
    except CalamineError as error:
        changed = _with_known_code_page(content) if media_type == XLS else content
        if changed != content:
            return _open(name, media_type, changed)
        raise DocumentError(
            f"'{name}' could not be read as {label(media_type)}: {_said(error)}. "
            "Open it in a spreadsheet program and save it as XLSX."
        ) from error


def _with_known_code_page(content: bytes) -> bytes:
    """A workbook in which an unknown code page is Unicode's, or before Excel 97 that of Western Europe."""
    is_new = "Workbook".encode("utf-16-le") in content
    usual = (_UNICODE if is_new else _WESTERN).to_bytes(2, "little")

    def replaced(record: re.Match[bytes]) -> bytes:
        number = int.from_bytes(record[1], "little")
        return record[0] if number == _UNICODE or _is_known(number) else record[0][:4] + usual

    return _CODE_PAGE.sub(replaced, content)


def _is_known(code_page: int) -> bool:
    try:
        codecs.lookup(f"cp{code_page}")
    except LookupError:
        return code_page in _FURTHER_CODE_PAGES
    return True


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")


def _sheet(name: str, workbook: CalamineWorkbook, number: int, texts: SheetTexts) -> Sheet | None:
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum

    listed = workbook.sheets_metadata[number]
    if listed.typ in (SheetTypeEnum.ChartSheet, SheetTypeEnum.Vba):
        return None
    title = clean(workbook.sheet_names[number])
    hidden = listed.visible != SheetVisibleEnum.Visible
    try:
        found = workbook.get_sheet_by_index(number)
    except CalamineError as error:
        raise DocumentError(
            f"'{name}': sheet '{title}' could not be read: {_said(error)}. "
            "Open it in a spreadsheet program and save it as XLSX."
        ) from error
    try:
        cells = list(_cells(found))
        cells += [Cell(*place, "") for place in texts.comments.keys() - {(cell.row, cell.column) for cell in cells}]
        return sheet_of(Sheet(title, (), hidden, texts.comments, drawn=tuple(dict.fromkeys(texts.drawn))), cells)
    except ValueError as error:
        raise DocumentError(f"'{name}': sheet '{title}' has {error}. Split the sheet.") from error


def _cells(sheet: CalamineSheet) -> Iterator[Cell]:
    if sheet.start is None:
        return
    top, left = sheet.start
    merged = {}
    for first, last in sheet.merged_cell_ranges or ():
        merged[first] = (last[0] - first[0] + 1, last[1] - first[1] + 1)
    for row, line in enumerate(sheet.to_python(skip_empty_area=True), start=top):
        for column, value in enumerate(line, start=left):
            text = clean(shown_value(value)).strip() if value != "" else ""
            if text:
                rows, columns = merged.get((row, column), (1, 1))
                yield Cell(row, column, text, rows, columns)


def shown_value(value: float | str | bool | time | date | datetime | timedelta) -> str:
    """A value as text: numbers without needless digits, dates as in 2005-02-23."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:.15g}"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds")
        case time():
            return value.isoformat("seconds")
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)
