"""Split a sheet into its blocks: tables apart from each other by blank rows or columns, and notes next to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.documents.tables.contrast import header_score
from rag.documents.tables.first_rows import FirstRows
from rag.documents.tables.header import FoundTable, find_table
from rag.documents.tables.kinds import kind_of, usual_kind

Lines = Sequence[Sequence[str]]
_MOST_DEPTH = 12
_LOOK = 60


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a sheet that stands alone: rows [top, bottom) and columns [left, right), and its table.

    Row and column numbers are those of the sheet. The row numbers in `found` count from `top`.
    """

    top: int
    bottom: int
    left: int
    right: int
    found: FoundTable

    def rows(self, cells: Lines) -> list[list[str]]:
        """The cells of the block."""
        return _part(cells, self.top, self.bottom, self.left, self.right)

    @property
    def is_table(self) -> bool:
        """Whether it has named columns, and rows below."""
        return self.found.kind == "table" and len(self.found.header) > 0 and self.right - self.left > 1


def split_sheet(cells: Lines) -> list[Block]:
    """The blocks of a sheet, from the top to the bottom and from left to right.

    A blank row or column between two parts does not part them if the second goes on with the first: rows without a
    header of their own below a table, or a column that has its name next to the names of a table.
    """
    width = max(map(len, cells), default=0)
    return _blocks(_split(_Area(cells, 0, len(cells), 0, width), 0))


def split_at_blank_rows(cells: Lines) -> list[Block]:
    """The blocks of a file of records, from the top to the bottom: only blank rows part them, see `split_sheet`."""
    area = _Area(cells, 0, len(cells), 0, max(map(len, cells), default=0)).trimmed()
    if not area.is_filled:
        return []
    bands = _joined_bands([area.of_rows(*span) for span in _runs(area.filled_rows())])
    return _blocks([_Area(cells, band.top, band.bottom, 0, area.right) for band in bands])


def _blocks(areas: Sequence[_Area]) -> list[Block]:
    return [
        Block(area.top, area.bottom, area.left, area.right, find_table(area.rows)) for area in areas if area.is_filled
    ]


@dataclass(frozen=True, slots=True)
class _Area:
    cells: Lines
    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> list[list[str]]:
        return _part(self.cells, self.top, self.bottom, self.left, self.right)

    @property
    def head(self) -> _Area:
        """The first rows, which show what a long table holds."""
        return _Area(self.cells, self.top, min(self.bottom, self.top + 2 * _LOOK), self.left, self.right)

    @property
    def is_filled(self) -> bool:
        return self.bottom > self.top and self.right > self.left

    def trimmed(self) -> _Area:
        """The area without blank rows and columns at its edges."""
        rows = self.filled_rows()
        columns = self.filled_columns()
        if not rows:
            return _Area(self.cells, self.top, self.top, self.left, self.left)
        return _Area(self.cells, rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)

    def filled_rows(self) -> list[int]:
        return [
            row for row in range(self.top, self.bottom) if any(map(str.strip, self.cells[row][self.left : self.right]))
        ]

    def filled_columns(self) -> list[int]:
        used = [False] * self.right
        for row in range(self.top, self.bottom):
            for column, cell in enumerate(self.cells[row][self.left : self.right], start=self.left):
                used[column] = used[column] or bool(cell.strip())
        return [column for column in range(self.left, self.right) if used[column]]

    def of_rows(self, top: int, bottom: int) -> _Area:
        return _Area(self.cells, top, bottom, self.left, self.right).trimmed()

    def of_columns(self, left: int, right: int) -> _Area:
        return _Area(self.cells, self.top, self.bottom, left, right).trimmed()


def _part(cells: Lines, top: int, bottom: int, left: int, right: int) -> list[list[str]]:
    rows = (list(cells[row][left:right]) for row in range(top, bottom))
    return [row + [""] * (right - left - len(row)) for row in rows]


