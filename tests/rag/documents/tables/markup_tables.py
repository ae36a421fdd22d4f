"""How reStructuredText, Org, AsciiDoc and LaTeX write the tables that hypothesis draws."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tests.rag.documents.tables.drawn_tables import NOTE, TITLE, Area, DrawnTable


def _rows(table: DrawnTable) -> list[list[str]]:
    """One header row with the whole names, and the rows."""
    return [list(table.names), *table.cells(repeated=True)[table.n_header :]]


def _text(table: DrawnTable, lines: Sequence[str]) -> bytes:
    parts = [*([TITLE] if table.has_title else []), "\n".join(lines), *([NOTE] if table.has_note else [])]
    return ("\n\n".join(parts) + "\n").encode()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(row[column]) for row in rows) + 1 for column in range(len(rows[0]))]


def as_rst_grid(table: DrawnTable) -> bytes:
    rows = _rows(table)
    widths = _widths(rows)
    lines = []
    for number, row in enumerate(rows):
        lines.append("+" + "".join(("=" if number == 1 else "-") * width + "+" for width in widths))
        lines.append("|" + "|".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + "|")
    return _text(table, [*lines, lines[0]])


def as_rst_simple(table: DrawnTable) -> bytes:
    """A row with a blank first cell would continue the one above, so it is written with a backslash there."""
    rows = [[row[0] or "\\", *row[1:]] for row in _rows(table)]
    widths = _widths(rows)
    border = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return _text(table, [border, lines[0], border, *lines[1:], border])


def as_rst_csv(table: DrawnTable) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_rows(table))
    header, *lines = out.getvalue().splitlines()
    given = [".. csv-table:: ", f"   :header: {header}", "   :widths: auto", "", *(f"   {line}" for line in lines)]
    return _text(table, given)


def as_rst_list(table: DrawnTable) -> bytes:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in _rows(table):
        lines += [f"   {'* ' if not column else '  '}- {cell}".rstrip() for column, cell in enumerate(row)]
    return _text(table, lines)


def as_org(table: DrawnTable) -> bytes:
    lines = [f"| {' | '.join(row)} |" for row in _rows(table)]
    return _text(table, [lines[0], f"|{'+'.join(['---'] * table.n_columns)}|", *lines[1:]])


def as_asciidoc(table: DrawnTable) -> bytes:
    """Cells with how many columns and rows they cover; columns are stated, for a first row may have fewer cells."""
    lines = [f'[cols="{table.n_columns}*"]', "|==="]
    for row in range(table.n_rows):
        lines.append(" ".join(_asciidoc_cell(one) for one in _begun_in(table, row)))
    return _text(table, [*lines, "|==="])


def _asciidoc_cell(area: Area | None) -> str:
    if area is None:
        return "|"
    spans = f"{area.columns}.{area.rows}+" if area.columns * area.rows > 1 else ""
    return f"{spans}|{area.text}"


def as_tex(table: DrawnTable) -> bytes:
    """With rules above and below the header; a place below a cell that covers several rows is empty."""
    lines = [rf"\begin{{tabular}}{{{'l' * table.n_columns}}}", r"\toprule"]
    for row in range(table.n_rows):
        cells = [_tex_cell(one) for one in _begun_in(table, row, with_covered_below=True)]
        lines += [rf"{' & '.join(cells)} \\", *([r"\midrule"] if row + 1 == table.n_header else [])]
    return _text(table, [*lines, r"\bottomrule", r"\end{tabular}"])


def _tex_cell(area: Area | None) -> str:
    if area is None:
        return ""
    text = area.text.replace("%", r"\%").replace("_", r"\_")
    text = rf"\multirow{{{area.rows}}}{{*}}{{{text}}}" if area.rows > 1 else text
    return rf"\multicolumn{{{area.columns}}}{{c}}{{{text}}}" if area.columns > 1 else text


def _begun_in(table: DrawnTable, row: int, *, with_covered_below: bool = False) -> list[Area | None]:
    """The cells that begin in a row, None for an empty one, and maybe for one that a cell of a row above covers."""
    begun = {area.column: area for area in table.areas if area.row == row}
    above = {
        column
        for area in table.areas
        if area.row < row < area.row + area.rows
        for column in range(area.column, area.column + area.columns)
    }
    across = {column for area in begun.values() for column in range(area.column + 1, area.column + area.columns)}
    return [
        begun.get(column)
        for column in range(table.n_columns)
        if column not in across and (with_covered_below or column not in above)
    ]
