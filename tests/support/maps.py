"""A small map with hostile texts, to export."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rag.map.points import MapLabel, MapPoints

HOSTILE = (
    "</script><img src=https://evil.example/a onerror=\"document.title='owned'\"><!-- <script>\u2028\u2029'\"&\x00 end"
)


def made_map(n=9, **changes) -> MapPoints:
    """n points on a diagonal, every third with a hostile text; the middle point is the map's center."""
    rows = range(n)
    points = MapPoints(
        chunk_ids=np.arange(n, dtype=np.int64) + 100,
        xy=np.column_stack([np.arange(n) / 7, np.arange(n) / 3]).astype(np.float32),
        texts=[HOSTILE if row % 3 == 2 else f'chunk {row} says, "zwölf"\r\nand a line; 日本 =1+1' for row in rows],
        documents=["guide.pdf" if row % 2 else HOSTILE for row in rows],
        pages=[row if row % 2 else None for row in rows],
        headings=["" if row % 2 else "A > B" for row in rows],
        clusters=np.array([row % 2 - 1 for row in rows], dtype=np.int64),
        colour_labels=["odd & <b>" if row % 2 else "even" for row in rows],
        colours={"unused": "#111111", "even": "#0072B2", "odd & <b>": "#E69F00"},
        cluster_labels=[MapLabel(0, "<i>name</i>", 0.5, 1.0)],
        title="Sample </title><script>",
    )
    return replace(points, **changes)
