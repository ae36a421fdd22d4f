"""Read JSON, JSON Lines and Parquet: rows if the file is a table, else indented text."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from rag.documents.parsed import Parsed, clean, name_some
from rag.documents.readers.json_records import Repeats, find_records, read_records, value_text
from rag.documents.readers.tables import MAX_ROWS, RowTable, check_rows
from rag.errors import DocumentError
from rag.types import Fields

_BATCH = 1000
_SPACE = re.compile(r"\s*")


def read_json(name: str, text: str) -> RowTable | Parsed:
    """The rows of a JSON table (see `find_records`), or of one object a line; else indented text.

    Raises:
        DocumentError: the text is not JSON, or has too many rows.
    """
    try:
        repeats = Repeats()
        value: object = json.loads(text, object_pairs_hook=repeats.object_of)
        table = find_records(value)
        if table:
            check_rows(name, len(table.rows))
            return replace(table, notes=(*table.notes, *repeats.notes))
        if value is None or value in ([], {}):
            return Parsed("")
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        return Parsed(clean(written), notes=repeats.notes)
    except (ValueError, RecursionError) as error:
        if str(error).startswith("Extra data"):
            return _read_one_after_the_other(name, text) or read_json_lines(name, text)
        raise DocumentError(
            f"'{name}' is not valid JSON: {_why(error)}. Correct the file or save it as text."
        ) from error


def _read_one_after_the_other(name: str, text: str) -> RowTable | None:
    """The rows of several objects or lists in a file, wherever its lines end; None if one is not JSON."""
    repeats = Repeats()
    decoder = json.JSONDecoder(object_pairs_hook=repeats.object_of)
    records: list[object] = []
    place, end = len(text) - len(text.lstrip()), len(text.rstrip())
    try:
        while place < end:
            value, after = decoder.raw_decode(text, place)
            records.append(value)
            place = after + len(_SPACE.match(text, after)[0])  # type: ignore[index]  # it matches everywhere
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(record, dict | list) for record in records):
        return None
    check_rows(name, len(records))
    return RowTable(read_records(records), notes=repeats.notes)


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
    records, broken, repeats = [], [], Repeats()
    filled = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    lines = list(islice(filled, most))
    check_rows(name, len(lines))
    for number, line in lines:
        try:
            value: object = json.loads(line, object_pairs_hook=repeats.object_of)
        except (ValueError, RecursionError):
            broken.append(str(number))
            continue
        records.append(value)
    if len(broken) > len(lines) / 2:
        raise DocumentError(
            f"'{name}' is not JSON Lines (one object per line): line {broken[0]} is not JSON. Save it again."
        )
    where = "line" if len(broken) == 1 else "lines"
    left_out = (f"Lines that are not JSON were left out: {where} {name_some(broken)}.",) if broken else ()
    return RowTable(read_records(records), notes=(*left_out, *repeats.notes))


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
