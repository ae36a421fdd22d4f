"""Sheets of a workbook: a grid with comments, and what the reader of the file should know about it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.documents.tables.grid import Cell, grid_of

_KEPT_GAP = 2
"""Blank rows or columns that are kept of a wider gap."""
_LONGEST_MERGED = 100
"""Rows or columns of a merged cell that count as filled, even if no other cell is in them."""
# A noncharacter of Unicode between a cell's text and its comment, while the grid is made.
_COMMENT = "\ufdda"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of cells as the spreadsheet program shows them, merged cells repeated.

    `comments` are those on cells, by row and column from 0. `not_computed` names the cells ("C2") with a formula
    whose value the file does not hold. `drawn` are the texts of boxes and shapes on the sheet, and its page header.
    `hidden_rows` and `hidden_columns` count those with values.
    """

    name: str
    cells: tuple[tuple[str, ...], ...]
    is_hidden: bool = False
    comments: Mapping[tuple[int, int], str] = field(default_factory=dict)
    not_computed: tuple[str, ...] = ()
    hidden_rows: int = 0
    hidden_columns: int = 0
    drawn: tuple[str, ...] = ()


def sheet_of(sheet: Sheet, cells: Iterable[Cell]) -> Sheet:
    """The sheet with these cells; of wide gaps between them, two blank rows or columns are kept.

    Args:
        sheet: name, comments and so on; `comments` by the rows and columns of `cells`.

    Raises:
        ValueError: too many cells, see `grid_of`.
    """
    filled = [cell for cell in cells if cell.text.strip() or (cell.row, cell.column) in sheet.comments]
    rows = _Axis.of(row for cell in filled for row in _covered(cell.row, cell.rows))
    columns = _Axis.of(column for cell in filled for column in _covered(cell.column, cell.columns))
    comments = sheet.comments
    placed = [
        Cell(
            rows.kept[row],
            columns.kept[column],
            _with_comment(text, comments.get((row, column), "")) if comments else text,
            1 if down == 1 else rows.length(row, down),
            1 if right == 1 else columns.length(column, right),
        )
        for row, column, text, down, right in filled
    ]
    grid = grid_of(placed).cells
    if not comments:
        return replace(sheet, cells=grid)
    shown = {
        (row, column): text.partition(_COMMENT)[2]
        for row, line in enumerate(grid)
        for column, text in enumerate(line)
        if _COMMENT in text
    }
    cells_alone = tuple(tuple(text.partition(_COMMENT)[0] for text in line) for line in grid)
    return replace(sheet, cells=cells_alone, comments=shown)


def _covered(number: int, length: int) -> Sequence[int]:
    return (number,) if length == 1 else range(number, number + min(length, _LONGEST_MERGED))


def _with_comment(text: str, comment: str) -> str:
    return f"{text.strip()}{_COMMENT}{comment}" if comment else text


@dataclass(frozen=True, slots=True)
class _Axis:
    """The rows (or columns) that have a cell, and where each is after wide gaps were shortened."""

    kept: dict[int, int]
    used: list[int]

    @classmethod
    def of(cls, numbers: Iterable[int]) -> _Axis:
        used = sorted(set(numbers))
        kept: dict[int, int] = {}
        place, before = 0, -1
        for number in used:
            place += min(number - before - 1, _KEPT_GAP) + (1 if kept else 0)
            kept[number], before = place, number
        return cls(kept, used)

    def length(self, number: int, length: int) -> int:
        """How many places a cell covers that begins at `number`."""
        last = self.used[bisect_left(self.used, number + length) - 1]
        return self.kept[last] - self.kept[number] + 1
