"""Read tables of OpenDocument files (ODS, ODT, ODP) as they are shown: merged cells, comments, hidden sheets.

The elements: OpenDocument 1.3, part 3, section 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from rag.documents.parsed import clean
from rag.documents.readers.xml_spans import namespaces_of, replace_elements
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.sheet import Sheet, sheet_of
from rag.documents.tables.text import TablesApart, write_table

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_FRAME = re.compile(rb"</?table:[a-z-]+(?=[\s/>])[^<>]*>")
_MOST_REPEATED = 10_000
"""Copies of a row or cell with a value; programs repeat blank ones up to the end of the sheet."""


@dataclass(slots=True)
class _Read:
    """Cells and comments as far as a table has been read."""

    cells: list[Cell]
    comments: dict[tuple[int, int], str]
    header_rows: int = 0
    rows: int = 0


def open_sheets(root: ElementTree.Element) -> Iterator[Sheet]:
    """The sheets of an OpenDocument spreadsheet.

    Raises:
        ValueError: a sheet has too many cells, see `grid_of`; the message names the sheet.
    """
    hidden = _hidden_styles(root)
    for number, table in enumerate(root.iterfind(f".//{OFFICE}spreadsheet/{TABLE}table"), start=1):
        read = _read_table(table)
        title = clean(table.get(f"{TABLE}name", "")) or f"Sheet {number}"
        sheet = Sheet(title, (), table.get(f"{TABLE}style-name") in hidden, read.comments)
        try:
            yield sheet_of(sheet, read.cells)
        except ValueError as error:
            raise ValueError(f"sheet '{title}' has {error}") from error


def open_grid(table: ElementTree.Element) -> Grid:
    """The grid of a table in a text or on a slide.

    Raises:
        ValueError: too many cells, see `grid_of`.
    """
    read = _read_table(table)
    return grid_of(read.cells, read.header_rows or None)


def take_open_tables(xml: bytes, apart: TablesApart) -> bytes:
    """The content of a text with a placeholder for each table, which `apart` keeps.

    A table of one column arranges text: its paragraphs stay.

    Raises:
        ElementTree.ParseError: a table is not well-formed.
    """
    if b"<office:text" not in xml:
        return xml
    namespaces = namespaces_of(xml)

    def replacement(table: ElementTree.Element, span: bytes) -> bytes:
        try:
            grid = open_grid(table)
        except ValueError:
            return span
        if grid.width < 2:
            inner = span[span.index(b">") + 1 : span.rindex(b"<")]
            return _FRAME.sub(b"", replace_elements(inner, b"table:table", namespaces, replacement))
        return f"<text:p>{apart.take(write_table(grid))}</text:p>".encode()

    return replace_elements(xml, b"table:table", namespaces, replacement)


def open_text(element: ElementTree.Element) -> str:
    """The paragraphs below an element, one per line."""
    lines = [open_line(item) for item in element.iter() if item.tag in (f"{TEXT}p", f"{TEXT}h")]
    return "\n".join(line for line in lines if line)


def open_line(paragraph: ElementTree.Element) -> str:
    """One paragraph without the comments in it."""
    signs = {f"{TEXT}s": " ", f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
    pieces: list[str] = []

    def add(element: ElementTree.Element) -> None:
        if element.tag == f"{TEXT}s":
            pieces.append(" " * min(_number(element, f"{TEXT}c"), 100))
        else:
            pieces.append(signs.get(element.tag, "") + (element.text or ""))
        for child in element:
            if child.tag != f"{OFFICE}annotation":
                add(child)
            pieces.append(child.tail or "")

    add(paragraph)
    return "".join(pieces).strip()


def _number(element: ElementTree.Element, attribute: str) -> int:
    stated = element.get(attribute, "1")
    return max(int(stated), 1) if stated.isascii() and stated.isdigit() else 1


def _hidden_styles(root: ElementTree.Element) -> set[str]:
    return {
        style.get(f"{_STYLE}name", "")
        for style in root.iter(f"{_STYLE}style")
        if any(item.get(f"{TABLE}display") == "false" for item in style.iter(f"{_STYLE}table-properties"))
    }


def _read_table(table: ElementTree.Element) -> _Read:
    read = _Read([], {})
    for row, is_header in _rows(table):
        copies = _number(row, f"{TABLE}number-rows-repeated")
        cells = list(_cells(row))
        if not any(text or comment for _, text, comment in cells):
            read.rows += copies
            continue
        for _ in range(min(copies, _MOST_REPEATED)):
            _add_row(read, cells)
        read.header_rows += copies if is_header else 0
    return read


def _add_row(read: _Read, cells: list[tuple[ElementTree.Element, str, str]]) -> None:
    column = 0
    for cell, text, comment in cells:
        copies = _number(cell, f"{TABLE}number-columns-repeated")
        rows, columns = _number(cell, f"{TABLE}number-rows-spanned"), _number(cell, f"{TABLE}number-columns-spanned")
        if text or comment:
            for copy in range(min(copies, _MOST_REPEATED)):
                read.cells.append(Cell(read.rows, column + copy, text, rows, columns))
            if comment:
                read.comments[read.rows, column] = comment
        column += copies
    read.rows += 1


def _rows(table: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, bool]]:
    """The rows of a table, also those in groups, and whether they repeat as its header; none of tables in cells."""
    for child in table:
        if child.tag == f"{TABLE}table-row":
            yield child, False
        elif child.tag == f"{TABLE}table-header-rows":
            yield from ((row, True) for row, _ in _rows(child))
        elif child.tag in (f"{TABLE}table-rows", f"{TABLE}table-row-group"):
            yield from _rows(child)


def _cells(row: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, str]]:
    """Each cell with its text and its comment; of the cells that a merged one covers, what they hide is left out."""
    for cell in row:
        if cell.tag == f"{TABLE}covered-table-cell":
            yield cell, "", ""
        elif cell.tag == f"{TABLE}table-cell":
            comments = [open_text(item) for item in cell if item.tag == f"{OFFICE}annotation"]
            yield cell, clean(_cell_text(cell)), clean(" ".join(" ".join(comments).split()))


def _cell_text(cell: ElementTree.Element) -> str:
    lines = [open_line(item) for item in _paragraphs(cell)]
    return "\n".join(line for line in lines if line)


def _paragraphs(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for child in element:
        if child.tag in (f"{TEXT}p", f"{TEXT}h"):
            yield child
        elif child.tag != f"{OFFICE}annotation":
            yield from _paragraphs(child)
