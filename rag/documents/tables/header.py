"""Find a table's header: below title lines and blank rows, in one row or more, or none; or labels with their values.

A header is told by contrast. A row of words above columns of numbers is one; a row like those below it is none. Where
nothing speaks for or against it, the first row is taken for the header if its cells are short and all different.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from statistics import median
from typing import Literal

from rag.documents.tables.kinds import Kind, is_usual_label, kind_of, shape_of, usual_kind

Cells = Sequence[Sequence[str]]
"""Rows of cells from left to right; rows may differ in length. A merged cell is repeated in each place it covers."""

_LOOK = 60
"""Rows that are looked at; a table may have many more."""
_MOST_HEADER_ROWS = 3
_LONGEST_NAME = 80
_LONGEST_LABEL = 40
_MOST_PAIRS = 40
_LONG_NOTE = 25
_LINE_OF_WORDS = 5


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Where the parts of a table are. Row numbers count from 0 in the cells that were given to `find_table`.

    Attributes:
        kind: "table", or "pairs" for labels next to their values ("Customer", "Moor Farm"): then the rows of `body`
            have a label in the first column and its value in the last, and `header` is empty.
        names: one name for each column, all different. A column without one is "column 3", and one that repeats
            a name has a number: "price", "price 3". The rows of a header with several are joined: "2024 Q1".
        header: the numbers of the header rows; empty if the table has no header.
        body: the numbers of the rows with values, from the first to the last. Blank rows among them are no values.
        title: the lines above the header, each with its cells joined by a space.
        notes: the lines below the last row ("Source: ..."), in the same way.
    """

    kind: Literal["table", "pairs"]
    names: tuple[str, ...]
    header: range
    body: range
    title: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_table(cells: Cells, *, header_rows: int | None = None) -> FoundTable:
    """The parts of one table. Only its first rows are looked at, so the time does not grow with its length.

    Args:
        cells: one table, see `Cells`. For a sheet with several tables, see `rag.documents.tables.blocks`.
        header_rows: the number of header rows below the title lines, if the source states it (`<thead>`, bold); 0 if
            it states that there are none. If it is not given, the header is found.
    """
    shown = _Rows.of(cells)
    if not shown.numbers:
        return FoundTable("table", (), range(0), range(0))
    first = _first_full(shown) if header_rows is None or header_rows > 0 else 0
    above = _Upper(shown, first).begin if header_rows is None else first
    end, notes = _notes_below(cells, shown)
    title = tuple(_line(cells[number]) for number in shown.numbers[:above])
    rows = _Rows(shown.numbers[above:], shown.cells[above:], shown.width)
    if header_rows is None and _is_pairs(rows):
        return FoundTable("pairs", _unique([""] * shown.width), range(0), range(rows.numbers[0], end), title, notes)
    depth = _depth(rows) if header_rows is None else min(header_rows, len(rows.numbers))
    names = _unique(_joined(rows.cells[:depth], rows.width))
    if depth == 0:
        return FoundTable("table", names, range(0), range(rows.numbers[0], end), title, notes)
    after = rows.numbers[depth - 1] + 1
    return FoundTable("table", names, range(rows.numbers[0], after), range(after, max(end, after)), title, notes)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The first rows that are not blank: their numbers, and their cells without spaces around them, equally long."""

    numbers: list[int]
    cells: list[list[str]]
    width: int

    @classmethod
    def of(cls, cells: Cells) -> _Rows:
        filled = ((number, row) for number, row in enumerate(cells) if any(map(str.strip, row)))
        first = list(islice(filled, _LOOK))
        width = max((_used(row) for _, row in first), default=0)
        width = max([width, *(len(row) for row in cells)]) if len(first) == _LOOK else width
        stripped = [[" ".join(cell.split()) for cell in row[:width]] for _, row in first]
        return cls([number for number, _ in first], [row + [""] * (width - len(row)) for row in stripped], width)

    def count(self, place: int) -> int:
        """The number of filled cells; 1 if all are the same words, as in a title merged over several columns."""
        filled = [cell for cell in self.cells[place] if cell]
        return 1 if len(set(filled)) == 1 and kind_of(filled[0]) == "text" else len(filled)


def _used(row: Sequence[str]) -> int:
    return max((position + 1 for position, cell in enumerate(row) if cell.strip()), default=0)


def _first_full(rows: _Rows) -> int:
    """The place of the first row that is about as full as the ten below it; rows above it are title lines."""
    counts = [rows.count(place) for place in range(len(rows.numbers))]
    for place, count in enumerate(counts):
        fullest = max(counts[place : place + 11])
        if count >= max(2, 0.6 * fullest):
            return place
    return 0


@dataclass(frozen=True, slots=True)
class _Upper:
    """Group names right above the first full row, such as "2023" and "2024" above "Q1, Q2, Q1, Q2"."""

    rows: _Rows
    first: int

    @property
    def begin(self) -> int:
        """The place of the first header row, with the row of groups if there is one."""
        if not self.first or self.rows.numbers[self.first] - self.rows.numbers[self.first - 1] > 1:
            return self.first
        groups, names = self.rows.cells[self.first - 1], self.rows.cells[self.first]
        above = [(group, name) for group, name in zip(groups, names, strict=True) if group]
        repeats = len(set(filter(None, names))) < sum(map(bool, names))
        is_group = all(_may_name(group) and not group.endswith(":") for group, _ in above)
        under = all(name for _, name in above) and not groups[0]
        return self.first - (is_group and ((repeats and len(above) > 1) or under) and all(map(_may_name, names)))


def _depth(rows: _Rows) -> int:
    """The number of header rows: 0 if the first row is like those below it."""
    if len(rows.numbers) < 2:
        return 0
    # A row of groups is no name for single columns, so the row below it decides.
    depth = 1
    while depth < min(_MOST_HEADER_ROWS, len(rows.numbers) - 1) and _continues(rows, depth):
        depth += 1
    return depth if _is_header(rows, depth - 1) else depth - 1 if depth > 1 and _is_header(rows, depth - 2) else 0


def _continues(rows: _Rows, place: int) -> bool:
    """Whether this row goes on with the header above it: it tells the columns of a group apart, or has their units."""
    upper, lower = rows.cells[place - 1], rows.cells[place]
    if not all(_may_name(cell) for cell in lower if cell) or rows.count(place) < 2:
        return False
    filled = [cell for cell in lower if cell]
    if all(_is_unit(cell) for cell in filled) and all(map(_may_name, filter(None, upper))):
        return True
    groups = _groups(upper, lower)
    if not any(len(set(group)) == len(group) > 1 for group in groups):
        return False
    below = rows.cells[place + 1 :]
    differs = sum(_contrast(lower[column], [row[column] for row in below]) for column in range(rows.width))
    return differs > 0 or any(one == other for one, other in zip(upper, lower, strict=True) if one)


def _groups(upper: list[str], lower: list[str]) -> list[list[str]]:
    """For each name that covers several columns, by repetition or by empty cells after it, the names below it."""
    groups: list[list[str]] = []
    current = ""
    for name, below in zip(_spread(upper, lower), lower, strict=True):
        if name and name == current:
            groups[-1].append(below)
        elif name:
            groups.append([below])
        current = name
    return [[name for name in group if name] for group in groups]


def _spread(upper: list[str], lower: list[str]) -> list[str]:
    """The upper names, each also over the empty cells to its right that have a name below."""
    spread: list[str] = []
    for name, below in zip(upper, lower, strict=True):
        spread.append(name or (spread[-1] if spread and below else ""))
    return spread


def _is_header(rows: _Rows, place: int) -> bool:
    """Whether a row names columns: it differs from the rows below, or nothing speaks against it."""
    header, below = rows.cells[place], rows.cells[place + 1 :]
    names = [cell for cell in header if cell]
    if not names or not all(len(name) <= _LONGEST_NAME for name in names):
        return False
    contrast = sum(_contrast(header[column], [row[column] for row in below]) for column in range(rows.width))
    if contrast:
        return contrast > 0
    kinds = Counter("text" if _is_unit(name) else kind_of(name) for name in names)
    return kinds["text"] + kinds["code"] + kinds["period"] == len(names) and kinds["text"] > 0


def _contrast(name: str, below: Sequence[str]) -> int:
    """How much one cell looks like the name of its column: above 0 if it does, below 0 if it is one more value."""
    values = [value for value in below if value]
    if not name or not values:
        return 0
    kind = "text" if _is_unit(name) else kind_of(name)
    usual = usual_kind([kind_of(value) for value in values])
    if kind in ("number", "flag"):
        return -2
    if kind == "period":
        return -2 if all(kind_of(value) == "period" for value in values) else int(usual == "number")
    if len(values) > 1 and _is_like(name, kind, values):
        return -2
    return 1 if usual and usual not in ("text", kind) else 0


def _is_like(name: str, kind: Kind, values: Sequence[str]) -> bool:
    if any(name.casefold() == value.casefold() for value in values):
        return True
    if kind == "code":
        return sum(shape_of(value) == shape_of(name) for value in values) >= 0.7 * len(values)
    words = sorted(len(value.split()) for value in values)
    return len(name.split()) > _LINE_OF_WORDS and 2 * len(name.split()) >= words[len(words) // 2]


def _is_pairs(rows: _Rows) -> bool:
    """Whether each row has a label and its value: two columns, and the values are of different kinds."""
    used = [column for column in range(rows.width) if any(row[column] for row in rows.cells)]
    if len(used) != 2 or used != [0, rows.width - 1] or not 2 <= len(rows.numbers) <= _MOST_PAIRS:
        return False
    labels = [row[0] for row in rows.cells]
    is_label = [0 < len(label) <= _LONGEST_LABEL and kind_of(label) in ("text", "code", "period") for label in labels]
    if not all(is_label) or len({label.casefold() for label in labels}) < len(labels):
        return False
    if sum(label.endswith(":") for label in labels) >= 0.7 * len(labels):
        return True
    first, *others = (row[-1] for row in rows.cells)
    if not first:
        return False
    kinds = {kind_of(value) for value in others if value}
    if kind_of(first) in ("number", "flag", "period", "code"):
        return True
    usual = usual_kind([kind_of(value) for value in others])
    if usual in ("text", "code", "flag"):
        return _is_value(first) or (not is_usual_label(first) and sum(map(is_usual_label, labels)) > 0.5 * len(labels))
    return usual == "" and len(kinds) > 1


def _is_value(cell: str) -> bool:
    """Whether a cell of words is rather a value than a name: two words with capitals, or a sentence."""
    words = cell.split()
    return "@" in cell or len(words) > _LINE_OF_WORDS or (len(words) > 1 and all(w[:1].isupper() for w in words))


def _may_name(cell: str) -> bool:
    return _is_unit(cell) or (kind_of(cell) in ("", "text", "code", "period") and len(cell) <= _LONGEST_NAME)


def _is_unit(cell: str) -> bool:
    return cell[:1] + cell[-1:] in ("()", "[]") or cell in ("%", "€", "$", "£", "#", "°C")


def _notes_below(cells: Cells, shown: _Rows) -> tuple[int, tuple[str, ...]]:
    """The number after the last row with values, and the lines below it: one long cell in a table of several."""
    end = len(cells)
    usual = median(len(row[0]) for row in shown.cells)
    notes: list[str] = []
    while end > shown.numbers[0]:
        row = cells[end - 1]
        count = sum(bool(cell.strip()) for cell in row)
        filled = list(dict.fromkeys(cell.strip() for cell in row if cell.strip()))
        is_apart = shown.width > 2 or not any(map(str.strip, cells[end - 2] if end > 1 else ()))
        is_apart = is_apart or len(row[0]) > 3 * usual
        is_alone = len(filled) == 1 and shown.width > 1 and (row[0].strip() or count > 1)
        is_note = is_apart and is_alone and len(filled[0]) > _LONG_NOTE
        if filled and not is_note:
            break
        notes += filled
        end -= 1
    return end, tuple(reversed(notes))


def _joined(header: list[list[str]], width: int) -> list[str]:
    """One name a column: the names of its header rows from top to bottom, each once."""
    spread = [_spread(upper, lower) for upper, lower in pairwise(header)] + header[-1:]
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
