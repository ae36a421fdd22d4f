"""Write tables as text: a row a line, "column: value; column: value", so that each value stands next to its name.

An empty cell is left out of its line: the values next to it keep their own names, and lines of a sparse table stay
short. A table without a header has no names, so its cells stand between bars, and the empty ones are kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed
from rag.documents.tables.grid import Grid
from rag.documents.tables.header import FoundTable, find_table
from rag.types import Heading, Row

_LONG_CELL = 25
# Unicode's noncharacters, which documents do not use, mark where the rows are until the whole text is known.
_ROW, _END = "\ufdd8", "\ufdd9"
_MARK = re.compile(f"[{_ROW}{_END}]")
_PLACE = "\ufddc{}\ufddd"
_PLACED = re.compile("\ufddc([0-9]{1,7})\ufddd")


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table as lines: those above its header, one for each row, and those below its last row."""

    above: tuple[str, ...]
    rows: tuple[str, ...]
    below: tuple[str, ...]


def write_table(grid: Grid) -> WrittenTable:
    """A table as lines; rows without any value are left out.

    If a column has no value in any row, its name would be lost, so the names follow the title, between bars.
    """
    found = find_table(grid.cells, header_rows=grid.header_rows, row_labels=grid.row_labels)
    lines = tuple(line for number in found.body if (line := row_line(found, grid.cells[number])))
    if not lines and any(any(grid.cells[number]) for number in found.body):
        # Every row repeats the header, so it is none.
        rows = (grid.cells[number] for number in (*found.header, *found.body))
        lines = tuple(_between_bars([" ".join(cell.split()) for cell in row]) for row in rows if any(row))
        return WrittenTable(found.title, lines, found.notes)
    used = [any(grid.cells[number][column] for number in found.body) for column in range(grid.width)]
    unsaid = [
        " | ".join(" ".join(cell.split()) for cell in grid.cells[number])
        for number in found.header
        if any(cell and not is_used for cell, is_used in zip(grid.cells[number], used, strict=True))
    ]
    return WrittenTable((*found.title, *unsaid), lines, found.notes)


def row_texts(grid: Grid) -> tuple[str, ...]:
    """All lines of a table, with those above and below its rows."""
    written = write_table(grid)
    return (*written.above, *written.rows, *written.below)


def row_line(found: FoundTable, row: Sequence[str]) -> str:
    """One row as a line; empty if it has no value, or is the header again."""
    cells = [" ".join(cell.split()) for cell in row]
    if not any(cells) or found.repeats_header(row):
        return ""
    if found.kind == "pairs":
        return "; ".join(f"{label}: {value}".rstrip() if label else value for label, value in found.pairs_of(row))
    filled = [cell for cell in cells if cell]
    if found.is_group(row) or (len(filled) > 1 and len(set(filled)) == 1 and len(filled[0]) > _LONG_CELL):
        # The name of a group of rows, or a note, that is merged over the columns.
        return filled[0]
    if not found.header:
        return _between_bars(cells)
    # The first column often names the rows, and has no name of its own.
    label = cells[0] if found.names[0] == "column 1" else ""
    named = zip(found.names[bool(label) :], cells[bool(label) :], strict=False)
    return "; ".join([*filter(None, [label]), *(f"{name}: {cell}" for name, cell in named if cell)])


def _between_bars(cells: Sequence[str]) -> str:
    """Cells without names; one that ends with a colon is the name of the next one."""
    if len(cells) > 1 and cells[0].endswith(":") and cells[1]:
        cells = [f"{cells[0]} {cells[1]}", *cells[2:]]
    return " | ".join(cells).rstrip(" |") if any(cells[:-1]) else " | ".join(cells)


def marked(table: WrittenTable) -> str:
    """The table as a paragraph whose rows are marked, to be placed in a text; see `with_rows`."""
    rows = "\n".join(f"{_ROW}{row}{_END}" for row in table.rows)
    return "\n\n".join(filter(None, ("\n".join(table.above), rows, "\n".join(table.below))))


def with_rows(parsed: Parsed) -> Parsed:
    """The same without the marks of rows in its text, and with the rows that they mark."""
    text = parsed.text
    if parsed.rows or not (_ROW in text or _END in text):
        return parsed
    places = [match.start() for match in _MARK.finditer(text)]
    pairs = list(zip(places[::2], places[1::2], strict=False))
    is_whole = len(places) % 2 == 0 and all(text[start] == _ROW and text[end] == _END for start, end in pairs)
    rows = (
        Row(start - 2 * number, end - 2 * number - 1, ())
        for number, (start, end) in enumerate(pairs)
        if end > start + 1
    )

    def moved(offset: int) -> int:
        return offset - bisect_left(places, offset)

    return Parsed(
        _MARK.sub("", text),
        tuple(map(moved, parsed.pages)),
        tuple(Heading(moved(heading.start), heading.path) for heading in parsed.headings),
        tuple(rows) if is_whole else (),
        parsed.notes,
    )


@dataclass(slots=True)
class TablesApart:
    """Tables that were taken out of a file before its text is read, each with a placeholder in its place."""

    tables: list[WrittenTable] = field(default_factory=list)
    _placed: set[int] = field(default_factory=set)

    def take(self, table: WrittenTable) -> str:
        """Keep a table; returns the placeholder for it."""
        self.tables.append(table)
        return _PLACE.format(len(self.tables) - 1)

    @staticmethod
    def holds(text: str) -> bool:
        """Whether a text has a placeholder of a table."""
        return _PLACED.search(text) is not None

    def inline(self, text: str) -> str:
        """A cell's text with the tables in it as lines in brackets, so that no comma or semicolon ends the cell."""

        def lines(place: re.Match[str]) -> str:
            number = int(place[1])
            if number >= len(self.tables) or number in self._placed:
                return place[0]
            self._placed.add(number)
            table = self.tables[number]
            return " ".join(f"({line.replace('; ', ', ')})" for line in (*table.above, *table.rows, *table.below))

        return _PLACED.sub(lines, text)

    def put_back(self, text: str) -> str:
        """The text with the tables whose placeholders it has, each in its place, once."""

        parts = _PLACED.split(text)
        pieces = [parts[0]]
        for stated, after in zip(parts[1::2], parts[2::2], strict=True):
            number = int(stated)
            if number < len(self.tables) and number not in self._placed:
                self._placed.add(number)
                pieces[-1] = pieces[-1].rstrip()
                pieces += [marked(self.tables[number]), after.lstrip()]
            else:
                pieces[-1] += after
        return "\n\n".join(filter(None, pieces)).strip()

    def restored(self, text: str) -> str:
        """The text with all tables in their places; those whose placeholder was lost follow at the end."""
        text = self.put_back(text)
        lost = [marked(one) for number, one in enumerate(self.tables) if number not in self._placed]
        return "\n\n".join(filter(None, (text, *lost)))
