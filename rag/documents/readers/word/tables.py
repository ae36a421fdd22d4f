"""Read the tables of a Word document: merged cells, header rows, tracked changes; and tables that only arrange text.

The elements: ECMA-376, part 1, section 17.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from rag.documents.readers.word.lines import words_of
from rag.documents.readers.word.names import W, is_on, number, path, value
from rag.documents.tables.grid import Cell, Grid, grid_of

_HOLDERS = (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo")
_LONG_CELL = 200
"""Characters of a cell in a table of one row, from which the table arranges text in columns."""


def table_rows(table: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The rows of a table, also those in content controls; deleted rows are left out."""
    return (row for row in _inside(table, "tr") if row.find(path("trPr/del")) is None)


def row_cells(row: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The cells of a row, also those in content controls."""
    return _inside(row, "tc")


def _inside(element: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag == f"{W}{tag}":
            yield child
        elif child.tag in _HOLDERS:
            stack.extend(reversed(child))


def arranges_text(table: ElementTree.Element) -> bool:
    """Whether a table has no columns that mean something: one column, or one row with long texts."""
    rows = [list(row_cells(row)) for row in table_rows(table)]
    if max((len(row) for row in rows), default=0) < 2:
        return True
    return len(rows) == 1 and any(_is_long(cell) for cell in rows[0])


def _is_long(cell: ElementTree.Element) -> bool:
    filled = [True for paragraph in cell.iterfind(path("p")) if words_of(paragraph).strip()]
    return len(filled) > 1 or len(words_of(cell)) > _LONG_CELL


def word_grid(table: ElementTree.Element, cell_text: Callable[[ElementTree.Element], str]) -> Grid:
    """The grid of a table.

    Raises:
        ValueError: too many cells, see `grid_of`.
    """
    cells: list[Cell] = []
    open_cells: dict[int, int] = {}
    header_rows = 0
    for row_number, row in enumerate(table_rows(table)):
        column = number(value(row, "trPr/gridBefore"))
        for item in row_cells(row):
            span = max(number(value(item, "tcPr/gridSpan")), 1)
            merge = item.find(path("tcPr/vMerge"))
            if merge is not None and merge.get(f"{W}val", "continue") == "continue" and column in open_cells:
                above = cells[open_cells[column]]
                text = "\n\n".join(filter(None, (above.text, cell_text(item))))
                cells[open_cells[column]] = Cell(above.row, above.column, text, row_number - above.row + 1, span)
            else:
                open_cells.pop(column, None)
                if merge is not None:
                    open_cells[column] = len(cells)
                cells.append(Cell(row_number, column, cell_text(item), 1, span))
            column += span
        header_rows += header_rows == row_number and is_on(row, "trPr/tblHeader")
    return grid_of(cells, header_rows or None)
