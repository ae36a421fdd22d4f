"""Cluster labels in layers: the names of the clusters seen from afar, and of their parts, for a map that zooms in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rag.map.clusters.finding import Clusters
from rag.map.clusters.terms import ClusterSummary
from rag.map.points import MapLabel

if TYPE_CHECKING:
    from rag.types import FloatArray

_TIMES_MORE = 2
_MOST_FINER = 2
_TERMS = 2


def finer_layers(counts: Sequence[int], chosen: int) -> tuple[int, ...]:
    """The layers whose names are added as one zooms in: each has at least twice as many clusters as the one before.

    Args:
        counts: the number of clusters of each layer, ascending.
        chosen: the layer whose names are shown from afar.
    """
    found: list[int] = []
    last = counts[chosen] if counts else 0
    for layer in range(chosen + 1, len(counts)):
        if len(found) < _MOST_FINER and (counts[layer] >= _TIMES_MORE * last or layer == len(counts) - 1):
            found.append(layer)
            last = counts[layer]
    return tuple(found)


def layered_labels(layers: Sequence[Clusters], radii: Sequence[Mapping[int, float]]) -> tuple[MapLabel, ...]:
    """The labels of all layers, the coarsest first, the largest cluster of a layer first.

    A part with the name of a cluster seen before is called by its key terms, because its name is on the map already.

    Args:
        radii: `radii_of` the clusters of each layer.
    """
    labels: list[MapLabel] = []
    for number, (clusters, radius) in enumerate(zip(layers, radii, strict=True)):
        names, taken = clusters.names_by_label(), {label.name for label in labels}
        for one in clusters.summaries:
            name = names[one.label] if not number else _finer_name(one, taken)
            if name and name not in taken:
                labels.append(MapLabel(one.label, name, one.x, one.y, one.z, number, radius[one.label]))
                taken.add(name)
    return tuple(labels)


def _finer_name(one: ClusterSummary, taken: set[str]) -> str:
    return one.name if one.name not in taken else ", ".join(one.terms[:_TERMS])


def radii_of(xy: FloatArray, clusters: Clusters) -> dict[int, float]:
    """The root mean square distance of each cluster's points from its label, by the cluster's number.

    Args:
        xy: the positions of the chunks, float32 (n, 2) or (n, 3).
    """
    import numpy as np

    if not clusters.summaries:
        return {}
    places = np.zeros((max(one.label for one in clusters.summaries) + 1, 3))
    for one in clusters.summaries:
        places[one.label] = one.x, one.y, one.z
    inside = clusters.labels >= 0
    labels = clusters.labels[inside]
    squares = ((xy[inside].astype(np.float64) - places[labels, : xy.shape[1]]) ** 2).sum(axis=1)
    sums, sizes = np.bincount(labels, squares, len(places)), np.bincount(labels, minlength=len(places))
    radii = np.sqrt(sums / np.maximum(sizes, 1))
    return {one.label: float(radii[one.label]) for one in clusters.summaries}
