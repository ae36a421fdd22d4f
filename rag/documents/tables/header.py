"""Find a table's header: below title lines and blank rows, in one row or more, or none; or labels with their values.

A header is told by contrast, see `rag.documents.tables.contrast`. Where nothing speaks for or against it, the first row
is taken for the header if its cells are short and all different.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Literal

from rag.documents.tables.contrast import contrast, header_score, is_header, rows_below
from rag.documents.tables.first_rows import Cells, FirstRows
from rag.documents.tables.kinds import Kind, is_bracketed_unit, is_unit, kind_of, usual_kind
from rag.documents.tables.pairs import label_columns

_MOST_HEADER_ROWS = 3
_LONGEST_NAME = 80
_LONG_NOTE = 25
_MOST_LABELS = 8
"""Labels with their values right above a table."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Where the parts of a table are. Row numbers count from 0 in the cells that were given to `find_table`.

    Attributes:
        kind: "table", or "pairs" for labels next to their values ("Customer", "Moor Farm"): then `labels` are the
            columns with labels, and `header` is empty.
        names: one name for each column, all different. A column without one is "column 3", and one that repeats
            a name has a number: "price", "price 3". The rows of a header with several are joined: "2024 Q1".
        header: the numbers of the header rows; empty if the table has no header.
        body: the numbers of the rows with values, from the first to the last. Blank rows among them are no values.
        title: the lines above the header, each with its cells joined by a space.
        notes: the lines below the last row ("Source: ..."), in the same way.
        kinds: the usual kind of the cells of each column in the first rows.
        header_lines: the cells of the header rows, by which a row is known that repeats one of them.
    """

    kind: Literal["table", "pairs"]
    names: tuple[str, ...]
    header: range
    body: range
    title: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    kinds: tuple[Kind, ...] = ()
    header_lines: frozenset[tuple[str, ...]] = frozenset()

    def repeats_header(self, row: Sequence[str]) -> bool:
        """Whether a row is a header row again, as at the top of each printed page."""
        if not self.header_lines or not row:
            return False
        first = " ".join(row[0].split())
        return any(line[0] == first for line in self.header_lines) and _stripped(row) in self.header_lines

    def is_group(self, row: Sequence[str]) -> bool:
        """Whether a row is the name of a group of rows, merged over all columns: it is no value of these columns."""
        first = row[0].strip() if row else ""
        if len(row) < 2 or len(row) < len(self.names) or not first or any(cell.strip() != first for cell in row):
            return False
        kind = kind_of(first)
        differs = any(usual and usual not in (kind, "text") for usual in self.kinds)
        return (kind == "text" and len(row) > 2) or (kind in ("text", "code", "period") and differs)

    def pairs_of(self, row: Sequence[str]) -> list[tuple[str, str]]:
        """The labels of a row with their values; a value without a label has an empty one."""
        cells = [" ".join(cell.split()) for cell in row]
        ends = [*self.labels[1:], len(cells)]
        found = [
            (cells[start].rstrip(": "), next(filter(None, reversed(cells[start + 1 : end])), ""))
            for start, end in zip(self.labels, ends, strict=True)
            if start < len(cells)
        ]
        return [(label, value) for label, value in found if label or value]


def find_table(cells: Cells, *, header_rows: int | None = None, row_labels: bool = False) -> FoundTable:
    """The parts of one table. Only its first rows are looked at, so the time does not grow with its length.

    Args:
        cells: one table, see `Cells`. For a sheet with several tables, see `rag.documents.tables.blocks`.
        header_rows: how many of the first rows are the header, if the source states it (`<thead>`); a title among
            them, merged over all columns, is told apart. 0 if it states that there are none. If it is not given, the
            header is found.
        row_labels: whether the source states that the first cell of each row is its label.
    """
    shown = FirstRows.of(cells)
    if not shown.numbers:
        return FoundTable("table", (), range(0), range(0))
    above = _stated_titles(shown, header_rows) if header_rows else 0
    if header_rows and above == header_rows:
        header_rows = None
    rows = shown.after(above)
    if header_rows is None:
        above += _begin(rows)
        rows = shown.after(above)
    end, notes = _notes_below(cells, shown)
    title = tuple(_line(cells[number]) for number in shown.numbers[:above])
    if not rows.numbers:
        return FoundTable("table", (), range(0), range(0), title, notes)
    if header_rows is None and (labels := label_columns(rows, are_stated=row_labels)):
        names = _unique([""] * shown.width)
        return FoundTable("pairs", names, range(0), range(rows.numbers[0], end), title, notes, labels)
    depth = _depth(rows) if header_rows is None else min(header_rows - above, len(rows.numbers))
    if header_rows is None and not depth and above and _is_sparse_header(shown, above - 1):
        above, depth, title = above - 1, 1, title[:-1]
        rows = shown.after(above)
    names = _unique(_joined(rows.cells[:depth], rows.width))
    body = rows_below(rows, depth - 1) if depth else rows.cells
    kinds = tuple(usual_kind([kind_of(row[at]) for row in body]) for at in range(rows.width))
    if depth == 0:
        return FoundTable("table", names, range(0), range(rows.numbers[0], end), title, notes, kinds=kinds)
    after = rows.numbers[depth - 1] + 1
    return FoundTable(
        "table", names, range(rows.numbers[0], after), range(after, max(end, after)), title, notes, kinds=kinds,
        header_lines=frozenset(_stripped(row) for row in rows.cells[:depth] if len(set(filter(None, row))) > 1),
    )  # fmt: skip


def _stripped(row: Sequence[str]) -> tuple[str, ...]:
    """The cells without spaces around them and without empty ones at the end."""
    cells = [" ".join(cell.split()) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _stated_titles(rows: FirstRows, header_rows: int) -> int:
    """How many of the stated header rows are titles above it: one cell, merged over the columns from the first."""
    count = 0
    for place in range(min(header_rows, len(rows.numbers))):
        filled = [cell for cell in rows.cells[place] if cell]
        if not rows.cells[place][0] or len(filled) < 2 or len(set(filled)) > 1:
            break
        count = place + 1
    return count


def _begin(rows: FirstRows) -> int:
    """The place of the first header row, or of the first row if there is no header: below the title lines."""
    first = _first_full(rows)
    if first > 0 and rows.follows(first) and _is_row_of_groups(rows, first - 1) and _depth(rows.after(first - 1)) > 1:
        return first - 1
    return first


def _first_full(rows: FirstRows) -> int:
    """The place of the first row that is about as full as the ten below it; rows above it are title lines.

    Labels with their values above a table ("Customer: | Moor Farm") are title lines, too.
    """
    counts = [rows.count(place) for place in range(len(rows.numbers))]
    for place, count in enumerate(counts):
        fullest = max(counts[place : place + 11])
        if count >= max(2, 0.6 * fullest):
            return _fuller_header(rows, counts, place)
    return 0


def _fuller_header(rows: FirstRows, counts: Sequence[int], first: int) -> int:
    """The place of a header soon below `first` that is fuller than all rows above it, or `first` if there is none."""
    for place in range(first + 1, min(first + _MOST_LABELS + 1, len(counts) - 1)):
        is_fuller = counts[place] > max(counts[:place]) and counts[place] >= max(counts[place:])
        are_names = all(cell and kind_of(cell) in ("text", "code", "period") for cell in rows.cells[place])
        if is_fuller and are_names and header_score(rows, place) > 0:
            above = rows.cells[first:place]
            is_header_above = counts[first] > 2 or header_score(rows, first) > 0
            return first if is_header_above and not all(row[0].endswith(":") for row in above) else place
    return first


def _is_row_of_groups(rows: FirstRows, place: int) -> bool:
    """Whether a row has group names, such as "2023" and "2024" above "Q1, Q2, Q1, Q2" in the row below it."""
    groups, names = rows.cells[place], rows.cells[place + 1]
    above = [(group, name) for group, name in zip(groups, names, strict=True) if group]
    repeats = len(set(filter(None, names))) < sum(map(bool, names))
    is_group = all(_may_name(group) and ":" not in group for group, _ in above)
    under = all(name for _, name in above) and not groups[0]
    return is_group and ((repeats and len(above) > 1) or under) and all(map(_may_name, names))


def _is_sparse_header(rows: FirstRows, place: int) -> bool:
    """Whether the line above a table without a header names some of its columns."""
    names = [cell for cell in rows.cells[place] if cell]
    is_near = rows.follows(place + 1) and len(set(names)) == len(names) > 1
    return is_near and not any(name.endswith(":") or not _may_name(name) for name in names) and (
        header_score(rows, place) > 0
    )  # fmt: skip


def _depth(rows: FirstRows) -> int:
    """The number of header rows: 0 if the first row is like those below it."""
    if len(rows.numbers) < 2:
        return 0
    # A row of groups is no name for single columns, so the row below it decides.
    depth = 1
    while depth < min(_MOST_HEADER_ROWS, len(rows.numbers) - 1) and _continues(rows, depth):
        depth += 1
    return depth if is_header(rows, depth - 1) else depth - 1 if depth > 1 and is_header(rows, depth - 2) else 0


def _continues(rows: FirstRows, place: int) -> bool:
    """Whether this row goes on with the header above it: it tells the columns of a group apart, or has their units."""
    upper, lower = rows.cells[place - 1], rows.cells[place]
    filled = [cell for cell in lower if cell]
    if not all(map(_may_name, filled)) or len(filled) < 2 or len(set(lower)) == 1:
        return False
    if _is_row_of_units(rows, place):
        return True
    groups = _groups(upper, lower)
    if not any(len(set(group)) == len(group) > 1 for group in groups):
        return False
    below = rows_below(rows, place)
    differs = sum(contrast(lower[column], [row[column] for row in below]) for column in range(rows.width))
    if differs > 0 or any(one == other for one, other in zip(upper, lower, strict=True) if one):
        return True
    if not upper[0] and all(lower) and len(set(lower)) == len(lower):
        # The row above names groups alone, and this one all columns.
        return True
    return 0 < place < min(_MOST_HEADER_ROWS, len(rows.numbers) - 1) - 1 and _continues(rows, place + 1)


def _is_row_of_units(rows: FirstRows, place: int) -> bool:
    """Whether a row has the units of the columns that the row above names, and numbers below."""
    upper, lower = rows.cells[place - 1], rows.cells[place]
    if not all(map(is_unit, filter(None, lower))) or not all(map(_may_name, filter(None, upper))):
        return False
    if all(map(is_bracketed_unit, filter(None, lower))):
        return True
    columns = [column for column in range(rows.width) if lower[column]]
    below = ([row[column] for row in rows_below(rows, place)] for column in columns)
    return all(upper[column] for column in columns) and all(
        usual_kind([kind_of(cell) for cell in cells]) in ("number", "") for cells in below
    )


def _groups(upper: list[str], lower: list[str]) -> list[list[str]]:
    """For each name that covers several columns, by repetition or by empty cells after it, the names below it.

    A name that is repeated below is given once: it is a group of columns again.
    """
    groups: list[list[str]] = []
    current = ""
    for name, below in zip(_spread(upper, lower), lower, strict=True):
        if name and name == current:
            groups[-1].append(below)
        elif name:
            groups.append([below])
        current = name
    return [[name for name, _ in groupby(group) if name] for group in groups]


def _spread(upper: list[str], lower: list[str]) -> list[str]:
    """The upper names, each also over the empty cells to its right that have a name below."""
    spread: list[str] = []
    for name, below in zip(upper, lower, strict=True):
        spread.append(name or (spread[-1] if spread and below else ""))
    return spread


def _may_name(cell: str) -> bool:
    return is_unit(cell) or (kind_of(cell) in ("", "text", "code", "period") and len(cell) <= _LONGEST_NAME)


def _notes_below(cells: Cells, shown: FirstRows) -> tuple[int, tuple[str, ...]]:
    """The number after the last row with values, and the lines below it: one long cell in a table of several."""
    end = len(cells)
    usual = median(len(row[0]) for row in shown.cells)
    notes: list[str] = []
    while end > shown.numbers[0]:
        row = cells[end - 1]
        first = row[0] if row else ""
        count = sum(bool(cell.strip()) for cell in row)
        filled = list(dict.fromkeys(cell.strip() for cell in row if cell.strip()))
        is_apart = shown.width > 2 or not any(map(str.strip, cells[end - 2] if end > 1 else ()))
        is_apart = is_apart or len(first) > 3 * usual
        is_alone = len(filled) == 1 and shown.width > 1 and (first.strip() or count > 1)
        is_note = is_apart and is_alone and len(filled[0]) > _LONG_NOTE
        if filled and not is_note:
            break
        notes += filled
        end -= 1
    return end, tuple(reversed(notes))


def _joined(header: list[list[str]], width: int) -> list[str]:
    """One name a column: the names of its header rows from top to bottom, each once."""
    spread = [_spread(upper, lower) for upper, lower in pairwise(header)] + header[-1:]
    if len(header) > 1 and all(map(is_unit, filter(None, header[-1]))):
        spread[-1] = [f"({cell})" if cell and cell[0] not in "([" else cell for cell in header[-1]]
    return [" ".join(dict.fromkeys(row[column] for row in spread if row[column])) for column in range(width)]


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    unique: list[str] = []
    taken: set[str] = set()
    for position, given in enumerate(names, start=1):
        name = given.rstrip(": ") or f"column {position}"
        while name in taken:
            name = f"{name} {position}"
        unique.append(name)
        taken.add(name)
    return tuple(unique)


def _line(row: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(" ".join(cell.split()) for cell in row if cell.strip()))
