"""Rows of tables in a text: which are chunks of their own, and which may share one.

A row of a table's file is a record and a chunk of its own. Rows of a table in a text have no labels: a chunk may hold
several, but never a part of one. So do rows without labels in a workbook, if they follow each other line by line.
"""

from __future__ import annotations

from itertools import pairwise

from rag.types import Document, Row

_TABLE_FILES = frozenset(
    {
        "text/csv",
        "text/tab-separated-values",
        "application/json",
        "application/x-ndjson",
        "application/vnd.apache.parquet",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
_LONGEST_WHOLE = 1_500
"""Characters of a row that is still kept in one piece, if a chunk has room for it."""


def records(document: Document) -> list[Row]:
    """The rows that are chunks of their own, in the order of the text."""
    shared = {row.start for row in _sharing(document)}
    return [row for row in sorted(document.rows, key=lambda row: row.start) if row.start not in shared]


def whole_rows(document: Document) -> list[Row]:
    """The rows that may share a chunk and that no chunk begins or ends inside, in the order of the text."""
    return [row for row in _sharing(document) if row.end - row.start <= _LONGEST_WHOLE]


def _sharing(document: Document) -> list[Row]:
    rows = sorted((row for row in document.rows if not row.fields), key=lambda row: row.start)
    if document.media_type not in _TABLE_FILES:
        return rows
    sharing: list[Row] = []
    for above, below in pairwise(rows):
        if below.start == above.end + 1 and document.text[above.end] == "\n":
            if not sharing or sharing[-1] is not above:
                sharing.append(above)
            sharing.append(below)
    return sharing
