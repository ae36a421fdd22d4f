"""Tables drawn by hypothesis, and how each format writes them: merged cells, titles, two headers, groups, units, notes.

Workbooks and Word documents are written by openpyxl and python-docx, which know nothing of the readers here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import openpyxl
from docx import Document as word_document
from docx.oxml import OxmlElement
from hypothesis import strategies as st

from tests.support.good_files import open_document, pptx, zipped

NAMES = (
    ("Boat", "Owner", "Seats", "Built", "Harbour"),
    ("boat_id", "owner name", "seats (max.)", "built in", "remark"),
    ("Plant", "2021", "2022", "2023", "2024"),
    ("Name", "Monday", "Q1", "Total €", "%"),
)
GROUPS = ("Spring", "Autumn")
TITLE = "Boats of the harbour"
NOTE = "Source: the harbour office, counted by hand in May."


@dataclass(frozen=True)
class Area:
    """A cell: its place in the table with its header, and how many rows and columns it covers."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class DrawnTable:
    """A table with `n_header` rows of names; `said` are the pairs of name and value that it states.

    `names` are the whole names of the columns, and `groups` the names of groups of rows, merged over all columns.
    """

    areas: tuple[Area, ...]
    n_rows: int
    n_columns: int
    n_header: int
    has_title: bool
    has_note: bool
    said: frozenset[tuple[str, str]]
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def cells(self, *, repeated: bool) -> list[list[str]]:
        """The cells; a merged one in each of its places, or in the first alone."""
        grid = [[""] * self.n_columns for _ in range(self.n_rows)]
        for area in self.areas:
            for row in range(area.rows if repeated else 1):
                for column in range(area.columns if repeated else 1):
                    grid[area.row + row][area.column + column] = area.text
        return grid


@st.composite
def drawn_tables(draw, *, merged: bool = True) -> DrawnTable:
    """A table with merged cells and groups of rows, if `merged`, with a header that may repeat, and a row of units."""
    n_columns, n_body = draw(st.integers(2, 5)), draw(st.integers(2, 7))
    header, names = draw(headers(n_columns))
    n_header = 1 + max(area.row for area in header)
    kinds = [
        "word",
        *(draw(st.sampled_from(["number", "amount", "date", "code", "word", "flag"])) for _ in range(n_columns - 1)),
    ]
    if n_header == 1 and kinds.count("number") > 1 and draw(st.booleans()):
        units = [(draw(st.sampled_from(["kg", "(m)", "%"])) if kind == "number" else "") for kind in kinds]
        header, names, n_header = (*header, *_in_row(1, units)), list(map(_with_unit, names, units)), 2
    is_repeated = n_header == 1 and draw(st.integers(0, 3)) == 0
    body: list[Area] = []
    said: set[tuple[str, str]] = set()
    groups: list[str] = []
    taken: set[tuple[int, int]] = set()
    row = n_header
    for number in range(n_body):
        is_free = not any((row, column) in taken for column in range(n_columns))
        if merged and n_columns > 2 and number and is_free and draw(st.integers(0, 4)) == 0:
            groups.append(f"group of {('elm', 'oak', 'ash', 'yew', 'fir', 'box', 'bay')[number]}")
            body.append(Area(row, 0, groups[-1], 1, n_columns))
            row += 1
        elif is_repeated and number == n_body // 2 and is_free:
            body += [Area(row, area.column, area.text) for area in header if area.row == 0]
            row += 1
        for column in range(n_columns):
            if (row, column) in taken or (column and number and draw(st.integers(0, 4)) == 0):
                continue
            down = draw(st.integers(1, 2)) if merged and column == 0 and number + 1 < n_body else 1
            value = _value(kinds[column], number * n_columns + column)
            body.append(Area(row, column, value, down, 1))
            taken |= {(row + step, column) for step in range(down)}
            said.add((names[column], value))
        row += 1
    return DrawnTable(
        (*header, *body), row, n_columns, n_header, draw(st.booleans()), draw(st.booleans()),
        frozenset(said), tuple(names), tuple(groups),
    )  # fmt: skip


