"""A table from any source as a grid: each cell at its row and column, merged cells repeated, empty cells kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_MOST_COLUMNS = 16_384
"""Columns of a sheet in Excel; further ones are the work of a wrong or hostile file."""
MOST_CELLS = 5_000_000
"""Places of a grid, with empty ones."""


class Cell(NamedTuple):
    """A cell with the place of its upper left corner, from 0, and how many rows and columns it covers.

    A tuple, because a long table has a million.
    """

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of equally many cells; a merged cell is repeated in each place that it covers.

    `header_rows` is the number of header rows that the source states; None if it states nothing. `row_labels` says
    whether it states that the first cell of each row is its label.
    """

    cells: tuple[tuple[str, ...], ...]
    header_rows: int | None = None
    row_labels: bool = False

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.cells[0]) if self.cells else 0


def grid_of(cells: Iterable[Cell], header_rows: int | None = None) -> Grid:
    """The grid of these cells. Where two cells cover the same place, the first keeps it.

    A merged cell ends at the last row and column in which any cell begins. Columns and rows that hold nothing but
    repetitions of the one before are left out, since they are one column or row for the reader.

    Raises:
        ValueError: the grid would have more than MOST_CELLS places.
    """
    kept = [cell for cell in cells if 0 <= cell.column < _MOST_COLUMNS and cell.row >= 0]
    height = max((cell.row + 1 for cell in kept), default=0)
    width = max((cell.column + 1 for cell in kept), default=0)
    if height * width > MOST_CELLS:
        raise ValueError(f"a table of {height:,} x {width:,} cells; the limit is {MOST_CELLS:,} in all")
    places = [[""] * width for _ in range(height)]
    owner: list[list[int]] = [[-1] * width for _ in range(height)] if any(_is_merged(cell) for cell in kept) else []
    for number, cell in enumerate(kept):
        text = cell.text.strip()
        if not _is_merged(cell):
            if not owner or owner[cell.row][cell.column] < 0:
                places[cell.row][cell.column] = text
            continue
        for row in range(cell.row, min(cell.row + cell.rows, height)):
            for column in range(cell.column, min(cell.column + cell.columns, width)):
                if owner[row][column] < 0 and not places[row][column]:
                    owner[row][column], places[row][column] = number, text
    if not owner:
        return Grid(tuple(map(tuple, places)), header_rows)
    return _without_repetitions(places, owner, header_rows)


def _is_merged(cell: Cell) -> bool:
    return cell.rows > 1 or cell.columns > 1


def _without_repetitions(places: list[list[str]], owner: list[list[int]], header_rows: int | None) -> Grid:
    """The grid without columns and rows in which every filled place continues a merged cell from the one before."""
    height, width = len(places), len(places[0])

    def continues(row: int, column: int, before: int) -> bool:
        return not places[row][column] or (owner[row][column] >= 0 and owner[row][column] == before)

    columns = [
        column for column in range(width)
        if column == 0 or not any(places[row][column] for row in range(height))
        or not all(continues(row, column, owner[row][column - 1]) for row in range(height))
    ]  # fmt: skip
    rows = [
        row for row in range(height)
        if row == 0 or not any(places[row]) or not all(continues(row, at, owner[row - 1][at]) for at in range(width))
    ]  # fmt: skip
    dropped = sum(row not in set(rows) for row in range(min(header_rows or 0, height)))
    kept = tuple(tuple(places[row][column] for column in columns) for row in rows)
    return Grid(kept, header_rows - dropped if header_rows else header_rows)
