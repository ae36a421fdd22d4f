"""Stories of a document without markup of its own (RTF, DOC): paragraphs, list items and tables of a text or a note."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from rag.documents.readers.writing.flow import NEW_PAGE, TextFlow, cell_lines, plain
from rag.documents.tables.grid import Cell, Grid, grid_of

_HALVES = re.compile("[\ud800-\udfff]")
_SAME_EDGE = 60
"""Twips (1/20 point) by which the edges of cells in one column may differ."""


@dataclass(slots=True)
class CellShape:
    """Where a cell ends, in twips, and whether it continues the one to its left or above."""

    edge: int = 0
    continues_left: bool = False
    continues_above: bool = False


@dataclass(slots=True)
class _Row:
    texts: list[str]
    shapes: list[CellShape]
    is_header: bool


@dataclass(slots=True)
class Story:
    """A story as far as it is read; `flow` gets its blocks, or without one `lines` their text."""

    flow: TextFlow | None = None
    label: str = ""
    lines: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    mark: str = ""
    _pieces: list[str] = field(default_factory=list)
    _cell: list[str] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)
    _inner_cells: list[str] = field(default_factory=list)
    _inner_rows: list[list[str]] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Add to the open paragraph."""
        self._pieces.append(text)

    def last_words(self, length: int) -> str:
        """The last pieces of the open paragraph that have at least so many characters, if it has them."""
        pieces: list[str] = []
        for piece in reversed(self._pieces):
            if sum(map(len, pieces)) >= length:
                break
            pieces.insert(0, piece)
        return "".join(pieces).rstrip()

    def end_paragraph(self, level: int, depth: int, *, in_table: bool) -> None:
        """End the open paragraph.

        Args:
            level: of a heading, from 1; 0 for any other paragraph.
            depth: of a list item, from 0.
        """
        if in_table:
            self._end_inner_table()
            self._cell.append(self._take())
            return
        self.end_table()
        mark, remarks = self.mark.strip(), self.remarks
        self.mark, self.remarks = "", []
        text = self._take_text()
        notes = "".join(f"\n{remark}" for remark in remarks)
        if self.flow is None:
            self.lines += filter(None, [" ".join(filter(None, (mark, text.strip()))) + notes])
        elif level and text.replace(NEW_PAGE, "").strip():
            self.flow.heading(f"{'' if _is_bullet(mark) else mark} {text}", level)
            for remark in remarks:
                self.flow.paragraph(remark)
        elif mark and text.replace(NEW_PAGE, "").strip():
            self.flow.item(f"{text}{notes}", "-" if _is_bullet(mark) else mark, depth)
        else:
            self.flow.paragraph(f"{text}{notes}")

    def end_cell(self) -> None:
        """End the open cell."""
        self._end_inner_table()
        self._cell.append(self._take())
        self._cells.append("\n\n".join(filter(str.strip, self._cell)))
        self._cell = []

    def end_row(self, shapes: list[CellShape], *, is_header: bool) -> None:
        """End the open row, whose cells have these shapes."""
        if self._cells:
            self._rows.append(_Row(self._cells, list(shapes), is_header))
            self._cells = []

    def end_inner_cell(self) -> None:
        """End the open cell of a table in a cell."""
        self._inner_cells.append(self._take())

    def end_inner_row(self) -> None:
        """End the open row of a table in a cell."""
        if self._inner_cells:
            self._inner_rows.append(self._inner_cells)
            self._inner_cells = []

    def end_table(self) -> None:
        """Write the table that has been read, if there is one."""
        self._end_inner_table()
        if self._cell or self._cells:
            # A row without an end.
            self._cells += ["\n\n".join(filter(str.strip, self._cell))] if self._cell else []
            self._cell = []
            self.end_row([], is_header=False)
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            grid = _grid(rows)
        except ValueError:
            grid = Grid(tuple((text,) for row in rows for text in row.texts))
        if self.flow is None:
            self.lines.append(cell_lines(grid))
        elif grid.width < 2:
            for line in grid.cells:
                self.flow.paragraph(line[0])
        else:
            self.flow.table(grid)

    def text(self) -> str:
        """The text of a story without a flow; empty if it has no words."""
        self.end_paragraph(0, 0, in_table=False)
        return "\n".join(filter(str.strip, self.lines)).replace(NEW_PAGE, "").strip()

    def _end_inner_table(self) -> None:
        self.end_inner_row()
        if self._inner_rows:
            cells = (Cell(row, at, text) for row, line in enumerate(self._inner_rows) for at, text in enumerate(line))
            self._cell.append(cell_lines(grid_of(cells)))
            self._inner_rows = []

    def _take(self) -> str:
        """The open paragraph of a cell, with its mark and notes."""
        remarks = [f"({remark})" for remark in self.remarks]
        text = " ".join(filter(None, (self.mark.strip(), self._take_text().strip(), *remarks)))
        self.mark, self.remarks = "", []
        return text

    def _take_text(self) -> str:
        text, self._pieces = "".join(self._pieces), []
        if _HALVES.search(text):
            # Characters beyond the first plane are written as two halves.
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return NEW_PAGE.join(map(plain, text.split(NEW_PAGE)))


def _is_bullet(mark: str) -> bool:
    """Whether a mark is no number; "o" is the bullet of some programs."""
    return mark == "o" or not any(map(str.isalnum, mark))


def _grid(rows: list[_Row]) -> Grid:
    """The grid of a table; cells are placed by their edges, or by their number if a row does not state them.

    Raises:
        ValueError: too many cells, see `grid_of`.
    """
    by_edges = all(len(row.shapes) >= len(row.texts) for row in rows)
    edges = _edges(rows) if by_edges else []
    cells: list[Cell] = []
    above: dict[int, int] = {}
    for number, row in enumerate(rows):
        left = 0
        for at, text in enumerate(row.texts):
            shape = row.shapes[at] if by_edges else CellShape()
            right = max(_nearest(edges, shape.edge) + 1, left + 1) if by_edges else at + 1
            if shape.continues_left and cells and cells[-1].row == number and not text.strip():
                cells[-1] = cells[-1]._replace(columns=right - cells[-1].column)
            elif shape.continues_above and left in above and not text.strip():
                one = cells[above[left]]
                cells[above[left]] = one._replace(rows=number - one.row + 1)
            else:
                above[left] = len(cells)
                cells.append(Cell(number, left, text, 1, right - left))
            left = right
    header_rows = next((number for number, row in enumerate(rows) if not row.is_header), len(rows))
    return grid_of(cells, header_rows or None)


def _edges(rows: list[_Row]) -> list[int]:
    """The right edges of the columns, from left to right."""
    edges: list[int] = []
    for edge in sorted({shape.edge for row in rows for shape in row.shapes[: len(row.texts)]}):
        if not edges or edge - edges[-1] > _SAME_EDGE:
            edges.append(edge)
    return edges


def _nearest(edges: list[int], edge: int) -> int:
    after = bisect_left(edges, edge)
    if after == len(edges) or (after and edge - edges[after - 1] <= edges[after] - edge):
        return after - 1
    return after
