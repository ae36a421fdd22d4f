"""Read files without either checkout's code: collection files by SQL, exported maps by their format."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from contextlib import closing
from hashlib import sha256
from pathlib import Path

TABLES = {
    "documents": "name",
    "chunks": "chunk_id",
    "embeddings": "chunk_id",
    "meta": "key",
    "conversations": "conversation_id",
    "turns": "turn_id",
    "retrievals": "chunk_id",
}
"""The tables of a collection file that are compared, each with the column it is sorted by."""
_PAYLOAD = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.S)


def collection_rows(path: Path) -> dict[str, object]:
    """The rows of a collection file by table; an embedding is shown as the SHA-256 of its bytes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [_row(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]
            for table, order in TABLES.items()
        }


def _row(row: sqlite3.Row) -> dict[str, object]:
    if row.keys() == ["key", "value"]:
        return {row["key"]: row["value"]}
    return {name: _value(row[name]) for name in row.keys()}  # noqa: SIM118 - a Row iterates over values


def _value(value: object) -> object:
    return sha256(value).hexdigest() if isinstance(value, bytes) else value


def exported_map(path: Path) -> object:
    """The content of a map file: rows of a table, elements of an SVG, or the data of an HTML page."""
    match path.suffix:
        case ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))
        case ".parquet":
            import pyarrow.parquet

            return pyarrow.parquet.read_table(path).to_pylist()
        case ".svg":
            elements = ElementTree.parse(path).getroot().iter()
            return [[element.tag, dict(element.attrib), element.text] for element in elements]
        case _:
            return [json.loads(data) for data in _PAYLOAD.findall(path.read_text("utf-8"))]