def _split(area: _Area, depth: int) -> list[_Area]:
    area = area.trimmed()
    if not area.is_filled or depth > _MOST_DEPTH:
        return [area]
    bands = _joined_bands([area.of_rows(*span) for span in _runs(area.filled_rows())])
    if len(bands) > 1:
        return [part for band in bands for part in _split(band, depth + 1)]
    sides = _joined_sides([area.of_columns(*span) for span in _runs(area.filled_columns())])
    if len(sides) > 1:
        return [part for side in sides for part in _split(side, depth + 1)]
    return [area]


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """The runs of consecutive numbers as [first, end)."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return [(start, end + 1) for start, end in zip(starts, ends, strict=True)]


def _joined_bands(bands: list[_Area]) -> list[_Area]:
    """Bands of rows, where a title joins the band below it, and rows without a header the table above."""
    joined: list[_Area] = []
    for number, band in enumerate(bands):
        before = joined[-1] if joined else None
        after = bands[number + 1] if number + 1 < len(bands) else None
        is_title_before = before is not None and _is_title(before) and not _is_title(band)
        belongs_above = is_title_before and len(joined) > 1 and _gap(joined[-2], joined[-1]) < _gap(joined[-1], band)
        goes_on = before is not None and not (_is_title(band) and after is not None) and _goes_on(before, band)
        if before is not None and (goes_on or (is_title_before and not belongs_above)):
            joined[-1] = _around(before, band)
        else:
            joined.append(band)
    return joined


def _gap(above: _Area, below: _Area) -> int:
    return below.top - above.bottom


def _around(one: _Area, other: _Area) -> _Area:
    return _Area(
        one.cells,
        min(one.top, other.top),
        max(one.bottom, other.bottom),
        min(one.left, other.left),
        max(one.right, other.right),
    )


def _is_title(area: _Area) -> bool:
    """Whether an area is one or two lines of words, each in one cell or merged over several."""
    return area.bottom - area.top <= 2 and all(
        len(texts := {cell for cell in row if cell.strip()}) <= 1 and all(kind_of(text) == "text" for text in texts)
        for row in area.rows
    )


def _goes_on(table: _Area, band: _Area) -> bool:
    """Whether a band has more rows of the table above it: within its columns, and without a header of its own."""
    if not (table.left <= band.left and band.right <= table.right) or band.right - band.left < 2:
        return False
    table, band = table.head, band.head
    if _has_header_apart(table, band):
        return True
    above, below = find_table(table.rows), find_table(band.rows)
    if above.kind == "pairs":
        return below.kind == "pairs" and (table.left, table.right) == (band.left, band.right)
    if below.header and band.bottom - band.top > 1:
        return False
    return _is_alike(table, above, band) if above.header else not below.header


def _has_header_apart(line: _Area, band: _Area) -> bool:
    """Whether a single row names all columns of the rows below a blank row, and these name nothing themselves."""
    if line.bottom - line.top > 1 or band.bottom - band.top < 2 or not all(map(str.strip, line.rows[0])):
        return False
    first = FirstRows.of(band.rows)
    return header_score(first, 0) <= 0 and len(find_table(_around(line, band).rows).header) == 1


def _is_alike(table: _Area, found: FoundTable, band: _Area) -> bool:
    """Whether the columns of a band hold the kinds of values that the table's columns hold, with a number if it has."""
    rows = table.rows
    body = [rows[row] for row in found.body[:_LOOK]]
    usual = [usual_kind([kind_of(row[column]) for row in body]) for column in range(table.right - table.left)]
    here = {
        column: usual_kind([kind_of(row[column - band.left]) for row in band.rows[:_LOOK]])
        for column in range(band.left, band.right)
    }
    if any(there and usual[column - table.left] not in ("", there) for column, there in here.items()):
        return False
    numbers = [column for column, kind in enumerate(usual, start=table.left) if kind == "number"]
    return not numbers or any(here.get(column) for column in numbers)


def _joined_sides(sides: list[_Area]) -> list[_Area]:
    """Groups of columns, where one joins the table to its left if it has no rows of its own."""
    joined: list[_Area] = []
    for side in sides:
        if joined and _belongs_to(joined[-1], side):
            joined[-1] = _around(joined[-1], side)
        else:
            joined.append(side)
    return joined


def _belongs_to(table: _Area, side: _Area) -> bool:
    """Whether columns next to a table belong to it: named in its header row, without labels of their own."""
    first = side.top
    if not table.top <= first < table.bottom - 1 or side.bottom > table.bottom or side.bottom - first < 2:
        return False
    names = [cell.strip() for cell in side.cells[first][table.left : side.right]]
    added = [name for name in names[side.left - table.left :] if name]
    if not added or not any(names[: table.right - table.left]) or any(kind_of(name) == "number" for name in names):
        return False
    if len([row for row in table.filled_rows() if row >= first]) < len(side.filled_rows()):
        return False
    if table.right - table.left == 1:
        # One column of labels, a blank column, and the values next to them.
        return side.bottom == table.bottom
    if side.right - side.left == 1:
        return 3 * (side.bottom - first) >= table.bottom - first
    keys = [side.cells[row][side.left] for row in range(first + 1, side.bottom)]
    words = [key for key in keys if kind_of(key) in ("text", "code")]
    return len(words) < 0.5 * len(keys) and side.bottom == table.bottom
