"""Tables with one passage per row: each row's text, and the labels that describe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.documents.parsed import Parsed, clean
from rag.documents.readers.delimited import read_records_of
from rag.documents.readers.text_columns import LOOK, guess_text_columns, is_title
from rag.documents.tables.header import find_table
from rag.documents.tables.kinds import kind_of, usual_kind
from rag.errors import DocumentError
from rag.types import Fields, Heading, Row

_SAMPLES_PER_COLUMN = 3
_SAMPLE_LENGTH = 80
_LOOK_BELOW = 60
"""Rows that are looked at to find whether the first names the columns."""
MAX_ROWS = 500_000
"""The largest number of rows that a table may have."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns to choose from: a few sample values for each of `names`, and the columns guessed as text.

    `n_rows` is the number of rows that were looked at, at most `LOOK`.
    """

    names: tuple[str, ...]
    guessed: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    n_rows: int


@dataclass(frozen=True, slots=True)
class RowTable:
    """The rows of a table, each value with its column's name, and the lines above the header and below the last row.

    `notes` are sentences for the user about how it was read.
    """

    rows: Sequence[Fields]
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_delimited(name: str, text: str, separator: str = "", most: int | None = None) -> RowTable:
    """The rows of a CSV file, each cell named by the header, which may stand below title lines, or be missing.

    Args:
        separator: detected (comma, semicolon, tab or bar) if empty; a first line "sep=;" takes precedence.
        most: read only about so many rows; all if None.

    Raises:
        DocumentError: the text cannot be read as a table, or has too many rows.
    """
    records = read_records_of(name, text, separator, MAX_ROWS + 100 if most is None else most)
    table = table_of_cells(records.cells)
    check_rows(name, len(table.rows))
    return RowTable(table.rows, table.above, table.below, (*records.notes, *table.notes))


def table_of_cells(cells: Sequence[Sequence[str]]) -> RowTable:
    """The rows of a table with its header found; a list of labels and their values ("Customer", "Moor Farm") is a row.

    Without a header, the columns are "column 1", "column 2", and so on, and a note says so.
    """
    cells = [row for row in cells if any(map(str.strip, row))]
    found = find_table(cells)
    if found.kind == "table" and not found.header and not found.title and _names_columns(cells[:_LOOK_BELOW]):
        found = find_table(cells, header_rows=1)
    if found.kind == "pairs" and (pairs := _pairs(cells[found.body.start : found.body.stop])):
        return RowTable([pairs], tuple(map(clean, found.title)), tuple(map(clean, found.notes)))
    rows = name_rows(found.names, (cells[row] for row in found.body))
    last = len(found.names)
    named = "'column 1'" if last == 1 else f"'column 1' to 'column {last}'"
    note = f"No header row was found, so the columns are named {named} and the first row is a row like the others."
    return RowTable(
        rows, tuple(map(clean, found.title)), tuple(map(clean, found.notes)), () if found.header else (note,)
    )


def _names_columns(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns, though with words like those below it, as in the answers to a survey.

    No cell is a value, and one stands above values of another kind, or is a question above answers.
    """
    head = [cell.strip() for cell in cells[0]] if cells else []
    below = [[row[place].strip() for row in cells[1:] if place < len(row)] for place in range(len(head))]
    if len(set(head)) < len(head) or any(kind_of(cell) not in ("text", "code") for cell in head):
        return False
    if any(cell in values for cell, values in zip(head, below, strict=True)):
        return False
    kinds = [usual_kind([kind_of(value) for value in values]) for values in below]
    asks = [cell.endswith("?") and not any(value.endswith("?") for value in values)
            for cell, values in zip(head, below, strict=True)]  # fmt: skip
    return any(asks) or any(kind_of(cell) == "text" and kind in ("number", "flag", "code")
                            for cell, kind in zip(head, kinds, strict=True))  # fmt: skip


def _pairs(lines: Sequence[Sequence[str]]) -> Fields:
    """Labels and their values as one row; empty if a value is missing, or all are numbers, as in a list of prices."""
    pairs = [(clean(line[0]).strip().rstrip(": "), clean("".join(line[1:2])).strip()) for line in lines]
    is_list = usual_kind([kind_of(value) for _, value in pairs]) not in ("", "text")
    return () if is_list or not all(label and value for label, value in pairs) else tuple(pairs)


