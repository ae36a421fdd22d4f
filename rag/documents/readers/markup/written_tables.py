"""Find the tables of reStructuredText, Org and AsciiDoc, and write their rows, see `rag.documents.tables.text`.

Grid tables and those with bars are found by the readers of drawn tables and of Markdown's. Here are simple tables
between lines of equals signs, the directives csv-table and list-table, and AsciiDoc's tables between `|===`.
"""

from __future__ import annotations

import csv
import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from rag.documents.readers.drawn_tables import write_drawn_tables
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import marked, write_table

Spans = Sequence[tuple[int, int]]
_MOST_PLACES = 500_000
"""Places of a table in AsciiDoc; one with more stays as it is written."""
_SIMPLE_BORDER = re.compile(r"=+(?:[ \t]+=+)+[ \t]*")
_SPAN_BORDER = re.compile(r"-+(?:[ \t]+-+)*[ \t]*")
_DIRECTIVE = re.compile(
    r"^([ \t]*)\.\.[ \t]+(csv-table|list-table)::[ \t]*(.*)\n((?:[ \t]*\n|\1[ \t]+\S.*(?:\n|\Z))*)", re.MULTILINE
)
_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_ITEM = re.compile(r"([*+-])(?:[ ]+|$)")
_ADOC_TABLE = re.compile(
    r"(?:^\[([^\]\n]*)\][ \t]*\n)?(?:^\.(\S.*)\n)?(?:^\[([^\]\n]*)\][ \t]*\n)?^\|={3,}[ \t]*\n(.*?)^\|={3,}[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
# A bar; before it, after a space, may stand how many columns and rows the cell covers, and how it is aligned.
_ADOC_CELL = re.compile(r"(?:(?<!\S)(?:(\d+)?(?:\.(\d+))?([+*]))?[<^>.]*[adehlmsv]?)?(?<!\\)\|")
_ADOC_COLUMNS = re.compile(r'cols[ \t]*=[ \t]*(?:"([^"]*)"|(\S[^,\]]*))')


def write_rst_tables(text: str) -> str:
    """The text with simple, grid, csv and list tables as lines whose rows are marked."""
    text = _DIRECTIVE.sub(_directive, text)
    lines, pieces, done = text.split("\n"), [], 0
    for start, end in _simple_tables(lines):
        pieces += [*lines[done:start], marked(write_table(_simple_grid(lines[start : end + 1])))]
        done = end + 1
    return write_drawn_tables("\n".join([*pieces, *lines[done:]]))


def write_org_tables(text: str, code: Spans) -> str:
    """The text with each table, a run of lines with bars, as lines whose rows are marked.

    Args:
        code: spans of the text that stay as they are.
    """
    pieces, done, start = [], 0, 0
    for is_table, run in groupby(text.splitlines(keepends=True), key=lambda line: line.lstrip(" \t").startswith("|")):
        lines = list(run)
        end = start + sum(map(len, lines))
        if is_table and len(lines) > 1 and not any(first <= start < last for first, last in code):
            pieces += [text[done:start], marked(write_table(_org_grid(lines))), "\n" if end < len(text) else ""]
            done = end
        start = end
    return "".join(pieces) + text[done:]


def write_asciidoc_tables(text: str, code: Spans) -> str:
    """The text with each table between `|===` as lines whose rows are marked.

    Args:
        code: spans of the text that stay as they are.
    """

    def written(found: re.Match[str]) -> str:
        if any(first <= found.start() < last for first, last in code):
            return found[0]
        attributes = f"{found[1] or ''},{found[3] or ''}"
        grid = _asciidoc_grid(found[4], attributes)
        title = f"{found[2]}\n\n" if found[2] else ""
        return f"{title}{marked(write_table(grid))}" if grid else found[0]

    return _ADOC_TABLE.sub(written, text)


def _simple_tables(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first and last line of each simple table: two or three equal borders without a blank line after the last."""
    borders = [number for number, line in enumerate(lines) if _SIMPLE_BORDER.fullmatch(line.strip())]
    done = -1
    for place, first in enumerate(borders):
        if first <= done:
            continue
        same = [one for one in borders[place + 1 : place + 3] if lines[one].rstrip() == lines[first].rstrip()]
        # The last border is followed by a blank line or by the end; with a header, there is one before it.
        last = next((one for one in same if one + 1 >= len(lines) or not lines[one + 1].strip()), None)
        if last is not None and last > first + 1:
            done = last
            yield first, last


def _simple_grid(lines: Sequence[str]) -> Grid:
    """The grid of a simple table with its borders. A row whose first cell is blank continues the one above."""
    starts = [found.start() for found in re.finditer("=+", lines[0])]
    edges = [*starts, max(map(len, lines)) + 1]
    rows: list[list[str]] = []
    header_rows = None
    for line in lines[1:-1]:
        if _SIMPLE_BORDER.fullmatch(line.strip()):
            header_rows = len(rows)
        elif line.strip() and not _SPAN_BORDER.fullmatch(line.strip()):
            parts = [line[left:right].strip().removeprefix("\\").strip() for left, right in pairwise(edges)]
            if rows and not line[edges[0] : edges[1]].strip() and len(rows) != header_rows:
                rows[-1] = [f"{above} {part}".strip() for above, part in zip(rows[-1], parts, strict=True)]
            else:
                rows.append(parts)
    return Grid(tuple(map(tuple, rows)), header_rows)


def _directive(found: re.Match[str]) -> str:
    """A csv-table or list-table as its title and rows; as it is, if it has no rows of its own."""
    options: dict[str, str] = {}
    lines = textwrap.dedent(found[4]).split("\n")
    while lines and (option := _OPTION.fullmatch(lines[0].strip())):
        options[option[1]] = option[2]
        lines.pop(0)
    rows = _csv_rows(lines, options) if found[2] == "csv-table" else _list_rows(lines)
    stated = options.get("header-rows", "")
    header_rows = (int(stated) if stated.isdecimal() else 0) + ("header" in options)
    if len(rows) < 2:
        return found[0]
    width = max(map(len, rows))
    grid = Grid(tuple((*row, *[""] * (width - len(row))) for row in rows), header_rows or None)
    return "\n\n".join(filter(None, (found[3].strip(), marked(write_table(grid))))) + "\n\n"


def _csv_rows(lines: Sequence[str], options: dict[str, str]) -> list[tuple[str, ...]]:
    separator = {"tab": "\t", "space": " "}.get(options.get("delim", ","), options.get("delim", ","))
    header = [options["header"]] if "header" in options else []
    written = [*header, *(line for line in lines if line.strip())]
    try:
        reader = csv.reader(written, delimiter=separator, skipinitialspace=True)
        return [tuple(cell.strip() for cell in row) for row in reader]
    except (csv.Error, TypeError, ValueError):
        return []


def _list_rows(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a list whose items are lists of cells; lines of a cell are joined."""
    rows: list[list[str]] = []
    for line in lines:
        said, depth = line.strip(), len(line) - len(line.lstrip())
        outer = _ITEM.match(said) if depth == 0 else None
        if outer:
            rows.append([])
            said, depth = said[outer.end() :], outer.end()
        inner = _ITEM.match(said) if rows and (depth == 2 or not rows[-1]) else None
        if inner:
            rows[-1].append(said[inner.end() :].strip())
        elif said and rows and rows[-1]:
            rows[-1][-1] = f"{rows[-1][-1]} {said}".strip()
    return [tuple(row) for row in rows]


def _org_grid(lines: Sequence[str]) -> Grid:
    """The grid of a table with bars; the rows above the first line of dashes are its header."""
    rows: list[tuple[str, ...]] = []
    header_rows = None
    for line in lines:
        inner = line.strip().removeprefix("|")
        if re.match(r"-+[-+]*\|?$", inner):
            header_rows = len(rows) if rows and header_rows is None else header_rows
        elif set(inner) - set("| \t"):
            rows.append(tuple(cell.strip() for cell in inner.removesuffix("|").split("|")))
    width = max(map(len, rows), default=0)
    filled = tuple((*row, *[""] * (width - len(row))) for row in rows)
    return Grid(filled, header_rows if header_rows != len(rows) else None)


def _asciidoc_grid(body: str, attributes: str) -> Grid | None:
    """The grid of an AsciiDoc table; None if it has no cells."""
    found = list(_ADOC_CELL.finditer(body))
    if not found:
        return None
    ends = [*(one.start() for one in found[1:]), len(body)]
    texts = [" ".join(body[one.end() : end].replace("\\|", "|").split()) for one, end in zip(found, ends, strict=True)]
    first_line = next(line for line in body.split("\n") if line.strip())
    width = _n_columns(attributes) or len(_ADOC_CELL.findall(first_line)) or 1
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    place = 0
    for one, text in zip(found, texts, strict=True):
        number, down, sign = int((one[1] or "1")[:9]), min(int((one[2] or "1")[:9]), len(found)), one[3]
        for _ in range(min(number, width) if sign == "*" else 1):
            while divmod(place, width) in taken:
                place += 1
            row, column = divmod(place, width)
            across = max(1, min(number, width - column)) if sign == "+" else 1
            cells.append(Cell(row, column, text, max(1, down), across))
            taken.update((row + i, column + j) for i in range(max(1, down)) for j in range(across))
            if len(taken) > _MOST_PLACES:
                return None
    return grid_of(cells, 1 if _states_header(body, attributes) else None)


def _n_columns(attributes: str) -> int:
    """The number of columns that `cols` states; 0 if it states none."""
    stated = _ADOC_COLUMNS.search(attributes)
    if not stated:
        return 0
    parts = re.split("[,;]", (stated[1] if stated[1] is not None else stated[2]).strip())
    counts = (re.match(r"[ \t]*(\d{1,3})\*", part) for part in parts)
    return min(sum(int(count[1]) if count else 1 for count in counts), 1_000)


def _states_header(body: str, attributes: str) -> bool:
    """Whether the attributes name a header, or the first line stands alone above a blank one."""
    lines = body.split("\n")
    alone = len(lines) > 2 and bool(lines[0].strip()) and not lines[1].strip()
    return "header" in attributes or (alone and "noheader" not in attributes)
