"""Read tables of OpenDocument files (ODS, ODT, ODP) as they are shown: merged cells, comments, hidden sheets.

The elements: OpenDocument 1.3, part 3, section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from rag.documents.parsed import clean
from rag.documents.readers.opendocument.names import OFFICE, TABLE, count_of
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.sheet import Sheet, sheet_of

_MOST_REPEATED = 10_000
"""Copies of a row or cell with a value; programs repeat blank ones up to the end of the sheet."""

CellText = Callable[[ElementTree.Element], str]
"""From a cell, a comment or a shape to its text."""


@dataclass(slots=True)
class _Read:
    """Cells and comments as far as a table has been read."""

    cells: list[Cell]
    comments: dict[tuple[int, int], str]
    header_rows: int = 0
    rows: int = 0


def open_sheets(table_roots: list[ElementTree.Element], hidden: set[str], cell_text: CellText) -> Iterator[Sheet]:
    """The sheets of an OpenDocument spreadsheet.

    Args:
        table_roots: the bodies that hold the sheets.
        hidden: names of the styles that hide a sheet.

    Raises:
        ValueError: a sheet has too many cells, see `grid_of`; the message names the sheet.
    """
    tables = (table for root in table_roots for table in root.iterfind(f"{TABLE}table"))
    for number, table in enumerate(tables, start=1):
        read = _read_table(table, cell_text)
        title = clean(table.get(f"{TABLE}name", "")) or f"Sheet {number}"
        shapes = table.iterfind(f"{TABLE}shapes")
        drawn = tuple(filter(None, (cell_text(shape) for shape in shapes)))
        sheet = Sheet(title, (), table.get(f"{TABLE}style-name") in hidden, read.comments, drawn=drawn)
        try:
            yield sheet_of(sheet, read.cells)
        except ValueError as error:
            raise ValueError(f"sheet '{title}' has {error}") from error


def open_grid(table: ElementTree.Element, cell_text: CellText) -> Grid:
    """The grid of a table in a text or on a slide.

    Raises:
        ValueError: too many cells, see `grid_of`.
    """
    read = _read_table(table, cell_text)
    return grid_of(read.cells, read.header_rows or None)


def table_cells(table: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """All cells of a table in order, without those that a merged one covers."""
    return (cell for row, _ in _rows(table) for cell in row if cell.tag == f"{TABLE}table-cell")


def _read_table(table: ElementTree.Element, cell_text: CellText) -> _Read:
    read = _Read([], {})
    for row, is_header in _rows(table):
        copies = count_of(row, f"{TABLE}number-rows-repeated")
        cells = list(_cells(row, cell_text))
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
        copies = count_of(cell, f"{TABLE}number-columns-repeated")
        rows, columns = count_of(cell, f"{TABLE}number-rows-spanned"), count_of(cell, f"{TABLE}number-columns-spanned")
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


def _cells(row: ElementTree.Element, cell_text: CellText) -> Iterator[tuple[ElementTree.Element, str, str]]:
    """Each cell with its text and its comment; of the cells that a merged one covers, what they hide is left out."""
    for cell in row:
        if cell.tag == f"{TABLE}covered-table-cell":
            yield cell, "", ""
        elif cell.tag == f"{TABLE}table-cell":
            comments = [cell_text(item) for item in cell if item.tag == f"{OFFICE}annotation"]
            yield cell, cell_text(cell), " ".join(" ".join(comments).split())
