"""Rows of tables in a text: which are chunks of their own, and which may share one.

A row of a table's file is a record and a chunk of its own. Rows of a table in a text have no labels: a chunk may hold
several, but never a part of one. So do rows without labels in a workbook, if they follow each other line by line.
"""

from __future__ import annotations

import re
from itertools import pairwise

from rag.types import Document, Fields, Row

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
_CELL = re.compile(r"; (?=[^;:\n]{1,250}: )")
_MAY_BE_CUT = 200
"""Characters of a row that the shortest chunks may have no room for."""
_LONGEST_WHOLE = 1_500
"""Characters of a row that is still kept in one piece, if a chunk has room for it."""


def records(document: Document) -> list[Row]:
    """The rows that are chunks of their own, in the order of the text."""
    shared = {(row.start, row.end) for row in _sharing(document)}
    return [row for row in sorted(document.rows, key=lambda row: row.start) if (row.start, row.end) not in shared]


def is_table_file(document: Document) -> bool:
    """Whether a document is a table, so that each of its rows speaks for itself."""
    return document.media_type in _TABLE_FILES


def labels_of_text(document: Document) -> Fields:
    """The labels of a whole text, such as those in the front matter of Markdown; none if it is a table."""
    if is_table_file(document):
        return ()
    whole = (row.fields for row in document.rows if row.start == 0 and row.end == len(document.text))
    return next(whole, ())


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


def cell_starts(text: str, start: int, end: int) -> list[int]:
    """Where the cells after the first begin in a row that is written as "column: value; column: value".

    A row that is too long for a chunk is cut there, so that no value is parted from its column's name.
    """
    return [found.end() for found in _CELL.finditer(text, start, end)]


def starts_in_long_rows(document: Document) -> list[int]:
    """The cell starts of all rows that may be too long for a chunk."""
    long = (row for row in document.rows if row.end - row.start > _MAY_BE_CUT)
    return [start for row in long for start in cell_starts(document.text, row.start, row.end)]
