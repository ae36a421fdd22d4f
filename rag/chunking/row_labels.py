"""Which labels of a table's rows go into the context line, and so are embedded: names and categories.

Embedding models cannot tell ids, dates and amounts apart, so these would only make all rows more alike. They are
searched by words and shown to the answering model, as are long labels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from rag.text.labels import written
from rag.types import Fields, Row

_LOOK = 1_000
_SHORT = 40
"""Mean length in characters up to which the values of a column are short."""
_IS_NO_NAME = re.compile(
    r"(?=.*\d)[\w./#:+-]+|[^\w]*(?:[A-Z]{3} )?\d[\d.,:/'’ \u00a0\u202f-]*\w{0,3}\W{0,3}|\W+|true|false|yes|no|[yn]|n/?a"
    r"|https?://.*",
    re.IGNORECASE,
)
"""Codes, numbers, dates, amounts, flags and addresses."""


def embedded_columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns whose labels are embedded: short names and categories that are not the same in every row."""
    values: dict[str, list[str]] = defaultdict(list)
    for row in rows[:_LOOK]:
        for column, value in row.fields:
            if value:
                values[column].append(value)
    return tuple(column for column, cells in values.items() if _is_useful(cells, len(rows)))


def _is_useful(cells: Sequence[str], n_rows: int) -> bool:
    is_same = len(set(cells)) == 1 and len(cells) == n_rows > 1
    is_short = sum(map(len, cells)) <= _SHORT * len(cells)
    return is_short and not is_same and 2 * sum(bool(_IS_NO_NAME.fullmatch(cell)) for cell in cells) <= len(cells)


def labels_apart_from(text: str, fields: Fields, columns: Sequence[str]) -> list[tuple[str, str]]:
    """The labels in these columns, in their order, that the text does not have."""
    value_of = dict(fields)
    found = ((column, value_of.get(column, "")) for column in columns)
    return [(column, value) for column, value in found if value and not _is_said(text, column, value)]


def _is_said(text: str, column: str, value: str) -> bool:
    return f"{column}: {value}" in text or text.startswith(f"{value}\n") or written([(column, value)]) in text
