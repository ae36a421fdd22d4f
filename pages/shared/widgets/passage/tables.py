"""Tables in a passage: pipe tables of Markdown, and rows that the app has written as "column: value; column: value".

A passage can begin or end inside a table. Rows between bars without a header are a table without a header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pages.shared.widgets.passage.inline import inline
from pages.shared.widgets.passage.lines import Line, trimmed
from pages.shared.widgets.passage.nodes import Element, Node

Found = tuple[Element, int]
"""A table, and the number of the first line after it."""
_Span = tuple[int, int]

_BAR = re.compile(r"\\[\\|]|\|")
_DELIMITER = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?")
_NEXT_COLUMN = re.compile(r"; (?=[^;:\n]{1,250}: )")
_NAMED = re.compile(r"([^;:\n]{1,250}): ")
_LEAST = 2
_NOWHERE = (0, 0)


def table_at(text: str, lines: Sequence[Line], first: int) -> Found | None:
    """The table that begins with a line; None if none does."""
    return _pipe_table(text, lines, first) or _bare_rows(text, lines, first) or _records(text, lines, first)


def _is_delimiter(line: Line) -> bool:
    """Whether a line is the one below a table's header: "|---|:-:|"."""
    return "|" in line.text and _DELIMITER.fullmatch(line.text.strip()) is not None


def _is_row(line: Line) -> bool:
    """Whether a line begins and ends with a bar and has two cells or more."""
    text = line.text.strip()
    return text.startswith("|") and text.endswith("|") and len(_cells(line)) >= _LEAST


def _cells(line: Line) -> list[_Span]:
    """The places of a line's cells: what stands between its bars."""
    start, end = trimmed(line.text, 0, len(line.text))
    bars = [bar.start() for bar in _BAR.finditer(line.text, start, end) if bar[0] == "|"]
    borders = [start - 1, *bars, end]
    cells = [(a + 1, b) for a, b in pairwise(borders)]
    if bars and bars[0] == start:
        cells = cells[1:]
    if bars and bars[-1] == end - 1 and len(cells) > 1:
        cells = cells[:-1]
    return [(line.start + a, line.start + b) for a, b in cells]


def _pipe_table(text: str, lines: Sequence[Line], first: int) -> Found | None:
    """A table with a line of dashes: below its header, or as the first line, if the header is in another chunk."""
    is_header = first + 1 < len(lines) and "|" in lines[first].text and _is_delimiter(lines[first + 1])
    if is_header and not _is_delimiter(lines[first]):
        header = _cells(lines[first])
        if len(header) != len(_cells(lines[first + 1])):
            return None
        last = first + 2
    elif first + 1 < len(lines) and _is_delimiter(lines[first]) and _is_row(lines[first + 1]):
        header, last = [], first + 1
    else:
        return None
    rows = []
    while last < len(lines) and "|" in lines[last].text:
        rows.append(_cells(lines[last]))
        last += 1
    return _table(text, header, rows), last


def _bare_rows(text: str, lines: Sequence[Line], first: int) -> Found | None:
    """Rows without a line of dashes: those between bars, or two or more with as many " | " as one another."""
    last = first
    while last < len(lines) and _is_row(lines[last]) and not _begins_table(lines, last):
        last += 1
    if last - first >= _LEAST or (last > first and lines[first].text.strip().startswith("| ")):
        return _table(text, [], [_cells(line) for line in lines[first:last]]), last
    parts = lines[first].text.count(" | ")
    last = first
    while last < len(lines) and lines[last].text.count(" | ") == parts > 0 and not _begins_table(lines, last):
        last += 1
    if last - first < _LEAST:
        return None
    return _table(text, [], [_cells(line) for line in lines[first:last]]), last


def _begins_table(lines: Sequence[Line], number: int) -> bool:
    return number + 1 < len(lines) and _is_delimiter(lines[number + 1])


def _records(text: str, lines: Sequence[Line], first: int) -> Found | None:
    """Two or more lines "column: value; column: value" with the same columns.

    The app leaves the empty cells of a row out, so a line may lack columns that another has, in the same order.
    """
    columns: tuple[str, ...] = ()
    rows: list[dict[str, tuple[_Span, _Span]]] = []
    for number in range(first, len(lines)):
        row = _record(lines[number])
        merged = _merged(columns, tuple(row)) if rows else tuple(row)
        if sum(bool(name) for name in row) < _LEAST or not merged:
            break
        columns = merged
        rows.append(row)
    if len(rows) < _LEAST:
        return None
    names = [next(row[name][0] for row in rows if name in row) for name in columns]
    cells = [[row[name][1] if name in row else _NOWHERE for name in columns] for row in rows]
    return _table(text, names, cells), first + len(rows)


def _record(line: Line) -> dict[str, tuple[_Span, _Span]]:
    """The places of a line's names and values, by name; empty if a name is there twice.

    The first value may be the name of the row, and have no column's name.
    """
    ends = [found.start() for found in _NEXT_COLUMN.finditer(line.text)]
    found: dict[str, tuple[_Span, _Span]] = {}
    for start, end in zip([0, *(end + 2 for end in ends)], [*ends, len(line.text)], strict=True):
        named = _NAMED.match(line.text, start, end)
        name = named[1].strip() if named else ""
        after = named.end() if named else start
        if name in found or not line.text[after:end].strip():
            return {}
        until = start + len(named[1]) if named else start
        found[name] = ((line.start + start, line.start + until), (line.start + after, line.start + end))
    return found


def _merged(columns: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The longer of two rows of names if it has all of the shorter in the same order; else nothing."""
    short, long = sorted((columns, others), key=len)
    rest = iter(long)
    return (columns if len(columns) == len(long) else long) if all(name in rest for name in short) else ()


def _table(text: str, header: Sequence[_Span], rows: Sequence[Sequence[_Span]]) -> Element:
    """The table; rows that are shorter than the longest get empty cells."""
    width = max(map(len, [header, *rows]))
    parts: list[Node] = []
    if header:
        parts.append(Element("head", (_row(text, header, width, is_header=True),)))
    if rows:
        parts.append(Element("body", tuple(_row(text, row, width) for row in rows)))
    return Element("table", tuple(parts))


def _row(text: str, spans: Sequence[_Span], width: int, *, is_header: bool = False) -> Element:
    cells = [Element("name" if is_header else "cell", _content(text, *span)) for span in spans]
    empty = Element("name" if is_header else "cell", ())
    return Element("row", (*cells, *[empty] * (width - len(cells))))


def _content(text: str, start: int, end: int) -> tuple[Node, ...]:
    start, end = trimmed(text, start, end)
    return inline(text, start, end) if end > start else ()
