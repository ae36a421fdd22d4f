"""Read Jupyter notebooks: text, code and what the code printed; pictures are left out and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed, clean, markdown_headings
from rag.documents.readers.html_tables import take_html_tables
from rag.documents.readers.markup.html import close_cells
from rag.documents.readers.markup.markdown import without_comments
from rag.documents.readers.pipe_tables import write_pipe_tables
from rag.documents.tables.text import TablesApart
from rag.errors import DocumentError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_BACKTICKS = re.compile(r"`{3,}")
_PLACED = re.compile("\ufddc[0-9]{1,7}\ufddd")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_IMAGE_IN_TEXT = re.compile(r"!\[([^\]\n]*)\]\((?:attachment|data):[^)\s]*\)")
Object = Mapping[str, object]


@dataclass(slots=True)
class _Reading:
    """What is counted while the cells are read."""

    apart: TablesApart = field(default_factory=TablesApart)
    pictures: int = 0
    others: dict[str, int] = field(default_factory=dict)


def read_notebook(name: str, text: str) -> Parsed:
    """The cells in order: text with its headings, code, and below it what it printed, with tables as rows.

    Raises:
        DocumentError: the text is not a notebook.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]
        raise DocumentError(f"'{name}' is not a notebook: {why}. Save it again from Jupyter.") from error
    cells = _cells(value)
    if cells is None:
        raise DocumentError(f"'{name}' is a notebook without cells. Save it again from Jupyter.")
    reading = _Reading()
    pieces = [piece for cell in cells if isinstance(cell, dict) for piece in _cell(cell, reading)]
    joined = clean("\n\n".join(filter(str.strip, pieces))).strip()
    joined = write_pipe_tables(joined, states_header=True)
    joined = reading.apart.put_back(joined) if reading.apart.tables else joined
    return Parsed(joined, headings=markdown_headings(joined), notes=tuple(_notes(reading)))


def _cells(value: object) -> Sequence[object] | None:
    """The notebook's cells; before 2015 they were in worksheets."""
    if not isinstance(value, dict):
        return None
    cells = value.get("cells")
    sheets = value.get("worksheets")
    if cells is None and isinstance(sheets, list):
        found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for inner in found if isinstance(inner, list) for cell in inner]
    return cells if isinstance(cells, list) else None


def _cell(cell: Object, reading: _Reading) -> Iterator[str]:
    text = _joined(cell.get("source", cell.get("input")))
    kind = cell.get("cell_type")
    if kind == "heading":
        level = cell.get("level")
        yield f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {text}"
    elif kind == "code":
        yield _fenced(text)
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                yield _output(output, reading)
    else:
        reading.pictures += len(_IMAGE_IN_TEXT.findall(text))
        text = _IMAGE_IN_TEXT.sub(r"\1", text)
        yield without_comments(text)[0] if kind == "markdown" else text


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _fenced(text: str, label: str = "") -> str:
    """Text as a block of code, with a fence longer than any in it."""
    if not text.strip():
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * max(longest + 1, 3)
    return f"{label}{fence}\n{text.strip(chr(10))}\n{fence}"


def _output(output: Object, reading: _Reading) -> str:
    """What a cell printed; the richest version that is text."""
    kind = output.get("output_type")
    if kind == "stream":
        return _printed(_joined(output.get("text")))
    if kind in ("error", "pyerr"):
        trace = output.get("traceback")
        lines = "\n".join(map(str, trace)) if isinstance(trace, list) else ""
        said = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        return _printed(lines if said.strip(": ") in _ANSI.sub("", lines) else f"{lines}\n{said}")
    data = output.get("data", output)
    return _shown(data, reading) if isinstance(data, dict) else ""


def _printed(text: str) -> str:
    # A progress bar overwrites its line again and again: what was seen last is kept.
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in _ANSI.sub("", text).split("\n"))
    return _fenced("\n".join(lines), "Output:\n")


def _shown(data: Object, reading: _Reading) -> str:
    html = _joined(data.get("text/html", data.get("html")))
    if _TABLE.search(html):
        before = len(reading.apart.tables)
        placed = _PLACED.findall(take_html_tables(close_cells(html), reading.apart))
        if len(reading.apart.tables) > before and placed:
            return "\n\n".join(["Output:", *placed])
    markdown = _joined(data.get("text/markdown"))
    if markdown:
        return markdown
    plain = _joined(data.get("text/plain", data.get("text", data.get("text/latex", data.get("latex")))))
    pictures = [kind for kind in data if kind.startswith("image/") or kind in ("png", "jpeg", "svg")]
    if pictures:
        reading.pictures += 1
        # The text of a picture is the name of its object: <Figure size 640x480 with 1 Axes>.
        return "" if plain.startswith("<") and plain.endswith(">") else _printed(plain)
    if plain:
        return _printed(plain)
    for kind in data:
        if kind.startswith(("text/", "application/")) and kind != "text/html":
            reading.others[kind] = reading.others.get(kind, 0) + 1
    return _printed(_without_tags(html)) if html else ""


def _without_tags(html: str) -> str:
    from rag.documents.readers.markup.html_words import words_of_html

    return " ".join(words_of_html(html))


def _notes(reading: _Reading) -> Iterator[str]:
    if reading.pictures:
        yield "1 picture was left out." if reading.pictures == 1 else f"{reading.pictures:,} pictures were left out."
    for kind, count in reading.others.items():
        outputs = "1 output was" if count == 1 else f"{count:,} outputs were"
        yield f"{outputs} left out, of the type {clean(kind)}."
