"""Read the tables of a web page: merged cells, header rows, captions; and tables that only arrange the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from rag.documents.parsed import clean
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import TablesApart, write_table

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)|<(/?)table\b[^<>]*>", re.DOTALL | re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"<p>[^<>]*</p>")
_FRAME = re.compile(r"<(/?)(?:table|tbody|thead|tfoot|tr|td|th|caption|colgroup|col)\b[^<>]*>", re.IGNORECASE)
_HEADING = re.compile(r"<h[1-6]\b|<form\b", re.IGNORECASE)
_PRESENTATION = re.compile(r"""\brole\s*=\s*["']?(?:presentation|none)\b""", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "dt", "dd", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
_LEFT_OUT = frozenset({"script", "style", "template"})
_LONG_CELL = 400
"""Mean characters of a cell, from which a table without header cells arranges text."""
_LONG_CELL_ALONE = 80
"""Characters of a cell in a table of one row, likewise."""
_ORDER = {"thead": 0, "tbody": 1, "tfoot": 2}
_MOST_ROWS_SPANNED, _MOST_COLUMNS_SPANNED = 65_534, 1_000


def take_html_tables(html: str, apart: TablesApart) -> str:
    """The page with a placeholder for each table, which `apart` keeps.

    A table that arranges the page becomes plain blocks: it has one row or column, or long texts, or it holds other
    tables and has no header cells.
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


def write_html_tables(text: str, code: Sequence[tuple[int, int]] = ()) -> str:
    """Markdown with each table in HTML that has rows and columns as marked lines; others stay as they are.

    Args:
        code: spans of the text that stay as they are.
    """
    pieces, done = [], 0
    for start, end in _outermost(text):
        if any(first <= start < last for first, last in code):
            continue
        apart = TablesApart()
        whole = take_html_tables(text[start:end], apart)
        if _PLACEHOLDER.fullmatch(whole):
            pieces += [text[done:start], apart.restored(whole[3:-4])]
            done = end
    return "".join(pieces) + text[done:]


def _outermost(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the tables that are in no other one."""
    depth = start = 0
    for tag in _TAG.finditer(text):
        if tag[2] is None:
            continue
        if not tag[2]:
            start, depth = (start if depth else tag.start()), depth + 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, tag.end()


def _taken(html: str, apart: TablesApart) -> str:
    """A placeholder for a table, or its contents as blocks; the tables in it have been taken already."""
    grid, caption = read_html_table(html)
    opening = html[: html.index(">") + 1]
    if grid is None or _PRESENTATION.search(opening) or _arranges_page(html, grid):
        return _FRAME.sub(lambda tag: f"<{tag[1]}div>", html)
    if TablesApart.holds(html):
        grid = replace(grid, cells=tuple(tuple(map(apart.inline, row)) for row in grid.cells))
    written = write_table(grid)
    if caption:
        written = replace(written, above=(caption, *written.above))
    return f"<p>{apart.take(written)}</p>"


def _arranges_page(html: str, grid: Grid) -> bool:
    if grid.width < 2 or _HEADING.search(html) or (TablesApart.holds(html) and not grid.header_rows):
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
        # By column, the first row that no cell above covers.
        self._free_from: dict[int, int] = {}
        self._header_cells: set[tuple[int, int]] = set()
        self._row = -1
        self._part = "tbody"
        self._parts: dict[int, str] = {}
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
                # A cell that spans 0 rows ends with the table.
                _span(given.get("rowspan", "").strip() or "1", _MOST_ROWS_SPANNED, zero=_MOST_ROWS_SPANNED),
                _span(given.get("colspan", ""), _MOST_COLUMNS_SPANNED),
            )
        elif tag == "tr":
            self.end_cell()
            self._row += 1
            self._parts[self._row] = self._part
        elif tag in ("thead", "tbody", "tfoot"):
            self.end_cell()
            self._part = tag
        elif tag == "img" and self._open and not self._left_out:
            self._open.pieces.append(f" {dict(attrs).get('alt') or ''} ")
        elif tag in _BLOCKS and self._open:
            self._open.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag in _LEFT_OUT:
            self._left_out = max(self._left_out - 1, 0)
        elif tag in ("td", "th", "tr", "caption"):
            self.end_cell()
        elif tag in ("thead", "tfoot"):
            self._part = "tbody"
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
        while self._free_from.get(column, 0) > self._row:
            column += 1
        self._cells.append(Cell(self._row, column, one.text, one.rows, one.columns))
        self._free_from |= dict.fromkeys(range(column, column + one.columns), self._row + one.rows)
        if one.is_header or self._part == "thead":
            self._header_cells.add((self._row, column))

    def grid(self) -> Grid:
        """The grid of the cells that were read: the head first and the foot last, wherever the page has them.

        Raises:
            ValueError: too many cells, see `grid_of`.
        """
        order = sorted(range(self._row + 1), key=lambda row: (_ORDER[self._parts.get(row, "tbody")], row))
        place = {row: number for number, row in enumerate(order)}
        cells = [cell._replace(row=place[cell.row]) for cell in self._cells]
        header_rows = self._header_rows(order)
        return replace(grid_of(cells, header_rows or None), row_labels=self._has_labels(set(order[header_rows:])))

    def _header_rows(self, order: Sequence[int]) -> int:
        """How many of the first rows are the header: all their cells are header cells.

        One cell over all columns is a title above other header rows; below one it names a group of rows.
        """
        columns_of: dict[int, list[int]] = {}
        for cell in self._cells:
            columns_of.setdefault(cell.row, []).append(cell.column)
        count, has_names = 0, False
        for row in order[:-1]:
            columns = columns_of.get(row, [])
            is_group = has_names and len(columns) == 1 and self._parts.get(row) != "thead"
            if is_group or any((row, column) not in self._header_cells for column in columns):
                break
            count, has_names = count + 1, has_names or len(columns) > 1
        return count

    def _has_labels(self, rows: set[int]) -> bool:
        """Whether the first cell of each row is a header cell, and the others are none."""
        places = [(cell.row, cell.column) for cell in self._cells if cell.row in rows]
        return bool(places) and all((column == 0) == ((row, column) in self._header_cells) for row, column in places)


def _span(stated: str, most: int, *, zero: int = 1) -> int:
    stated = stated.strip()
    return min(max(int(stated) or zero, 1), most) if stated.isascii() and stated.isdigit() else 1
