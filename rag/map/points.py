"""Map points: the contents of an exported map as columns: chunks, positions, colours, labels, marked questions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

UNCLUSTERED_NAME = "unclustered"
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class MapLabel:
    """A cluster's name and its position on the map.

    `layer` is 0 for the clusters that are named from afar, more for finer ones; `radius` says how large the cluster is:
    the root mean square distance of its points from its position.
    """

    cluster: int
    name: str
    x: float
    y: float
    z: float = 0.0
    layer: int = 0
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class MapArea:
    """A rectangle of the map, in its coordinates: `left` < `right` and `bottom` < `top`."""

    left: float
    right: float
    bottom: float
    top: float


def area_around(xy: FloatArray) -> MapArea:
    """The rectangle around points float32 (n, 2) or (n, 3), n > 0, with a margin of a sixth of its longer side."""
    (left, bottom), (right, top) = (edge.tolist() for edge in (xy[:, :2].min(axis=0), xy[:, :2].max(axis=0)))
    margin = max(right - left, top - bottom) / 6 or 1.0
    return MapArea(left - margin, right + margin, bottom - margin, top + margin)


@dataclass(frozen=True, slots=True)
class MapQuestion:
    """A question marked on the map at `place`, (x, y) or (x, y, z); `note` is a sentence shown with its text.

    `key` names it for the page.
    """

    key: str
    text: str
    note: str
    place: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MapPoints:
    """The contents of a map; row i of every sequence is one chunk.

    `xy` is float32 (n, 2), finite; `clusters` int64 (n,), -1 for unclustered; `cluster_labels` are the clusters' names.
    `colour_labels` is each chunk's group, and `colours` maps groups to "#rrggbb", in legend order.
    `columns` are the columns of the documents that are tables, "" where a chunk has none. `questions` are marked with
    a cross, and the legend calls them `questions_title`.

    Raises:
        ValueError: lengths differ, a coordinate is not finite, or a label has no colour or one that is not "#rrggbb".
    """

    chunk_ids: IntArray
    xy: FloatArray
    texts: Sequence[str]
    documents: Sequence[str]
    pages: Sequence[int | None]
    headings: Sequence[str]
    clusters: IntArray
    colour_labels: Sequence[str]
    colours: Mapping[str, str]
    cluster_labels: Sequence[MapLabel]
    title: str
    colour_title: str = "Colours"
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    questions: Sequence[MapQuestion] = ()
    questions_title: str = "Questions"

    def __post_init__(self) -> None:
        """Check what every export relies on."""
        import numpy as np

        n = len(self.chunk_ids)
        rows = (self.texts, self.documents, self.pages, self.headings, self.clusters, self.colour_labels)
        lengths = {len(row) for row in rows} | {len(values) for values in self.columns.values()}
        if self.xy.shape != (n, 2) or lengths != {n}:
            raise ValueError(f"every field needs one row for each of the {n} chunks")
        if not np.isfinite(self.xy).all():
            raise ValueError("a map's coordinates must be finite; recompute the layout")
        require_places(self.questions, 2)
        if missing := set(self.colour_labels) - set(self.colours):
            raise ValueError(f"no colour for {sorted(missing)[:3]}; give every label one")
        if wrong := [colour for colour in self.colours.values() if not _COLOUR.fullmatch(colour)]:
            raise ValueError(f"a colour must be like '#0072b2', got {wrong[0]!r}")


def require_places(questions: Sequence[MapQuestion], dimensions: int) -> None:
    """Raise ValueError unless each question has a finite place with so many coordinates."""
    for one in questions:
        if len(one.place) != dimensions or not all(map(math.isfinite, one.place)):
            raise ValueError(f"a question's place must be {dimensions} finite numbers, got {one.place}")


def used_labels(points: MapPoints) -> list[str]:
    """The labels in use, in legend order."""
    present = set(points.colour_labels)
    return [label for label in points.colours if label in present]


def frame(points: MapPoints) -> tuple[FloatArray, FloatArray, float]:
    """The lower and upper corners of the map, and its longer side (1 if all points coincide)."""
    import numpy as np

    if not len(points.xy):
        return np.zeros(2, dtype=np.float32), np.zeros(2, dtype=np.float32), 1.0
    low, high = points.xy.min(axis=0), points.xy.max(axis=0)
    return low, high, float((high - low).max()) or 1.0
