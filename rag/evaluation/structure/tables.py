"""Cells of tables: pipe tables in Markdown text, and rows that were read from a table's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.types import Document, Row

_DIVIDER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CELL = re.compile(r"(?:\\\||`[^`\n]*`|[^|\n])+")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's column name in lower case, its text, and where it is in the document's text.

    `start` and `end` are both -1 for a value that is kept apart from the text.
    """

    column: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table: its span in the document's text and its rows of cells."""

    start: int
    end: int
    rows: tuple[tuple[Cell, ...], ...]


def pipe_tables(text: str, lines: list[tuple[int, int]]) -> Iterator[Table]:
    """The pipe tables in these lines: a line of names, a line of dashes, and the rows below."""
    place = 0
    while place + 2 < len(lines):
        header, divider = (text[start:end] for start, end in lines[place : place + 2])
        if "|" not in header or "|" not in divider or not _DIVIDER.fullmatch(divider):
            place += 1
            continue
        names = [name for name, _, _ in _cells(text, *lines[place])]
        last = place + 2
        while last < len(lines) and "|" in text[slice(*lines[last])]:
            last += 1
        rows = (
            tuple(Cell(name.casefold(), *cell) for name, cell in zip(names, _cells(text, *lines[row]), strict=False))
            for row in range(place + 2, last)
        )
        yield Table(lines[place][0], lines[last - 1][1], tuple(rows))
        place = last


def file_rows(document: Document) -> Iterator[tuple[Cell, ...]]:
    """The cells of each row of a table's file."""
    for row in document.rows:
        yield _row_cells(document.text, row)


def _row_cells(text: str, row: Row) -> tuple[Cell, ...]:
    cells, place = [], row.start
    for column, value in row.fields:
        start, end = _place_of(text, column, value, place, row.end)
        cells.append(Cell(column.casefold().strip(), value, start, start + len(value) if start >= 0 else -1))
        place = max(place, end)
    if row.fields:
        return (*cells, Cell("", text[place : row.end], place, row.end)) if place < row.end else tuple(cells)
    # A row without fields is "column: value; column: value".
    marks = list(re.finditer(r"(?:^|; )([^:;\n]{1,60}): ", text[row.start : row.end]))
    ends = [row.start + mark.start() for mark in marks[1:]] + [row.end]
    starts = [row.start + mark.end() for mark in marks]
    named = zip(marks, starts, ends, strict=True)
    return tuple(Cell(mark[1].casefold().strip(), text[start:end], start, end) for mark, start, end in named)


def _place_of(text: str, column: str, value: str, place: int, end: int) -> tuple[int, int]:
    """Where a value begins if it stands at this place, and where the next one would begin; else (-1, place).

    A title stands above the text. A row without text columns has all its values, with their names.
    """
    if value and text.startswith(f"{column}: {value}", place, end):
        start = place + len(column) + 2
        return start, min(start + len(value) + 2, end)
    if value and text.startswith(f"{value}\n", place, end):
        return place, place + len(value) + 1
    return -1, place


def _cells(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Text and span of each cell of a line."""
    line = text[start:end]
    offset = len(line) - len(line.lstrip())
    if line[offset : offset + 1] == "|":
        offset += 1
    for match in _CELL.finditer(line, offset):
        cell = match[0].strip()
        if cell or match.end() < len(line.rstrip()):
            first = start + match.start() + len(match[0]) - len(match[0].lstrip())
            yield cell, first, first + len(cell)
