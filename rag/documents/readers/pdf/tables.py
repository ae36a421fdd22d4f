"""Find the tables of a PDF, and take their characters out of the text of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rag.documents.readers.pdf.pages import PrintedPage, printed_pages
from rag.documents.tables.aligned import aligned_tables
from rag.documents.tables.grid import Grid
from rag.documents.tables.header import find_table
from rag.documents.tables.printed import PrintedLine, PrintedTable, printed_lines
from rag.documents.tables.ruled import ruled_tables
from rag.documents.tables.text import TablesApart, write_table

_LARGER = 1.15
"""Letters of a heading are so much larger than most on the page."""
_MOST_LEVELS = 3
_MOST_MARGIN_LINES = 2
"""Lines above a table that goes on from the page before, and below one that goes on on the next: header and footer."""
_FEWEST_LINES = 3
"""A page with fewer lines has no table."""


@dataclass(frozen=True, slots=True)
class PdfPages:
    """The texts of a PDF's pages without its tables, and the headings of pages with tables as (level, title)."""

    texts: tuple[str, ...]
    headings: tuple[tuple[int, str], ...]


def take_pdf_tables(content: bytes, pages: Sequence[str], apart: TablesApart) -> PdfPages:
    """The pages with a placeholder on a line of its own for each table, which `apart` keeps.

    A page whose text has other characters than PDFium reads, as in scripts from right to left, stays as it is.
    """
    taken = list(pages)
    headings: list[tuple[int, str]] = []
    if all(page.strip().count("\n") < _FEWEST_LINES - 1 for page in pages):
        return PdfPages(tuple(taken), ())
    before: _Unfinished | None = None
    for number, printed in enumerate(printed_pages(content)):
        if number >= len(pages):
            break
        if printed is None or not _is_same(printed.text, "".join(pages[number].split())):
            before = None
            continue
        tables = sorted(_tables(printed), key=lambda table: -table.top)
        outside = _outside(printed, tables)
        grids = _grids(tables, before, outside)
        if tables:
            taken[number] = _without(pages[number], tables, grids, apart)
            headings += _headings(printed, outside)
        before = _unfinished(tables, grids, outside)
    return PdfPages(tuple(taken), tuple(headings))


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """The last table of a page, which the next page may go on with, and its header."""

    table: PrintedTable
    header: tuple[tuple[str, ...], ...]


def _grids(tables: Sequence[PrintedTable], before: _Unfinished | None, outside: Sequence[PrintedLine]) -> list[Grid]:
    """The tables' grids. The first has the header of the table that it goes on with, if it has none itself."""
    grids = [Grid(table.cells) for table in tables]
    if not tables or before is None or not before.header or not tables[0].goes_on_from(before.table):
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
    if not tables or sum(line.middle < tables[-1].bottom for line in outside) > _MOST_MARGIN_LINES:
        return None
    grid = grids[-1]
    found = find_table(grid.cells, header_rows=grid.header_rows)
    return _Unfinished(tables[-1], tuple(grid.cells[number] for number in found.header))


def _outside(page: PrintedPage, tables: Sequence[PrintedTable]) -> list[PrintedLine]:
    inside = frozenset[int]().union(*(table.numbers for table in tables))
    return printed_lines([one for one in page.characters if one.number not in inside])


def _headings(page: PrintedPage, lines: Sequence[PrintedLine]) -> list[tuple[int, str]]:
    """The lines outside the tables whose letters are larger than most on the page; the largest have level 1."""
    usual = median(one.top - one.bottom for one in page.characters)
    large = [
        (round(line.height, 1), line.segments[0].text)
        for line in lines
        if line.height >= _LARGER * usual and len(line.segments) == 1
    ]
    sizes = sorted({size for size, _ in large}, reverse=True)
    return [(sizes.index(size) + 1, text) for size, text in large if sizes.index(size) < _MOST_LEVELS]


def _is_same(printed: str, text: str) -> bool:
    """Whether the letters are the same; for a few signs, such as a hyphen that ends a line, readers differ."""
    if len(printed) != len(text):
        return False
    return sum(one != other and one.isalnum() for one, other in zip(printed, text, strict=True)) == 0


def _tables(page: PrintedPage) -> list[PrintedTable]:
    """The tables of a page: those between rules first, and in the rest of it those in columns."""
    ruled = ruled_tables(page.characters, page.rules)
    taken = frozenset().union(*(table.numbers for table in ruled))
    rest = [one for one in page.characters if one.number not in taken]
    return [*ruled, *aligned_tables(printed_lines(rest))]


def _without(text: str, tables: Sequence[PrintedTable], grids: Sequence[Grid], apart: TablesApart) -> str:
    """The text of a page with a placeholder at the first character of each table, and without its others."""
    owner = {number: place for place, table in enumerate(tables) for number in table.numbers}
    places: dict[int, str] = {}
    pieces: list[str] = []
    number = 0
    for letter in text:
        if letter.isspace():
            pieces.append(letter)
            continue
        table = owner.get(number)
        number += 1
        if table is None:
            pieces.append(letter)
        elif table not in places:
            places[table] = apart.take(write_table(grids[table]))
            pieces.append(f"\n{places[table]}\n")
    lines = ("".join(pieces)).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())
