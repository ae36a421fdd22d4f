"""Find tables without rules: lines whose words stand in the same columns.

Text in newspaper columns is none: its parts are long, and each column is read to its end before the next one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from rag.documents.tables.kinds import kind_of
from rag.documents.tables.printed import PrintedLine, PrintedTable, Segment

_FEWEST_LINES = 3
# Bullets, dashes, and numbers of a list or of sections.
_MARKER = re.compile(r"[^\w\s]{1,2}|\(?(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[A-Za-z]|[ivxIVX]{1,4})[.)]?")
_LONG_PART = 45
"""Mean characters of a column's parts, from which it is text and not a column of a table."""
_GAP = 0.3
"""Between columns there is at least so much space, as a share of the height of the first line."""
_FARTHEST = 2.6
"""Lines of a table are at most so many line heights apart."""


def aligned_tables(lines: Sequence[PrintedLine]) -> list[PrintedTable]:
    """The tables of a page, from the top. Each has at least three lines with words in two columns or more."""
    tables, place = [], 0
    while place < len(lines):
        run = _run(lines[place:])
        table = run.table() if run else None
        if run is None:
            place += 1
        elif table is None:
            # Text in columns is none from any of its lines on.
            place += max(1, len(run.lines) // 2) if run.is_text else 1
        else:
            tables.append(table)
            place += len(run.lines)
    return tables


@dataclass(slots=True)
class _Run:
    """Lines below each other, and the columns [left, right) into which all their segments fall."""

    lines: list[PrintedLine] = field(default_factory=list)
    columns: list[tuple[float, float]] = field(default_factory=list)
    is_text: bool = False

    def table(self) -> PrintedTable | None:
        """The lines as a table, if they are one."""
        many = [line for line in self.lines if len(line.segments) > 1]
        if len(many) < _FEWEST_LINES or len(self.columns) < 2:
            return None
        rows = [self._cells(line) for line in self.lines]
        self.is_text = self._is_text(rows)
        if self.is_text:
            return None
        if not self._is_regular(rows):
            return None
        numbers = frozenset(number for line in self.lines for number in line.numbers)
        cells = tuple(map(tuple, self._joined(rows)))
        bottom, top = self.lines[-1].middle, self.lines[0].middle
        return PrintedTable(cells, numbers, tuple(self.columns), bottom, top)

    def _is_regular(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether most cells are filled, the first column names the rows, and the rows are equally far apart.

        Drawings and lists with bullets or numbers are not regular in this way.
        """
        filled = sum(bool(cell) for row in rows for cell in row)
        labels = [row[0] for row in rows if row[0]]
        markers = sum(_MARKER.fullmatch(label) is not None for label in labels)
        pitches = [above.middle - below.middle for above, below in pairwise(self.lines)]
        usual = median(pitches)
        even = sum(0.8 * usual <= pitch <= 1.25 * usual for pitch in pitches)
        return (
            filled >= 0.6 * len(rows) * len(self.columns)
            and len(labels) >= 0.6 * len(rows)
            and markers < 0.7 * len(labels)
            and even >= 0.6 * len(pitches)
        )

    def _cells(self, line: PrintedLine) -> list[str]:
        cells = [""] * len(self.columns)
        for segment in line.segments:
            column = _column_of(segment, self.columns)
            cells[column] = f"{cells[column]} {segment.text}".strip()
        return cells

    def _is_text(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether the columns hold running text."""
        lengths = [[len(row[column]) for row in rows if row[column]] for column in range(len(self.columns))]
        long = [sum(found) / len(found) > _LONG_PART for found in lengths if found]
        if sum(long) >= 2:
            return True
        words = [row[column] for row in rows for column in range(len(self.columns)) if row[column]]
        texts = sum(kind_of(word) == "text" and len(word) > 20 for word in words)
        return texts > 0.6 * len(words) and self._reads_by_column()

    def _reads_by_column(self) -> bool:
        """Whether the page's text has the first column to its end before the second."""
        numbers: list[list[int]] = [[] for _ in self.columns]
        for line in self.lines:
            for segment in line.segments:
                numbers[_column_of(segment, self.columns)].append(segment.words[0].number)
        return len(numbers) > 1 and bool(numbers[0]) and bool(numbers[1]) and max(numbers[0]) < min(numbers[1])

    def _joined(self, rows: list[list[str]]) -> list[list[str]]:
        """The rows, where a line that goes on with the cells above it joins them: it is nearer, and has no label."""
        pitches = [above.middle - below.middle for above, below in zip(self.lines, self.lines[1:], strict=False)]
        joined = [rows[0]]
        for pitch, row in zip(pitches, rows[1:], strict=True):
            goes_on = pitch < 0.85 * max(pitches) and not row[0] and any(row)
            if goes_on and all(
                not cell or (above and kind_of(cell) == "text") for cell, above in zip(row, joined[-1], strict=True)
            ):
                joined[-1] = [" ".join(filter(None, pair)) for pair in zip(joined[-1], row, strict=True)]
            else:
                joined.append(row)
        return joined


def _column_of(segment: Segment, columns: Sequence[tuple[float, float]]) -> int:
    """The column that holds the middle of a segment."""
    middle = (segment.left + segment.right) / 2
    return min(range(len(columns)), key=lambda at: max(columns[at][0] - middle, middle - columns[at][1], 0.0))


def _run(lines: Sequence[PrintedLine]) -> _Run | None:
    """The longest run of lines from the first one on whose segments fall into the same columns."""
    if len(lines[0].segments) < 2:
        return None
    gap = _GAP * lines[0].height
    run = _Run([lines[0]], _columns([], lines[0], gap))
    if len(run.columns) < 2:
        return None
    pending: list[PrintedLine] = []
    most, reached = len(lines[0].segments), run.columns
    for above, line in pairwise(lines):
        height = (above.height + line.height) / 2
        if above.middle - line.middle > _FARTHEST * height or not 0.6 < line.height / above.height < 1.7:
            break
        columns = _columns(reached, line, gap)
        if len(columns) < max(most, len(line.segments), len(run.columns)):
            break
        reached = columns
        if len(line.segments) < 2:
            # A line with words in one column only is a row if others follow.
            if len(pending) == 2 or not _fits(line, run.columns):
                break
            pending.append(line)
            continue
        run.lines += [*pending, line]
        run.columns = columns
        most = max(most, len(line.segments))
        pending = []
    return run


def _fits(line: PrintedLine, columns: Sequence[tuple[float, float]]) -> bool:
    segment = line.segments[0]
    return any(left - 2 <= segment.left and segment.right <= right + 2 for left, right in columns)


def _columns(known: Sequence[tuple[float, float]], line: PrintedLine, gap: float) -> list[tuple[float, float]]:
    """The stretches across the page that a line and the columns above it cover, with a gap between any two."""
    spans = sorted([*known, *((segment.left, segment.right) for segment in line.segments)])
    columns = [spans[0]]
    for left, right in spans[1:]:
        last_left, last_right = columns[-1]
        if left - last_right > gap:
            columns.append((left, right))
        elif right > last_right:
            columns[-1] = (last_left, right)
    return columns
