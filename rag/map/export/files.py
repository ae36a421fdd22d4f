"""A map to take away: one HTML file that works without a network, and the points as CSV or Parquet."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.map.export.html import page
from rag.map.points import UNCLUSTERED_NAME, MapPoints, frame, used_labels

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 100_000
_NOT_IN_SCRIPT = re.compile("[<\u2028\u2029\ud800-\udfff]")


def to_html(points: MapPoints) -> str:
    """The map as one HTML file: hover, legend, cluster names, search, pan and zoom, light and dark.

    It fetches nothing, and no text of a document can become markup or script in it: texts are JSON in a block that
    holds no "<", the page's script writes them as text, and its content security policy allows no other script.
    """
    subtitle = f"{_count(points)}. Near means similar; the empty space between groups has no scale."
    return page(
        title=points.title, subtitle=subtitle, legend_title=points.colour_title, payload=_script_json(_payload(points))
    )


def to_table(points: MapPoints) -> pd.DataFrame:
    """Columns chunk_id, document, page (missing without pages), heading, x, y, cluster, label (its name), text."""
    import pandas as pd

    names = {label.cluster: label.name for label in points.cluster_labels}
    return pd.DataFrame(
        {
            "chunk_id": points.chunk_ids,
            "document": pd.Series(list(points.documents), dtype="str"),
            "page": pd.array(list(points.pages), dtype="Int64"),
            "heading": pd.Series(list(points.headings), dtype="str"),
            "x": points.xy[:, 0],
            "y": points.xy[:, 1],
            "cluster": points.clusters,
            "label": pd.Series([names.get(own, UNCLUSTERED_NAME) for own in points.clusters.tolist()], dtype="str"),
            "text": pd.Series(list(points.texts), dtype="str"),
        }
    )


def to_csv(points: MapPoints) -> bytes:
    """`to_table` as CSV."""
    return as_csv(to_table(points))


def to_parquet(points: MapPoints) -> bytes:
    """`to_table` as a Parquet file."""
    return as_parquet(to_table(points))


def as_csv(table: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8, with a byte order mark, without which Excel reads it as something else."""
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file."""
    import io

    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _count(points: MapPoints) -> str:
    n = len(points.chunk_ids)
    return f"{n:,} chunk{'' if n == 1 else 's'}"


def _payload(points: MapPoints) -> dict[str, object]:
    """The map by columns, as the script reads it: y points down, and what repeats is numbered."""
    import numpy as np

    low, high, span = frame(points)
    steps = np.rint((points.xy.astype(np.float64) - low) / span * _STEPS).astype(np.int64)
    bottom = round(float(high[1] - low[1]) / span * _STEPS)
    used = used_labels(points)
    documents, headings = list(dict.fromkeys(points.documents)), list(dict.fromkeys(points.headings))
    return {
        "x": steps[:, 0].tolist(),
        "y": (bottom - steps[:, 1]).tolist(),
        "text": list(points.texts),
        "page": [None if own is None else int(own) for own in points.pages],
        "documents": documents,
        "document": _numbers(points.documents, documents),
        "headings": headings,
        "heading": _numbers(points.headings, headings),
        "groups": [{"name": label, "colour": points.colours[label]} for label in used],
        "group": _numbers(points.colour_labels, used),
        "labels": [
            {
                "name": label.name,
                "x": (label.x - float(low[0])) / span * _STEPS,
                "y": (float(high[1]) - label.y) / span * _STEPS,
            }
            for label in points.cluster_labels
        ],
    }


def _numbers(values: Sequence[str], names: Sequence[str]) -> list[int]:
    numbers = {name: number for number, name in enumerate(names)}
    return [numbers[value] for value in values]


def _script_json(value: object) -> str:
    """JSON that may stand in a script element: nothing in it can end the element or a line of script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _NOT_IN_SCRIPT.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
