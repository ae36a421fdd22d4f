"""Find the tables of a PDF's pages, and give one that goes on on the next page the header of its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.documents.tables.aligned import aligned_tables
from rag.documents.tables.grid import Grid
from rag.documents.tables.header import find_table
from rag.documents.tables.printed import PrintedLine, PrintedTable, Rule, Segment, Word, printed_lines
from rag.documents.tables.ruled import ruled_tables
from rag.documents.tables.text import marked, write_table

_MOST_MARGIN_LINES = 2
"""Lines above a table that goes on from the page before, and below one that goes on on the next: header and footer."""


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page from the top, with one line in the place of each table, and the tables' texts by its id."""

    lines: tuple[PrintedLine, ...]
    tables: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """The last table of a page, which the next page may go on with, and its header."""

    table: PrintedTable
    header: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class TablesOfPages:
    """The tables of one page after another."""

    before: _Unfinished | None = None

    def lines(self, words: Sequence[Word], rules: Sequence[Rule]) -> PageLines:
        """The lines of the next page and its tables."""
        tables, lines = _tables(words, rules)
        if not tables:
            self.before = None
            return PageLines(tuple(lines), {})
        inside = frozenset[int]().union(*(table.numbers for table in tables))
        lines = printed_lines([one for one in words if one.number not in inside])
        grids = _grids(tables, self.before, lines)
        self.before = _unfinished(tables, grids, lines)
        marks = [_line_for(table) for table in tables]
        texts = {id(mark): marked(write_table(grid)) for mark, grid in zip(marks, grids, strict=True)}
        ordered = sorted([*lines, *marks], key=lambda line: -(line.middle + line.height / 2))
        return PageLines(tuple(ordered), texts)


def _tables(words: Sequence[Word], rules: Sequence[Rule]) -> tuple[list[PrintedTable], list[PrintedLine]]:
    """The tables of a page from the top: those between rules, and in the rest of it those in columns; and its lines."""
    ruled = ruled_tables(words, rules)
    taken = frozenset[int]().union(*(table.numbers for table in ruled))
    lines = printed_lines([one for one in words if one.number not in taken] if taken else words)
    # Lines that all say the same are no table: each would be taken for the header again.
    found = [table for table in (*ruled, *aligned_tables(lines)) if len(set(table.cells)) > 1]
    return sorted(found, key=lambda table: -table.top), lines


def _line_for(table: PrintedTable) -> PrintedLine:
    """A line without words at the place of a table."""
    segment = Segment((), "", table.columns[0][0], table.columns[-1][1])
    return PrintedLine((segment,), (table.top + table.bottom) / 2, max(table.top - table.bottom, 1.0))


def _grids(tables: Sequence[PrintedTable], before: _Unfinished | None, outside: Sequence[PrintedLine]) -> list[Grid]:
    """The tables' grids. The first has the header of the table that it goes on with, if it has none itself."""
    grids = [Grid(table.cells) for table in tables]
    if before is None or not before.header or not tables[0].goes_on_from(before.table):
        return grids
    above = sum(line.middle > tables[0].top for line in outside)
    has_header = tables[0].cells[: len(before.header)] == before.header
    if above <= _MOST_MARGIN_LINES:
        cells = tables[0].cells if has_header else (*before.header, *tables[0].cells)
        grids[0] = Grid(cells, len(before.header))
    return grids


def _unfinished(
    tables: Sequence[PrintedTable], grids: Sequence[Grid], outside: Sequence[PrintedLine]
) -> _Unfinished | None:
    """The table that ends a page, without more than the page's footer below it."""
    if sum(line.middle < tables[-1].bottom for line in outside) > _MOST_MARGIN_LINES:
        return None
    grid = grids[-1]
    found = find_table(grid.cells, header_rows=grid.header_rows)
    return _Unfinished(tables[-1], tuple(grid.cells[number] for number in found.header))
