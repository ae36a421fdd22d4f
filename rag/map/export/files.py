"""Write a map's points as a table: CSV or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.map.points import UNCLUSTERED_NAME, MapPoints
from rag.store.chunk_table import column_titles

if TYPE_CHECKING:
    import pandas as pd


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
    """A table as CSV in UTF-8 with a byte order mark; without the mark Excel reads another encoding."""
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file."""
    import io

    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
