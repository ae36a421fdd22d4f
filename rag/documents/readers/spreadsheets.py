"""Read spreadsheets: every sheet becomes a heading; its rows stay rows if it is clearly a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from rag.documents.parsed import Parsed, clean
from rag.documents.readers.tables import guess_text_columns, is_number, name_rows, place_rows, split_rows
from rag.errors import DocumentError
from rag.types import Fields, Heading

_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as a spreadsheet program shows it: lines of cells."""

    name: str
    cells: Sequence[Sequence[str]]


def table_rows(sheet: Sheet) -> list[Fields]:
    """The rows of a sheet with one clear header row; none if the sheet has a free layout.

    The header is clear if every column has a unique name that is not a number (except a year), and most lines below
    it are at least half filled.
    """
    lines = [line for line in sheet.cells if any(cell.strip() for cell in line)]
    if len(lines) < 2:
        return []
    width = max(position + 1 for line in lines for position, cell in enumerate(line) if cell.strip())
    header = [cell.strip() for cell in lines[0][:width]]
    named = len(header) == width >= 2 and all(header) and len(set(header)) == width
    filled = [sum(bool(cell.strip()) for cell in line) >= width / 2 for line in lines[1:]]
    named = named and all(_YEAR.fullmatch(cell) or not is_number(cell) for cell in header)
    if not named or sum(filled) < 0.6 * len(filled):
        return []
    return name_rows(header, (line[:width] for line in lines[1:]))


def all_table_rows(sheets: Sequence[Sheet]) -> list[Fields]:
    """The rows of all sheets that are tables, in order."""
    return list(chain.from_iterable(map(table_rows, sheets)))


def join_sheets(name: str, sheets: Sequence[Sheet], text_columns: tuple[str, ...] = ()) -> Parsed:
    """Join all sheets into one text. A sheet that is not a table becomes one row, its cells joined line by line.

    Raises:
        DocumentError: none of the tables has the chosen column.
    """
    tables = [table_rows(sheet) for sheet in sheets]
    columns = list(dict.fromkeys(column for rows in tables for row in rows for column, _ in row))
    missing = [column for column in text_columns if column not in columns]
    if missing and columns:
        raise DocumentError(f"'{name}' has no column '{missing[0]}'. Its columns are: {', '.join(columns)}.")
    split = [list(_split(sheet, rows, text_columns)) for sheet, rows in zip(sheets, tables, strict=True)]
    parsed = place_rows(chain.from_iterable(split))
    headings, row = [], 0
    for sheet, parts in zip(sheets, split, strict=True):
        kept = sum(bool(text) for text, _ in parts)
        if kept:
            headings.append(Heading(parsed.rows[row].start, clean(sheet.name)))
        row += kept
    rows = parsed.rows if any(tables) else ()
    return Parsed(parsed.text, headings=tuple(headings), rows=rows, notes=parsed.notes if any(tables) else ())


def _split(sheet: Sheet, rows: list[Fields], text_columns: tuple[str, ...]) -> Iterator[tuple[str, Fields]]:
    if rows:
        present = {column for row in rows for column, _ in row}
        chosen = tuple(column for column in text_columns if column in present)
        return split_rows(rows, chosen or guess_text_columns(rows))
    lines = (" | ".join(clean(cell).strip() for cell in line if cell.strip()) for line in sheet.cells)
    return iter([("\n".join(line for line in lines if line), ())])