def _in_row(row: int, texts: Sequence[str]) -> list[Area]:
    return [Area(row, column, text) for column, text in enumerate(texts) if text]


def _with_unit(name: str, unit: str) -> str:
    return f"{name} {unit if unit[:1] == '(' else f'({unit})'}" if unit else name


@st.composite
def headers(draw, n_columns: int) -> tuple[tuple[Area, ...], list[str]]:
    """One header row, or two with a name over several columns; and the whole name of each column."""
    # Two columns with a year above the second are labels with their values ("Founded", "1987").
    names = list(draw(st.sampled_from([names for names in NAMES if n_columns > 2 or names[1] != "2021"]))[:n_columns])
    if n_columns < 3 or draw(st.booleans()):
        return tuple(Area(0, column, name) for column, name in enumerate(names)), names
    width = draw(st.integers(2, n_columns - 1))
    areas = [Area(0, 0, names[0], 2), Area(0, 1, GROUPS[0], 1, width)]
    whole = [names[0], *(f"{GROUPS[0]} {name}" for name in names[1 : width + 1]), *names[width + 1 :]]
    areas += [Area(1, column, names[column]) for column in range(1, width + 1)]
    areas += [Area(0, column, names[column], 2) for column in range(width + 1, n_columns)]
    return tuple(areas), whole


def _value(kind: str, number: int) -> str:
    words = ("owl", "moor", "reed", "dune", "fern", "gull", "kelp")
    match kind:
        case "number":
            return str(1000 + 37 * number)
        case "amount":
            return f"{3.5 + number:.2f} €"
        case "date":
            return f"{2000 + number}-0{1 + number % 9}-17"
        case "flag":
            return ("yes", "no")[number % 2]
        case "code":
            return f"K-{100 + number}"
    return f"{words[number % 7]} {words[(number // 7) % 7]}{number}"


def as_csv(table: DrawnTable) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    if table.has_title:
        writer.writerows([[TITLE], []])
    writer.writerows(table.cells(repeated=True))
    if table.has_note:
        writer.writerows([[], [NOTE]])
    return out.getvalue().encode()


def as_markdown(table: DrawnTable) -> bytes:
    """Markdown has no merged cells and one header row, with the whole names."""
    rows = table.cells(repeated=True)[table.n_header :]
    lines = [f"| {' | '.join(row)} |" for row in (table.names, ["---"] * table.n_columns, *rows)]
    return "\n\n".join(_around(table, "\n".join(lines))).encode()


def as_html(table: DrawnTable, *, states_header: bool) -> bytes:
    tag = "th" if states_header else "td"
    rows = []
    for row in range(table.n_rows):
        cells = "".join(_html_cell(one, tag if row < table.n_header else "td") for one in _by_row(table, row))
        rows.append(f"<tr>{cells}</tr>")
    body = f"<table>{''.join(rows)}</table>"
    return "".join(f"<p>{part}</p>" if part != body else part for part in _around(table, body)).encode()


def _html_cell(area: Area | None, tag: str) -> str:
    if area is None:
        return f"<{tag}></{tag}>"
    return f'<{tag} rowspan="{area.rows}" colspan="{area.columns}">{area.text}</{tag}>'


