"""Read the tables of a web page: merged cells, header rows, captions; and tables that only arrange the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from rag.documents.parsed import clean
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import TablesApart, write_table

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)|<(/?)table\b[^<>]*>", re.DOTALL | re.IGNORECASE
)
_FRAME = re.compile(r"<(/?)(?:table|tbody|thead|tfoot|tr|td|th|caption|colgroup|col)\b[^<>]*>", re.IGNORECASE)
_HEADING = re.compile(r"<h[1-6]\b|<form\b", re.IGNORECASE)
_PRESENTATION = re.compile(r"""\brole\s*=\s*["']?(?:presentation|none)\b""", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "dt", "dd", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
_LEFT_OUT = frozenset({"script", "style", "template"})
_LONG_CELL = 400
"""Mean characters of a cell, from which a table without header cells arranges text."""
_LONG_CELL_ALONE = 80
"""Characters of a cell in a table of one row, likewise."""
_MOST_ROWS_SPANNED, _MOST_COLUMNS_SPANNED = 65_534, 1_000


def take_html_tables(html: str, apart: TablesApart) -> str:
    """The page with a placeholder for each table, which `apart` keeps.

    A table that arranges the page (it holds other tables, has one row or column, or long texts) becomes plain blocks.
    """
    pieces: list[list[str]] = [[]]
    done = 0
    for tag in _TAG.finditer(html):
        if tag[2] is None:
            continue
        pieces[-1].append(html[done : tag.start()])
        done = tag.end()
        if not tag[2]:
            pieces.append([tag[0]])
        elif len(pieces) > 1:
            table = "".join([*pieces.pop(), tag[0]])
            pieces[-1].append(_taken(table, apart))
    # A table without an end tag ends with the page.
    return "".join("".join(part) for part in [*pieces, [html[done:]]])


def _taken(html: str, apart: TablesApart) -> str:
    """A placeholder for a table, or its contents as blocks; the tables in it have been taken already."""
    grid, caption = read_html_table(html)
    opening = html[: html.index(">") + 1]
    if grid is None or _PRESENTATION.search(opening) or _arranges_page(html, grid):
        return _FRAME.sub(lambda tag: f"<{tag[1]}div>", html)
    written = write_table(grid)
    if caption:
        written = replace(written, above=(caption, *written.above))
    return f"<p>{apart.take(written)}</p>"


def _arranges_page(html: str, grid: Grid) -> bool:
    if grid.width < 2 or TablesApart.holds(html) or _HEADING.search(html):
        return True
    if len(grid.cells) < 2:
        return any(len(cell) > _LONG_CELL_ALONE for cell in grid.cells[0])
    filled = [cell for row in grid.cells for cell in row if cell]
    return not grid.header_rows and sum(map(len, filled)) > _LONG_CELL * len(filled)


def read_html_table(html: str) -> tuple[Grid | None, str]:
    """The grid of one table without tables in it, and its caption; None if it has too many cells."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_cell()
    try:
        return reader.grid(), reader.caption
    except ValueError:
        return None, reader.caption


@dataclass(slots=True)
class _Open:
    """The cell or caption that is being read."""

    is_caption: bool = False
    is_header: bool = False
    rows: int = 1
    columns: int = 1
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return clean(" ".join("".join(self.pieces).split()))


class _Reader(HTMLParser):
    """Collects the cells of a table with their places."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.caption = ""
        self._cells: list[Cell] = []
        self._taken: set[tuple[int, int]] = set()
        self._other_rows: set[int] = set()
        self._row = -1
        self._in_head = False
        self._open: _Open | None = None
        self._left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open rows and cells; the end tags of cells may be missing."""
        if tag in _LEFT_OUT:
            self._left_out += 1
        elif tag in ("td", "th", "caption"):
            self.end_cell()
            given = {key: value or "" for key, value in attrs}
            if self._row < 0 and tag != "caption":
                self._row = 0
            self._open = _Open(
                tag == "caption",
                tag == "th",
                _span(given.get("rowspan", ""), _MOST_ROWS_SPANNED),
                _span(given.get("colspan", ""), _MOST_COLUMNS_SPANNED),
            )
        elif tag == "tr":
            self.end_cell()
            self._row += 1
        elif tag in ("thead", "tbody", "tfoot"):
            self.end_cell()
            self._in_head = tag == "thead"
        elif tag in _BLOCKS and self._open:
            self._open.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag in _LEFT_OUT:
            self._left_out = max(self._left_out - 1, 0)
        elif tag in ("td", "th", "tr", "caption"):
            self.end_cell()
        elif tag == "thead":
            self._in_head = False
        elif tag in _BLOCKS and self._open:
            self._open.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Add to the text of the open cell."""
        if self._open and not self._left_out:
            self._open.pieces.append(data)

    def end_cell(self) -> None:
        """Close the open cell and give it the next free place in its row."""
        one, self._open = self._open, None
        if one is None:
            return
        if one.is_caption:
            self.caption = one.text
            return
        column = 0
        while (self._row, column) in self._taken:
            column += 1
        self._cells.append(Cell(self._row, column, one.text, one.rows, one.columns))
        if one.rows * one.columns <= _MOST_ROWS_SPANNED:
            rows, columns = range(self._row, self._row + one.rows), range(column, column + one.columns)
            self._taken.update((row, place) for row in rows for place in columns)
        if not one.is_header and not self._in_head:
            self._other_rows.add(self._row)

    def grid(self) -> Grid:
        """The grid of the cells that were read.

        Raises:
            ValueError: too many cells, see `grid_of`.
        """
        header_rows = 0
        rows = sorted({cell.row for cell in self._cells})
        while header_rows < len(rows) - 1 and rows[header_rows] not in self._other_rows:
            header_rows += 1
        return grid_of(self._cells, header_rows or None)


def _span(stated: str, most: int) -> int:
    stated = stated.strip()
    return min(max(int(stated), 1), most) if stated.isascii() and stated.isdigit() else 1
