"""What a map shows of a collection: its layout, its clusters and their names, as points to draw and to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag.cluster_names import ClusterSummary, summarize_clusters
from rag.clusters import DEFAULT_COARSENESS, cluster
from rag.collection import Collection
from rag.errors import ExplorerError
from rag.map_export import UNCLUSTERED_NAME, to_csv, to_html, to_parquet
from rag.map_points import MapLabel, MapPoints
from rag.map_svg import to_svg
from rag.types import Chunk, Projection

if TYPE_CHECKING:
    from rag.types import IntArray

# Okabe and Ito's eight colours without black, then hues that stay apart from them and from one another.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A600",
    "#7B5EA7", "#8C564B", "#5A7D2A", "#E15F9C", "#1B7F8C", "#A05195", "#665191",
)  # fmt: skip
OTHER = "#9AA3AB"
OTHER_NAME = "other, or without a value"
GREY_NAMES = (UNCLUSTERED_NAME, OTHER_NAME)
EXPORTS = (".html", ".svg", ".csv", ".parquet")
"""The kinds of file that a map can be taken away as."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Cluster of each chunk of a layout, int64 (n,), -1 for unclustered, and what each cluster is about."""

    labels: IntArray
    summaries: tuple[ClusterSummary, ...]

    def names(self) -> list[str]:
        """The name of each chunk's cluster; names that two clusters share are told apart by a number."""
        shown: dict[int, str] = {}
        for summary in self.summaries:
            taken = summary.name in shown.values()
            shown[summary.label] = f"{summary.name} ({summary.label + 1})" if taken else summary.name
        return [shown.get(label, UNCLUSTERED_NAME) for label in self.labels.tolist()]


def present(layout: Projection, chunks: Sequence[Chunk]) -> tuple[Projection, list[Chunk]]:
    """The layout with its chunks in its order, both without what is only in one of them: documents come and go."""
    import numpy as np

    by_id = {chunk.chunk_id: chunk for chunk in chunks}
    rows = np.array(
        [row for row, chunk_id in enumerate(layout.chunk_ids.tolist()) if chunk_id in by_id], dtype=np.int64
    )
    kept = replace(layout, chunk_ids=layout.chunk_ids[rows], xy=layout.xy[rows])
    return kept, [by_id[chunk_id] for chunk_id in kept.chunk_ids.tolist()]


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label, in the legend's order; grey, and last, for what has no value."""
    distinct = sorted(set(labels) - set(GREY_NAMES))
    colours = {label: PALETTE[i] if i < len(PALETTE) else OTHER for i, label in enumerate(distinct)}
    return colours | {label: OTHER for label in GREY_NAMES if label in labels}


def find_clusters(
    collection: Collection, layout: Projection, chunks: Sequence[Chunk], coarseness: float = DEFAULT_COARSENESS
) -> Clusters:
    """The clusters of a layout.

    Args:
        chunks: those of the layout, in its order.
        coarseness: from 0, many small clusters, to 1, few large ones.
    """
    import numpy as np

    ids, vectors = collection.embeddings()
    own = np.zeros((len(chunks), vectors.shape[1]), dtype=np.float32)
    # A chunk that was deleted since has no vector any more, and is no typical one.
    there = np.isin(layout.chunk_ids, ids)
    own[there] = vectors[ids.searchsorted(layout.chunk_ids[there])]
    labels = cluster(layout.xy, coarseness)
    return Clusters(labels, summarize_clusters([chunk.text for chunk in chunks], labels, own, layout.xy))


def map_points(
    collection: Collection,
    layout: Projection,
    chunks: Sequence[Chunk],
    clusters: Clusters,
    *,
    colour_title: str,
    colour_labels: Sequence[str],
) -> MapPoints:
    """Everything that is drawn, for a file of its own; `colour_labels` says what each chunk is coloured by."""
    documents = collection.document_names()
    return MapPoints(
        chunk_ids=layout.chunk_ids,
        xy=layout.xy,
        texts=[chunk.text for chunk in chunks],
        documents=[documents.get(chunk.document_id, "") for chunk in chunks],
        pages=[chunk.page for chunk in chunks],
        headings=[chunk.heading for chunk in chunks],
        clusters=clusters.labels,
        colour_labels=colour_labels,
        colours=colours_of(colour_labels),
        cluster_labels=[MapLabel(one.label, one.name, one.x, one.y) for one in clusters.summaries],
        title=collection.spec.name,
        colour_title=colour_title,
    )


def map_file(points: MapPoints, name: str) -> bytes:
    """The map as the kind of file that `name` ends in, one of EXPORTS. Raises ExplorerError for another one."""
    match PurePath(name).suffix.lower():
        case ".html":
            return to_html(points).encode()
        case ".svg":
            return to_svg(points).encode()
        case ".csv":
            return to_csv(points)
        case ".parquet":
            return to_parquet(points)
    raise ExplorerError(f"'{name}' names no kind of map file. End it in {', '.join(EXPORTS)}.")