def check_rows(name: str, count: int) -> None:
    """Refuse a table with more rows than the limit.

    Raises:
        DocumentError: more than MAX_ROWS rows.
    """
    if count > MAX_ROWS:
        raise DocumentError(f"'{name}' has more than {MAX_ROWS:,} rows, the limit. Split the table.")


def name_rows(header: Sequence[str], lines: Iterable[Sequence[str]]) -> list[Fields]:
    """Each line's cells with their column names; missing and repeated names get a number."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = clean(cell).strip() or f"column {position}"
        while name in taken:
            name = f"{name} {position}"
        names.append(name)
        taken.add(name)
    rows = []
    for line in lines:
        names += [f"column {position}" for position in range(len(names) + 1, len(line) + 1)]
        rows.append(tuple((column, clean(cell).strip()) for column, cell in zip(names, line, strict=False)))
    return rows


def describe_columns(rows: Sequence[Fields]) -> TableColumns:
    """The columns of a table's first rows, the first values of each, and the columns guessed to be its text."""
    samples: dict[str, list[str]] = {column: [] for row in rows[:LOOK] for column, _ in row}
    for row in rows[:200]:
        for column, value in row:
            if value and len(samples[column]) < _SAMPLES_PER_COLUMN:
                samples[column].append(value[:_SAMPLE_LENGTH])
    return TableColumns(
        tuple(samples), guess_text_columns(rows), tuple(map(tuple, samples.values())), min(len(rows), LOOK)
    )


def join_rows(name: str, table: RowTable, text_columns: tuple[str, ...] = ()) -> Parsed:
    """Join all rows into one text with the span of each row; see `split_rows` for what is text and what is a field.

    Args:
        text_columns: the columns with the text; guessed if empty.

    Raises:
        DocumentError: a chosen column is not in the table.
    """
    columns = list(dict.fromkeys(column for row in table.rows for column, _ in row))
    missing = [column for column in text_columns if column not in columns]
    if missing and columns:
        raise DocumentError(f"'{name}' has no column '{missing[0]}'. Its columns are: {', '.join(columns)}.")
    chosen = text_columns or guess_text_columns(table.rows)
    offered = {column for row in table.rows[:LOOK] for column, _ in row}
    split = split_rows(table.rows, () if offered <= set(chosen) and len(columns) > 1 else chosen)
    parsed = place_rows(split, above=table.above, below=table.below)
    return Parsed(parsed.text, headings=parsed.headings, rows=parsed.rows, notes=(*table.notes, *parsed.notes))


def split_rows(rows: Iterable[Fields], text_columns: tuple[str, ...]) -> Iterator[tuple[str, Fields]]:
    """Each row's text and its fields, in the order of the table.

    The text is the cells of the text columns, and the fields are the others, with the title of a text. For a row
    without a value in these columns, the text columns are guessed. If there are none, the text is "column: value;
    column: value", and all columns are fields.
    """
    chosen = set(text_columns)
    titles = {column for column in text_columns if is_title(column)}
    for row in rows:
        has_text = any(value for column, value in row if column in chosen)
        used = chosen if has_text or not chosen else set(guess_text_columns([row]))
        text = "\n".join(value for column, value in row if column in used and value)
        if text:
            kept = titles if used - titles else set()
            yield text, tuple(field for field in row if field[0] not in used or field[0] in kept)
        else:
            yield "; ".join(f"{column}: {value}" for column, value in row if value), row


def place_rows(split: Iterable[tuple[str, Fields]], *, above: Sequence[str] = (), below: Sequence[str] = ()) -> Parsed:
    """Join the rows' texts in order; rows without text are skipped and counted in a note.

    Args:
        above: title lines, which come first; the first is the rows' heading.
        below: lines that follow the last row.
    """
    title = "\n".join(above)
    parts, placed, position, empty = [title] if title else [], [], len(title) + 2 if title else 0, 0
    for text, fields in split:
        if not text:
            empty += 1
            continue
        parts.append(text)
        placed.append(Row(position, position + len(text), fields))
        position += len(text) + 2
    note = "1 row without text was left out." if empty == 1 else f"{empty:,} rows without text were left out."
    headings = (Heading(0, above[0]),) if title else ()
    text = "\n\n".join([*parts, *below])
    return Parsed(text, headings=headings, rows=tuple(placed), notes=(note,) if empty else ())
