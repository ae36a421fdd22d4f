"""Read the tables of a Word document: merged cells, header rows, tracked changes; and tables that only arrange text.

The elements: ECMA-376, part 1, section 17.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from rag.documents.readers.xml_spans import namespaces_of, replace_elements
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import TablesApart, row_texts, write_table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_CHANGED = re.compile(rb"<w:(\w+PrChange)\b(?:[^<>]*/>|.*?</w:\1>)", re.DOTALL)
_FRAME = re.compile(
    rb"<w:(tblPr|tblGrid|tcPr|trPr|tblPrEx)\b(?:[^<>]*/>|[^<>]*>.*?</w:\1>)|</?w:(?:tbl|tr|tc)(?=[\s/>])[^<>]*>",
    re.DOTALL,
)
_LEFT_OUT = (f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}pPr", f"{_W}rPr", _FALLBACK)
_SIGNS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}tab": "\t"}
_OFF = ("0", "false", "off")
_LONG_CELL = 200
"""Characters of a cell in a table of one row, from which the table arranges text in columns."""


def take_word_tables(xml: bytes, apart: TablesApart) -> bytes:
    """The main part of a Word document with a placeholder for each table, which `apart` keeps.

    A table of one column, or of one row with long texts, arranges text and has no columns: its paragraphs stay.

    Raises:
        ElementTree.ParseError: a table is not well-formed.
    """
    namespaces = namespaces_of(xml)

    def replacement(table: ElementTree.Element, span: bytes) -> bytes:
        grid = _grid(table)
        if grid is None or _arranges_text(grid):
            inner = span[span.index(b">") + 1 : span.rindex(b"<")]
            inner = replace_elements(inner, b"w:tbl", namespaces, replacement)
            return _FRAME.sub(b"", _CHANGED.sub(b"", inner))
        place = apart.take(write_table(grid))
        return f"<w:p><w:r><w:t>{place}</w:t></w:r></w:p>".encode()

    return replace_elements(xml, b"w:tbl", namespaces, replacement)


def _arranges_text(grid: Grid) -> bool:
    if grid.width < 2:
        return True
    return len(grid.cells) == 1 and any("\n\n" in cell or len(cell) > _LONG_CELL for cell in grid.cells[0])


def _grid(table: ElementTree.Element) -> Grid | None:
    """The grid of a table; None if it has too many cells for one."""
    cells: list[Cell] = []
    open_cells: dict[int, int] = {}
    header_rows, number = 0, -1
    for number, row in enumerate(_children(table, "tr")):
        column = _value(row, "trPr/gridBefore")
        for item in _children(row, "tc"):
            span = max(_value(item, "tcPr/gridSpan"), 1)
            merge = item.find(f"{_W}tcPr/{_W}vMerge")
            if merge is not None and merge.get(f"{_W}val", "continue") == "continue" and column in open_cells:
                above = cells[open_cells[column]]
                cells[open_cells[column]] = Cell(above.row, above.column, above.text, number - above.row + 1, span)
            else:
                open_cells.pop(column, None)
                if merge is not None:
                    open_cells[column] = len(cells)
                cells.append(Cell(number, column, _cell_text(item), 1, span))
            column += span
        header_rows += header_rows == number and _is_on(row, "trPr/tblHeader")
    try:
        return grid_of(cells, header_rows or None)
    except ValueError:
        return None


def _children(element: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """The rows of a table or the cells of a row, also those in content controls; deleted rows are left out."""
    for child in element:
        if child.tag == f"{_W}{tag}":
            if child.find(f"{_W}trPr/{_W}del") is None:
                yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins"):
            yield from _children(child, tag)


def _path(path: str) -> str:
    return "/".join(f"{_W}{part}" for part in path.split("/"))


def _value(element: ElementTree.Element, path: str) -> int:
    found = element.find(_path(path))
    stated = found.get(f"{_W}val", "") if found is not None else ""
    return min(int(stated), 1000) if stated.isascii() and stated.isdigit() else 0


def _is_on(element: ElementTree.Element, path: str) -> bool:
    found = element.find(_path(path))
    return found is not None and found.get(f"{_W}val", "1") not in _OFF


def _cell_text(cell: ElementTree.Element) -> str:
    """The paragraphs of a cell with a blank line between them; a table in a cell as lines."""
    parts = []
    for child in cell:
        if child.tag == f"{_W}tbl":
            inner = _grid(child)
            parts.append("\n".join(row_texts(inner)) if inner else "")
        elif child.tag not in _LEFT_OUT:
            parts.append(_text(child))
    return "\n\n".join(part for part in map(str.strip, parts) if part)


def _text(element: ElementTree.Element) -> str:
    if element.tag == f"{_W}t":
        return element.text or ""
    pieces = [_SIGNS.get(element.tag, "")]
    for child in element:
        if child.tag not in _LEFT_OUT:
            pieces.append(_text(child))
            if child.tag == f"{_W}p":
                pieces.append("\n")
    return "".join(pieces)
