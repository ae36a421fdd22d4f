"""Find tables whose cells are separated by rules: a cell for each field, merged where a rule is missing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.documents.tables.grid import Cell, grid_of
from rag.documents.tables.printed import PrintedTable, Rule, Word, text_of

_NEAR = 3.0
"""Points by which the ends of rules may miss each other."""
_MOST_RULES = 5_000
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class _Frame:
    """The rules of one table: where columns and rows are separated, and the rules themselves."""

    columns: list[float]
    rows: list[float]
    upright: list[Rule]
    across: list[Rule]

    def separates_columns(self, column: int, row: int) -> bool:
        """Whether a rule stands to the left of a column in this row."""
        middle = (self.rows[row] + self.rows[row + 1]) / 2
        return any(
            abs(rule.left - self.columns[column]) <= _NEAR and rule.bottom - _NEAR <= middle <= rule.top + _NEAR
            for rule in self.upright
        )

    def separates_rows(self, row: int, column: int) -> bool:
        """Whether a rule lies above a row in this column."""
        middle = (self.columns[column] + self.columns[column + 1]) / 2
        return any(
            abs(rule.bottom - self.rows[row]) <= _NEAR and rule.left - _NEAR <= middle <= rule.right + _NEAR
            for rule in self.across
        )


def ruled_tables(words: Sequence[Word], rules: Sequence[Rule]) -> list[PrintedTable]:
    """The tables of a page that have at least two rows and two columns between rules."""
    if len(rules) > _MOST_RULES:
        return []
    found = (_table(frame, words) for frame in _frames(_joined(rules)))
    return [table for table in found if table is not None]


def _joined(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, where those that continue each other, as the sides of single cells do, are one."""
    joined: list[Rule] = []
    for upright in (True, False):
        lines: dict[int, list[tuple[float, float, float]]] = {}
        for rule in rules:
            if rule.is_upright == upright:
                place, begin, end = (
                    (rule.left, rule.bottom, rule.top) if upright else (rule.bottom, rule.left, rule.right)
                )
                lines.setdefault(round(place), []).append((begin, end, place))
        for parts in lines.values():
            parts.sort()
            begin, end, place = parts[0]
            for next_begin, next_end, next_place in [*parts[1:], (float("inf"), 0.0, 0.0)]:
                if next_begin <= end + _NEAR:
                    end = max(end, next_end)
                    continue
                joined.append(Rule(place, begin, place, end) if upright else Rule(begin, place, end, place))
                begin, end, place = next_begin, next_end, next_place
    return joined


def _frames(rules: Sequence[Rule]) -> list[_Frame]:
    """Groups of rules that touch each other, as far as they form a grid of two rows and columns."""
    groups: list[list[Rule]] = []
    for rule in rules:
        touched = [group for group in groups if any(_touch(rule, other) for other in group)]
        merged = [rule, *(other for group in touched for other in group)]
        groups = [group for group in groups if group not in touched] + [merged]
    frames = []
    for group in groups:
        upright = [rule for rule in group if rule.is_upright]
        across = [rule for rule in group if not rule.is_upright]
        columns = _places([rule.left for rule in upright])
        rows = _places([rule.bottom for rule in across])[::-1]
        if 3 <= len(columns) <= _MOST_LINES and 3 <= len(rows) <= _MOST_LINES:
            frames.append(_Frame(columns, rows, upright, across))
    return frames


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.left <= other.right + _NEAR
        and other.left <= one.right + _NEAR
        and one.bottom <= other.top + _NEAR
        and other.bottom <= one.top + _NEAR
    )


def _places(values: Sequence[float]) -> list[float]:
    """Different places in ascending order; values that are near each other are one place."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > 1.5 * _NEAR:
            places.append(value)
    return places


def _table(frame: _Frame, words: Sequence[Word]) -> PrintedTable | None:
    fields: dict[tuple[int, int], list[Word]] = {}
    down = [-row for row in frame.rows]
    for one in words:
        column = bisect_right(frame.columns, (one.left + one.right) / 2) - 1
        row = bisect_right(down, -one.middle) - 1
        if 0 <= column < len(frame.columns) - 1 and 0 <= row < len(frame.rows) - 1:
            fields.setdefault((row, column), []).append(one)
    if len({row for row, _ in fields}) < 2 or len({column for _, column in fields}) < 2:
        return None
    grid = grid_of(_cells(frame, fields))
    filled = [cell for row in grid.cells for cell in row if cell]
    # Frames of drawings and forms have few words in many fields.
    if grid.width < 2 or len(grid.cells) < 2 or len(set(filled)) < 4 or 2 * len(filled) < grid.width * len(grid.cells):
        return None
    numbers = frozenset(one.number for field in fields.values() for one in field)
    columns = tuple(pairwise(frame.columns))
    return PrintedTable(grid.cells, numbers, columns, frame.rows[-1], frame.rows[0])


def _cells(frame: _Frame, fields: dict[tuple[int, int], list[Word]]) -> list[Cell]:
    """The cells, each with as many fields to its right and below as no rule separates from it."""
    n_rows, n_columns = len(frame.rows) - 1, len(frame.columns) - 1
    taken: set[tuple[int, int]] = set()
    cells = []
    for row in range(n_rows):
        for column in range(n_columns):
            if (row, column) in taken:
                continue
            right, below = column + 1, row + 1
            while right < n_columns and (row, right) not in taken and not frame.separates_columns(right, row):
                right += 1
            while below < n_rows and not any(frame.separates_rows(below, at) for at in range(column, right)):
                below += 1
            covered = [(r, c) for r in range(row, below) for c in range(column, right)]
            taken.update(covered)
            inside = [one for place in covered for one in fields.get(place, ())]
            cells.append(Cell(row, column, text_of(inside) if inside else "", below - row, right - column))
    return cells
