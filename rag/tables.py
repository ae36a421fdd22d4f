"""Tables with a row a passage: which column is the text, and what the others say about it."""

from __future__ import annotations

import csv
import io

from rag.errors import DocumentError
from rag.types import Fields, Row

_TEXT_NAMES = ("text", "passage", "content", "body", "abstract", "description")
_PASSAGE_LENGTH = 60
_FIELD_LIMIT = 10 * 1024 * 1024


def read_delimited(name: str, text: str) -> list[Fields]:
    """The rows of a CSV file (comma, semicolon, tab or bar), each cell named by the header.

    Raises:
        DocumentError: the text cannot be read as a table.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        lines = [line for line in csv.reader(io.StringIO(text), dialect, strict=False) if any(map(str.strip, line))]
    except csv.Error as error:
        raise DocumentError(
            f"'{name}' cannot be read as a table: {error}. Save it as CSV with one header row."
        ) from error
    if not lines:
        return []
    header = [cell.strip() or f"column {position}" for position, cell in enumerate(lines[0], start=1)]
    if len(lines) == 1:
        return [tuple((f"column {i}", cell.strip()) for i, cell in enumerate(lines[0], start=1))]
    return [_name_cells(header, line) for line in lines[1:]]


def _name_cells(header: list[str], line: list[str]) -> Fields:
    extra = [f"column {position}" for position in range(len(header) + 1, len(line) + 1)]
    return tuple((column, cell.strip()) for column, cell in zip(header + extra, line, strict=False))


def read_records(records: list[dict[str, object]]) -> list[Fields]:
    """The rows of a JSON list of objects; a nested value is kept as its JSON text."""
    import json

    def as_text(value: object) -> str:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return [tuple((str(key), as_text(value)) for key, value in record.items()) for record in records]


def join_rows(rows: list[Fields]) -> tuple[str, tuple[int, ...], tuple[Row, ...]]:
    """One text of all rows, no pages, and where each row stands in that text.

    With a passage column, a row's text is that cell and its fields are the other columns; without one,
    its text is "column: value; column: value" and it has no fields.
    """
    column = _passage_column(rows)
    parts, placed, position = [], [], 0
    for row in rows:
        text, fields = _split_row(row, column)
        if not text:
            continue
        parts.append(text)
        placed.append(Row(position, position + len(text), fields))
        position += len(text) + 2
    return "\n\n".join(parts), (), tuple(placed)


def _split_row(row: Fields, column: str | None) -> tuple[str, Fields]:
    if column is None:
        return "; ".join(f"{name}: {value}" for name, value in row if value), ()
    text = " ".join(value for name, value in row if name == column)
    return text.strip(), tuple((name, value) for name, value in row if name != column)


def _passage_column(rows: list[Fields]) -> str | None:
    """The one column that holds passages: named like one, or alone in having long cells."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row))
    for name in names:
        if name.lower() in _TEXT_NAMES and _mean_length(rows, name) >= _PASSAGE_LENGTH:
            return name
    long = [name for name in names if _mean_length(rows, name) >= 2 * _PASSAGE_LENGTH]
    return long[0] if len(long) == 1 else None


def _mean_length(rows: list[Fields], column: str) -> float:
    lengths = [len(value) for row in rows for name, value in row if name == column]
    return sum(lengths) / max(len(lengths), 1)
