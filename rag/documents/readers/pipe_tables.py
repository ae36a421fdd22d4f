"""Find the tables of Markdown, and write their rows so that each value stands next to its column's name.

The syntax: GitHub Flavored Markdown, "Tables".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from rag.documents.readers.drawn_tables import write_drawn_tables
from rag.documents.readers.html_tables import write_html_tables
from rag.documents.tables.grid import Grid
from rag.documents.tables.text import marked, write_table

_FENCED = re.compile(r"^[ \t]*(```+|~~~+).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
_DIVIDER = re.compile(r"[ ]{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_QUOTED = re.compile(r"^[ ]{0,3}(?:>[ ]?)+")
_BREAK = re.compile(r"[ \t]*<br[ \t]*/?>[ \t]*", re.IGNORECASE)
_CELL = re.compile(r"(?:\\.|`+[^`\n]*`+|[^|\\\n]|\\$)*")


def write_pipe_tables(text: str, *, states_header: bool) -> str:
    """The text with each table as lines whose rows are marked, see `rag.documents.tables.text`.

    Markdown may also hold tables in HTML, and plain text such as are drawn with characters.

    Args:
        states_header: whether the line above the dashes is always the header, as in a file that a person wrote.
            Converters put the first row there, whatever it is.
    """
    if "<table" in text.lower():
        text = write_html_tables(text, _code(text))
    text = write_drawn_tables(text, _code(text))
    if "|" not in text or "-" not in text:
        return text
    pieces, done = [], 0
    for start, end, lines in _tables(text):
        header, body = _cells(lines[0]), [_cells(line) for line in lines[2:]]
        width = max(len(header), *(len(row) for row in body)) if body else len(header)
        rows = tuple(tuple(row + [""] * (width - len(row))) for row in (header, *body))
        stated = 1 if states_header and any(header) and body else None
        written = write_table(Grid(rows if any(header) else rows[1:], stated))
        pieces += [text[done:start], marked(written)]
        done = end
    return "".join(pieces) + text[done:]


def _tables(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Start, end and lines of each table outside code."""
    code = _code(text)
    starts = [start for start, _ in code]
    position, lines, places = 0, text.split("\n"), []
    for line in lines:
        places.append(position)
        position += len(line) + 1
    number = 1
    while number < len(lines):
        if "-" not in lines[number] or not _is_divider(lines[number - 1], lines[number]):
            number += 1
            continue
        inside = bisect_right(starts, places[number - 1]) - 1
        if inside >= 0 and code[inside][1] > places[number - 1]:
            number += 1
            continue
        last = number + 1
        while last < len(lines) and "|" in lines[last]:
            last += 1
        yield places[number - 1], places[last - 1] + len(lines[last - 1]), lines[number - 1 : last]
        number = last + 1


def _code(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _FENCED.finditer(text)] if "```" in text or "~~~" in text else []


def _is_divider(header: str, line: str) -> bool:
    """Whether a line of dashes belongs to the header above it: they have equally many cells."""
    quoted = [_QUOTED.match(one) for one in (header, line)]
    if "|" not in header or (quoted[0] is None) != (quoted[1] is None):
        return False
    line = _QUOTED.sub("", line)
    if not _DIVIDER.fullmatch(line):
        return False
    return len(_cells(header)) == len(_cells(line)) and ("|" in line or len(_cells(header)) == 1)


def _cells(line: str) -> list[str]:
    inner = _QUOTED.sub("", line).strip()
    inner = inner[1:] if inner.startswith("|") else inner
    cells, position = [], 0
    while position <= len(inner):
        match = _CELL.match(inner, position)
        end = match.end() if match else position
        cells.append(_BREAK.sub(" ", inner[position:end].strip().replace("\\|", "|")))
        position = end + 1
    return cells[:-1] if len(cells) > 1 and not cells[-1] and inner.endswith("|") else cells
