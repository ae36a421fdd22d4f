"""Read JSON, JSON Lines, notebooks and Parquet: rows if the file is a table, else indented text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice

from rag.documents.parsed import clean, name_some
from rag.documents.readers.json_records import find_records, read_records, value_text
from rag.documents.readers.tables import MAX_ROWS, RowTable, check_rows
from rag.errors import DocumentError
from rag.types import Fields

_BATCH = 1000


def read_json(name: str, text: str) -> RowTable | str:
    """The rows of a JSON table (see `find_records`), or of one object a line; else indented text.

    Raises:
        DocumentError: the text is not JSON, or has too many rows.
    """
    try:
        value: object = json.loads(text)
        table = find_records(value)
        if table:
            check_rows(name, len(table.rows))
            return table
        if value is None or value in ([], {}):
            return ""
        return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1))
    except (ValueError, RecursionError) as error:
        if str(error).startswith("Extra data"):
            return read_json_lines(name, text)
        raise DocumentError(
            f"'{name}' is not valid JSON: {_why(error)}. Correct the file or save it as text."
        ) from error


def _why(error: Exception) -> str:
    """What is wrong with the JSON, without the parser's advice to programmers."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]


def read_json_lines(name: str, text: str, most: int | None = None) -> RowTable:
    """One row per line, and a note that names the lines that are not JSON.

    Args:
        most: read only so many lines; all if None.

    Raises:
        DocumentError: more than half of the lines are not JSON, or there are too many lines.
    """
    records, broken = [], []
    filled = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    lines = list(islice(filled, most))
    check_rows(name, len(lines))
    for number, line in lines:
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError):
            broken.append(str(number))
            continue
        records.append(value)
    if len(broken) > len(lines) / 2:
        raise DocumentError(
            f"'{name}' is not JSON Lines (one object per line): line {broken[0]} is not JSON. Save it again."
        )
    note = f"Lines that are not JSON were left out: line {name_some(broken)}." if broken else ""
    return RowTable(read_records(records), notes=(note,) if note else ())


def read_notebook(name: str, text: str) -> str:
    """The text and code of a Jupyter notebook's cells, in order, without their output.

    Raises:
        DocumentError: the text is not a notebook.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"'{name}' is not a notebook: {_why(error)}. Save it again from Jupyter.") from error
    cells = value.get("cells") if isinstance(value, dict) else None
    if not isinstance(cells, list):
        raise DocumentError(
            f"'{name}' is a notebook without cells, or in a format older than 2015. Save it again from Jupyter."
        )
    return clean("\n\n".join(filter(None, map(_cell_text, cells)))).strip()


def _cell_text(cell: object) -> str:
    source = cell.get("source") if isinstance(cell, dict) else None
    text = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    is_code = isinstance(cell, dict) and cell.get("cell_type") == "code"
    return f"```\n{text}\n```" if is_code and text.strip() else text


def read_parquet(name: str, content: bytes, max_characters: int, most: int | None = None) -> RowTable:
    """The rows of a Parquet file, batch by batch, without columns of binary data.

    Args:
        most: read only about so many rows; all if None.

    Raises:
        DocumentError: the file is damaged, or exceeds the limits on rows or characters.
    """
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        check_rows(name, file.metadata.num_rows)
        kept = [field.name for field in file.schema_arrow if not _is_binary(field)]
        rows: list[Fields] = []
        left = max_characters
        for batch in file.iter_batches(_BATCH, columns=kept, use_threads=False):
            for row in _named_rows(kept, batch.to_pylist()):
                rows.append(row)
                left -= sum(len(value) for _, value in row)
            if left < 0 or len(rows) > MAX_ROWS:
                raise DocumentError(f"'{name}' has more than {max_characters:,} characters. Split the table.")
            if most is not None and len(rows) >= most:
                break
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else "it is damaged"
        raise DocumentError(f"'{name}' could not be read: {reason}. Write the Parquet file again.") from error
    return RowTable(rows)


def _is_binary(field: object) -> bool:
    return "binary" in str(getattr(field, "type", ""))


def _named_rows(names: list[str], records: list[dict[str, object]]) -> Iterator[Fields]:
    for record in records:
        yield tuple((clean(name), value_text(record.get(name))) for name in names)