def as_docx(table: DrawnTable, *, states_header: bool) -> bytes:
    """Written by python-docx."""
    document = word_document()
    if table.has_title:
        document.add_paragraph(TITLE)
    drawn = document.add_table(table.n_rows, table.n_columns)
    for area in table.areas:
        cell = drawn.cell(area.row, area.column)
        if area.rows * area.columns > 1:
            cell = cell.merge(drawn.cell(area.row + area.rows - 1, area.column + area.columns - 1))
        cell.text = area.text
    for row in drawn.rows[: table.n_header] if states_header else []:
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    if table.has_note:
        document.add_paragraph(NOTE)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_xlsx(table: DrawnTable) -> bytes:
    """Written by openpyxl: whole numbers as numbers, and all other cells as texts."""
    book = openpyxl.Workbook()
    sheet = book.active
    down = 2 if table.has_title else 0
    if table.has_title:
        sheet.cell(1, 1, TITLE)
    for area in table.areas:
        first = sheet.cell(area.row + down + 1, area.column + 1)
        first.value = int(area.text) if area.text.isdigit() else area.text
        if area.rows * area.columns > 1:
            last = (first.row + area.rows - 1, first.column + area.columns - 1)
            sheet.merge_cells(None, first.row, first.column, *last)
    if table.has_note:
        sheet.cell(down + table.n_rows + 2, 1, NOTE)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_ods(table: DrawnTable) -> bytes:
    """The rows with covered cells, as LibreOffice writes them."""
    above = [[TITLE], []] if table.has_title else []
    below = [[], [NOTE]] if table.has_note else []
    rows = [_ods_row(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in above]
    rows += [_ods_row(map(_ods_cell, _places(table, row))) for row in range(table.n_rows)]
    rows += [_ods_row(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in below]
    return open_document("spreadsheet", f'<table:table table:name="Boats">{"".join(rows)}</table:table>')


def _ods_row(cells) -> str:
    return f"<table:table-row>{''.join(cells) or '<table:table-cell/>'}</table:table-row>"


def _ods_cell(place: Area | bool | None) -> str:
    if not isinstance(place, Area):
        return "<table:covered-table-cell/>" if place else "<table:table-cell/>"
    spans = f'table:number-rows-spanned="{place.rows}" table:number-columns-spanned="{place.columns}"'
    return f"<table:table-cell {spans}><text:p>{place.text}</text:p></table:table-cell>"


def as_pptx(table: DrawnTable) -> bytes:
    """A slide with the table; the title is the slide's, and the note its text."""
    rows = "".join(
        f"<a:tr>{''.join(_slide_cell(table, row, column) for column in range(table.n_columns))}</a:tr>"
        for row in range(table.n_rows)
    )
    title, note = TITLE if table.has_title else "Boats", NOTE if table.has_note else ""
    return with_part(
        pptx([(title, note)]),
        "ppt/slides/slide1.xml",
        lambda xml: xml.replace("</p:spTree>", f"<a:tbl>{rows}</a:tbl></p:spTree>"),
    )


def _slide_cell(table: DrawnTable, row: int, column: int) -> str:
    place = _places(table, row)[column]
    if isinstance(place, Area):
        spans = f'rowSpan="{place.rows}" gridSpan="{place.columns}"'
        return f"<a:tc {spans}><a:txBody><a:p><a:r><a:t>{place.text}</a:t></a:r></a:p></a:txBody></a:tc>"
    merged = ' hMerge="1" vMerge="1"' if place else ""
    return f"<a:tc{merged}><a:txBody><a:p/></a:txBody></a:tc>"


def with_part(content: bytes, part: str, changed) -> bytes:
    """The package with one part changed."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    return zipped({**parts, part: changed(parts.get(part, ""))})


def _places(table: DrawnTable, row: int) -> list[Area | bool | None]:
    """For each column, the cell that begins there, True where another one covers it, or None for an empty one."""
    found: list[Area | bool | None] = [None] * table.n_columns
    for area in table.areas:
        if area.row <= row < area.row + area.rows:
            for column in range(area.column, area.column + area.columns):
                found[column] = area if (row, column) == (area.row, area.column) else True
    return found


def _by_row(table: DrawnTable, row: int) -> Sequence[Area | None]:
    """The cells that begin in a row, and None for an empty one."""
    return [place for place in _places(table, row) if not isinstance(place, bool)]


def _around(table: DrawnTable, body: str) -> list[str]:
    return [*([TITLE] if table.has_title else []), body, *([NOTE] if table.has_note else [])]
