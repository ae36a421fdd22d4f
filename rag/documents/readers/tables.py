"""Read tables with one passage per row: which columns are the text, and which describe it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rag.documents.parsed import Parsed, clean
from rag.errors import DocumentError
from rag.types import Fields, Row

_TEXT_NAMES = ("text", "passage", "content", "body", "abstract", "description")
_PASSAGE_LENGTH = 60
"""Mean length of a column's cells, in characters, from which it may hold passages."""
# Excel's line that states the delimiter.
_STATED = re.compile(r"sep=([,;|\t])\r?\n")
_FIELD_LIMIT = 10 * 1024 * 1024
_SAMPLES_PER_COLUMN = 3
_SAMPLE_LENGTH = 80
MAX_ROWS = 500_000
"""The largest number of rows that a table may have."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns to choose from: a few sample values for each of `names`, and the columns guessed as text."""

    names: tuple[str, ...]
    guessed: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    n_rows: int


@dataclass(slots=True)
class _ColumnSize:
    cells: int = 0
    characters: int = 0

    @property
    def mean(self) -> float:
        return self.characters / max(self.cells, 1)


def read_delimited(name: str, text: str, delimiter: str = "") -> list[Fields]:
    """The rows of a CSV file, each cell named by the header.

    Args:
        delimiter: detected (comma, semicolon, tab or bar) if empty; a first line "sep=;" takes precedence.

    Raises:
        DocumentError: the text cannot be read as a table, or has too many rows.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    stated = _STATED.match(text)
    if stated:
        text, delimiter = text[stated.end() :], stated[1]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text), skipinitialspace=True)
    try:
        filled = (line for line in reader if any(map(str.strip, line)))
        lines = list(islice(filled, MAX_ROWS + 2))
    except csv.Error as error:
        raise DocumentError(
            f"'{name}' cannot be read as a table: {error}. Save it as CSV with one header row."
        ) from error
    check_rows(name, len(lines) - 1)
    if not lines:
        return []
    if len(lines) == 1 or all(is_number(cell) for cell in lines[0] if cell.strip()):
        return name_rows([], lines)
    return name_rows(lines[0], lines[1:])


def check_rows(name: str, count: int) -> None:
    """Refuse a table with more rows than the limit.

    Raises:
        DocumentError: more than MAX_ROWS rows.
    """
    if count > MAX_ROWS:
        raise DocumentError(f"'{name}' has more than {MAX_ROWS:,} rows, the limit. Split the table.")


def _delimiter(text: str) -> str:
    """The delimiter that splits the first lines into equal numbers of cells, and into the most cells."""
    lines = text[:20_000].splitlines()[:50]

    def fitness(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        usual = max(set(widths), key=widths.count, default=0)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    best = max((",", ";", "\t", "|"), key=fitness)
    return best if fitness(best) > (0.0, 0) else ","


def is_number(cell: str) -> bool:
    """Whether a cell is a number, date, time or amount: digits and no letters."""
    return any(sign.isdigit() for sign in cell) and not any(sign.isalpha() for sign in cell)


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


def read_records(records: Iterable[dict[str, object]]) -> list[Fields]:
    """The rows of a JSON list of objects; a nested value is kept as its JSON text."""
    return [tuple((clean(str(key)), value_text(value)) for key, value in record.items()) for record in records]


def value_text(value: object) -> str:
    """A cell's value as text: empty if missing, JSON if nested."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value).strip()
    return clean(json.dumps(value, ensure_ascii=False, default=str))


def describe_columns(rows: Sequence[Fields]) -> TableColumns:
    """The columns of a table, the first values of each, and the columns guessed to be its text."""
    sizes = _measure(rows)
    samples: dict[str, list[str]] = {column: [] for column in sizes}
    for row in rows[:200]:
        for column, value in row:
            if value and len(samples[column]) < _SAMPLES_PER_COLUMN:
                samples[column].append(value[:_SAMPLE_LENGTH])
    return TableColumns(
        tuple(sizes), _passage_columns(sizes), tuple(tuple(values) for values in samples.values()), len(rows)
    )


def join_rows(name: str, rows: Sequence[Fields], text_columns: tuple[str, ...] = ()) -> Parsed:
    """Join all rows into one text with the span of each row.

    With text columns, chosen or guessed, a row's text is those cells and its fields are the other columns. Without
    text columns, its text is "column: value; column: value" and it has no fields.

    Raises:
        DocumentError: a chosen column is not in the table.
    """
    sizes = _measure(rows)
    missing = [column for column in text_columns if column not in sizes]
    if missing and sizes:
        raise DocumentError(f"'{name}' has no column '{missing[0]}'. Its columns are: {', '.join(sizes)}.")
    return place_rows(split_rows(rows, text_columns or _passage_columns(sizes)))


def split_rows(rows: Iterable[Fields], text_columns: tuple[str, ...]) -> Iterator[tuple[str, Fields]]:
    """Each row's text and its fields, in the order of the table."""
    chosen = set(text_columns)
    for row in rows:
        if not chosen:
            yield "; ".join(f"{column}: {value}" for column, value in row if value), ()
            continue
        text = "\n".join(value for column, value in row if column in chosen and value)
        yield text, tuple((column, value) for column, value in row if column not in chosen)


def place_rows(split: Iterable[tuple[str, Fields]]) -> Parsed:
    """Join the rows' texts in order; rows without text are skipped and counted in a note."""
    parts, placed, position, empty = [], [], 0, 0
    for text, fields in split:
        if not text:
            empty += 1
            continue
        parts.append(text)
        placed.append(Row(position, position + len(text), fields))
        position += len(text) + 2
    note = "1 row without text was left out." if empty == 1 else f"{empty:,} rows without text were left out."
    return Parsed("\n\n".join(parts), rows=tuple(placed), notes=(note,) if empty else ())


def guess_text_columns(rows: Sequence[Fields]) -> tuple[str, ...]:
    """The column with passages, by its name or as the only one with long cells; none if unclear."""
    return _passage_columns(_measure(rows))


def _measure(rows: Iterable[Fields]) -> dict[str, _ColumnSize]:
    sizes: dict[str, _ColumnSize] = {}
    for row in rows:
        for column, value in row:
            size = sizes.setdefault(column, _ColumnSize())
            size.cells += 1
            size.characters += len(value)
    return sizes


def _passage_columns(sizes: dict[str, _ColumnSize]) -> tuple[str, ...]:
    for column, size in sizes.items():
        if column.lower() in _TEXT_NAMES and size.mean >= _PASSAGE_LENGTH:
            return (column,)
    long = tuple(column for column, size in sizes.items() if size.mean >= 2 * _PASSAGE_LENGTH)
    return long if len(long) == 1 else ()
