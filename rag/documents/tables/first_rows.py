"""The first rows of a table with a value, from which its header is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rag.documents.tables.kinds import kind_of

Cells = Sequence[Sequence[str]]
"""Rows of cells from left to right; rows may differ in length. A merged cell is repeated in each place it covers."""

_LOOK = 60
"""Rows that are looked at; a table may have many more."""


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows that are not blank: their numbers, and their cells without spaces around them, equally long."""

    numbers: list[int]
    cells: list[list[str]]
    width: int

    @classmethod
    def of(cls, cells: Cells) -> FirstRows:
        """The first rows of a table; its width is that of its widest row, if it is longer than what is looked at."""
        filled = ((number, row) for number, row in enumerate(cells) if any(map(str.strip, row)))
        first = list(islice(filled, _LOOK))
        width = max((_used(row) for _, row in first), default=0)
        width = max([width, *(len(row) for row in cells)]) if len(first) == _LOOK else width
        stripped = [[" ".join(cell.split()) for cell in row[:width]] for _, row in first]
        return cls([number for number, _ in first], [row + [""] * (width - len(row)) for row in stripped], width)

    def after(self, place: int) -> FirstRows:
        """The rows from this place on."""
        return FirstRows(self.numbers[place:], self.cells[place:], self.width)

    def count(self, place: int) -> int:
        """The number of filled cells; 1 if all are the same words, as in a title merged over several columns."""
        filled = [cell for cell in self.cells[place] if cell]
        return 1 if len(set(filled)) == 1 and kind_of(filled[0]) == "text" else len(filled)

    def follows(self, place: int) -> bool:
        """Whether a row is right below the one before, without a blank row between them."""
        return 0 < place < len(self.numbers) and self.numbers[place] == self.numbers[place - 1] + 1


def _used(row: Sequence[str]) -> int:
    return max((position + 1 for position, cell in enumerate(row) if cell.strip()), default=0)
