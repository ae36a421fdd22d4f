"""Tables drawn by hypothesis, and how each format writes them, with merged cells, titles, two headers and notes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.good_files import docx, paragraph, xlsx, zipped

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
    """A table with `n_header` rows of names; `said` are the pairs of name and value that it states."""

    areas: tuple[Area, ...]
    n_rows: int
    n_columns: int
    n_header: int
    has_title: bool
    has_note: bool
    said: frozenset[tuple[str, str]]

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
    n_columns, n_body = draw(st.integers(2, 5)), draw(st.integers(2, 7))
    header, names = draw(headers(n_columns))
    n_header = 1 + max(area.row for area in header)
    kinds = [
        "word",
        *(draw(st.sampled_from(["number", "amount", "date", "code", "word", "flag"])) for _ in range(n_columns - 1)),
    ]
    body: list[Area] = []
    said: set[tuple[str, str]] = set()
    taken: set[tuple[int, int]] = set()
    for row in range(n_body):
        for column in range(n_columns):
            if (row, column) in taken or (column and row and draw(st.integers(0, 4)) == 0):
                continue
            down = draw(st.integers(1, 2)) if merged and column == 0 and row + 1 < n_body else 1
            value = _value(kinds[column], row * n_columns + column)
            body.append(Area(n_header + row, column, value, down, 1))
            taken |= {(row + step, column) for step in range(down)}
            said.add((names[column], value))
    return DrawnTable(
        (*header, *body), n_header + n_body, n_columns, n_header, draw(st.booleans()), draw(st.booleans()),
        frozenset(said),
    )  # fmt: skip


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
    cells = table.cells(repeated=True)
    names = [" ".join(dict.fromkeys(column)) for column in zip(*cells[: table.n_header], strict=True)]
    lines = [f"| {' | '.join(row)} |" for row in (names, ["---"] * table.n_columns, *cells[table.n_header :])]
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
    owner = {
        (area.row + row, area.column + column): (area, row)
        for area in table.areas
        for row in range(area.rows)
        for column in range(area.columns)
    }
    rows = []
    for row in range(table.n_rows):
        cells, column = "", 0
        while column < table.n_columns:
            area, below = owner.get((row, column), (Area(row, column, ""), 0))
            merge = "" if area.rows == 1 else f'<w:vMerge w:val="{"continue" if below else "restart"}"/>'
            cells += f'<w:tc><w:tcPr><w:gridSpan w:val="{area.columns}"/>{merge}</w:tcPr>'
            cells += f"{paragraph('' if below else area.text)}</w:tc>"
            column += area.columns
        stated = "<w:trPr><w:tblHeader/></w:trPr>" if states_header and row < table.n_header else ""
        rows.append(f"<w:tr>{stated}{cells}</w:tr>")
    body = f"<w:tbl>{''.join(rows)}</w:tbl>"
    return docx("".join(part if part == body else paragraph(part) for part in _around(table, body)))


def as_xlsx(table: DrawnTable) -> bytes:
    above = [[TITLE], [""]] if table.has_title else []
    below = [[""], [NOTE]] if table.has_note else []
    content = xlsx({"Sheet": [*above, *table.cells(repeated=False), *below]})
    merges = "".join(_reference(area, len(above)) for area in table.areas if area.rows * area.columns > 1)
    return with_part(
        content,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>"),
    )


def with_part(content: bytes, part: str, changed) -> bytes:
    """The package with one part changed."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    return zipped({**parts, part: changed(parts.get(part, ""))})


def _reference(area: Area, down: int) -> str:
    first = f"{chr(65 + area.column)}{area.row + down + 1}"
    last = f"{chr(64 + area.column + area.columns)}{area.row + down + area.rows}"
    return f'<mergeCell ref="{first}:{last}"/>'


def _by_row(table: DrawnTable, row: int) -> Sequence[Area | None]:
    """The cells that begin in a row, and None for an empty one."""
    covered = {
        (area.row + down, area.column + right)
        for area in table.areas
        for down in range(area.rows)
        for right in range(area.columns)
    }
    begin = {area.column: area for area in table.areas if area.row == row}
    places = (column for column in range(table.n_columns) if column in begin or (row, column) not in covered)
    return [begin.get(column) for column in places]


def _around(table: DrawnTable, body: str) -> list[str]:
    return [*([TITLE] if table.has_title else []), body, *([NOTE] if table.has_note else [])]
