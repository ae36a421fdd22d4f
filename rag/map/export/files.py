"""Write a map's points as a table: CSV or Parquet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.map.points import UNCLUSTERED_NAME, MapPoints
from rag.store.chunk_table import column_titles

if TYPE_CHECKING:
    import pandas as pd

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def to_table(points: MapPoints) -> pd.DataFrame:
    """Columns chunk_id, document, page (missing without pages), heading, x, y, cluster, label (cluster name), text.

    The columns of the documents that are tables follow; one with a name above gets the suffix " (column)".
    """
    import pandas as pd

    names = {label.cluster: label.name for label in points.cluster_labels}
    labels = [names.get(cluster, UNCLUSTERED_NAME) for cluster in points.clusters.tolist()]
    table = pd.DataFrame(
        {
            "chunk_id": points.chunk_ids,
            "document": pd.Series(list(points.documents), dtype="str"),
            "page": pd.array(list(points.pages), dtype="Int64"),
            "heading": pd.Series(list(points.headings), dtype="str"),
            "x": points.xy[:, 0],
            "y": points.xy[:, 1],
            "cluster": points.clusters,
            "label": pd.Series(labels, dtype="str"),
            "text": pd.Series(list(points.texts), dtype="str"),
        }
    )
    titles = column_titles(points.columns, table.columns)
    fields = {t: pd.Series(list(v), dtype="str") for t, v in zip(titles, points.columns.values(), strict=True)}
    return pd.concat([table, pd.DataFrame(fields, index=table.index)], axis=1)


def to_csv(points: MapPoints) -> bytes:
    """`to_table` as CSV."""
    return as_csv(to_table(points))


def to_parquet(points: MapPoints) -> bytes:
    """`to_table` as a Parquet file."""
    return as_parquet(to_table(points))


def as_csv(table: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8 with a byte order mark; without the mark Excel reads another encoding.

    A text that a spreadsheet would compute as a formula gets a leading apostrophe; see `escape_formula`.
    """
    import pandas as pd

    escaped = table.rename(columns=escape_formula)
    for place, kind in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            escaped.isetitem(place, table.iloc[:, place].map(escape_formula, na_action="ignore").array)
    return escaped.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def escape_formula(text: str) -> str:
    """The text, with an apostrophe before it if it begins as a formula does and is no plain number.

    https://owasp.org/www-community/attacks/CSV_Injection lists the characters.
    """
    return f"'{text}" if text.startswith(_FORMULA_BEGINS) and not _NUMBER.fullmatch(text) else text


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file."""
    import io

    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
