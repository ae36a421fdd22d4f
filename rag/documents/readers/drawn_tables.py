"""Find tables in a plain text: grid tables of reStructuredText, what databases print, and cells between tabs.

+------+-------+        id | name
| Boat | Price |       ----+-------
+======+=======+         1 | Canoe
| Oar  | 12    |
+------+-------+
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from rag.documents.tables.contrast import header_score
from rag.documents.tables.first_rows import FirstRows
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.header import find_table
from rag.documents.tables.kinds import is_usual_label
from rag.documents.tables.text import marked, write_table

_BORDER = re.compile(r"[ \t]*\+(?:[-=:]+\+)+[ \t]*")
_RULED = re.compile(
    r"(?m)^(?=[^\n]*\|)([^\n]*)\n([ \t]*\|?[-=]+(?:\+[-=]+)+\|?)[ \t]*\n"
    r"((?:(?=[^\n]*\|)[^\n]*(?:\n|\Z))*)(?:\(\d+ rows?\)[ \t]*\n?)?"
)
_FEWEST_TABBED = 3
"""Lines of a table with tabs between its cells."""
_MYSQL_BORDERS = 3
"""Borders of a table whose rows have none between them: above and below the header, and at the end."""


def write_drawn_tables(text: str, code: Sequence[tuple[int, int]] = ()) -> str:
    """The text with each drawn table as lines whose rows are marked, see `rag.documents.tables.text`.

    Args:
        code: spans of the text that stay as they are.
    """
    if text.count("\t") >= _FEWEST_TABBED - 1:
        text = _write_tabbed_tables(text, code)
    if "-+" not in text and "=+" not in text:
        return text
    found = [(start, end, _boxed(text[start:end])) for start, end in _boxes(text)]
    found += [
        (one.start(), one.end() - one[0].endswith("\n"), _ruled(one[1], one[3]))
        for one in _RULED.finditer(text)
        if not _BORDER.match(one[2])
    ]
    pieces, done = [], 0
    for start, end, grid in sorted(found, key=lambda one: one[0]):
        inside = any(first <= start < last for first, last in code)
        if grid is None or inside or start < done:
            continue
        pieces += [text[done:start], marked(write_table(grid))]
        done = end
    return "".join(pieces) + text[done:]


def _boxes(text: str) -> Iterator[tuple[int, int]]:
    """The spans from the first border to the last one in each run of lines that begin with a bar or a plus sign."""
    start = 0
    for is_drawn, run in groupby(text.split("\n"), key=lambda line: line.lstrip(" \t")[:1] in ("|", "+")):
        places = []
        for line in run:
            places += [(start, start + len(line))] if is_drawn and _BORDER.fullmatch(line) else []
            start += len(line) + 1
        if len(places) > 1:
            yield places[0][0], places[-1][1]


def _write_tabbed_tables(text: str, code: Sequence[tuple[int, int]]) -> str:
    """The text with each run of lines that have equally many tabs as a table, if its first line names the columns."""
    pieces, done, start = [], 0, 0
    for tabs, run in groupby(text.splitlines(keepends=True), key=_tabs):
        lines = list(run)
        end = start + sum(map(len, lines))
        if tabs and len(lines) >= _FEWEST_TABBED and not any(first < end and start < last for first, last in code):
            rows = tuple(tuple(cell.strip() for cell in line.split("\t")) for line in lines)
            found = find_table(rows)
            if found.header and (header_score(FirstRows.of(rows), 0) > 0 or any(map(is_usual_label, found.names))):
                break_after = "\n" if lines[-1].endswith("\n") else ""
                pieces += [text[done:start], marked(write_table(Grid(rows))), break_after]
                done = end
        start = end
    return "".join(pieces) + text[done:]


def _tabs(line: str) -> int:
    """The number of tabs in a line; 0 if it is indented, as code is."""
    return 0 if line[:1].isspace() else line.rstrip("\n").count("\t")


def _boxed(drawing: str) -> Grid | None:
    """The grid of a table between borders; None if a border is interrupted, as where cells span rows."""
    lines = [line.strip() for line in drawing.split("\n")]
    borders = [number for number, line in enumerate(lines) if _BORDER.fullmatch(line)]
    if len(borders) != sum(line.startswith("+") for line in lines):
        return None
    edges = sorted({at for number in borders for at, sign in enumerate(lines[number]) if sign == "+"})
    blocks = [lines[above + 1 : below] for above, below in pairwise(borders)]
    ruled = [number for number in borders if "=" in lines[number]]
    header_rows = sum(number < ruled[0] for number in borders[1:]) + 1 if ruled else None
    if ruled and ruled[0] == borders[0]:
        header_rows = None
    if len(borders) == _MYSQL_BORDERS and not ruled and len(blocks[0]) == 1:
        blocks, header_rows = [blocks[0], *([line] for line in blocks[1])], 1
    if any(_is_ragged(block, edges) for block in blocks):
        return None
    cells = [cell for number, block in enumerate(blocks) for cell in _cells(number, block, edges)]
    return grid_of(cells, header_rows)


def _is_ragged(lines: Sequence[str], edges: Sequence[int]) -> bool:
    """Whether the lines of one row have their bars in different places, or elsewhere than the borders."""
    bars = {line.count("|") for line in lines}
    if bars == {len(edges)}:
        return False
    columns = [{line[at : at + 1] == "|" for line in lines} for at in edges]
    return len(bars) > 1 or columns[0] != {True} or columns[-1] != {True} or any(len(found) > 1 for found in columns)


def _cells(row: int, lines: Sequence[str], edges: Sequence[int]) -> list[Cell]:
    """The cells of a row of one or more lines; a cell may span columns."""
    if all(line.count("|") == len(edges) for line in lines):
        # Wide letters may stand out of line with the border.
        parts = zip(*(line.split("|")[1:-1] for line in lines), strict=True)
        return [Cell(row, column, _joined(part)) for column, part in enumerate(parts)]
    inner = [at for at in edges if all(line[at : at + 1] == "|" for line in lines)]
    found = []
    for left, right in pairwise(inner):
        column = edges.index(left)
        text = _joined([line[left + 1 : right] for line in lines])
        found.append(Cell(row, column, text, 1, edges.index(right) - column))
    return found


def _joined(parts: Sequence[str]) -> str:
    return " ".join(filter(None, map(str.strip, parts)))


def _ruled(header: str, body: str) -> Grid | None:
    """The grid of a header with a line of dashes and plus signs below it, and rows with bars between their cells."""
    lines = [header, *(line for line in body.split("\n") if line.strip() and not re.fullmatch(r"[\s|+=-]+", line))]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    width = max(map(len, rows))
    return Grid(tuple(tuple(row + [""] * (width - len(row))) for row in rows), 1)
