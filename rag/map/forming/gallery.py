"""A gallery of UMAP layouts with other parameters: each number of neighbors with each min_dist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.map.alignment import align
from rag.map.layout import load_layout, make_layout
from rag.map.projection import ProjectionParameters
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

N_NEIGHBORS = (5, 15, 50)
MIN_DISTS = (0.0, 0.1, 0.5)
MOST_CHUNKS = 20_000
"""Above this many chunks the gallery is not computed: it would take many minutes."""


@dataclass(frozen=True, slots=True)
class SmallMap:
    """A layout of the gallery: its parameters, and coordinates float32 (n, 2) in the frame of the map that is shown.

    `trustworthiness` is that of the layout, None if there are too few chunks to measure.
    """

    parameters: ProjectionParameters
    xy: FloatArray
    trustworthiness: float | None


def gallery_parameters(now: ProjectionParameters) -> tuple[ProjectionParameters, ...]:
    """The nine settings of the gallery, by rows of n_neighbors; metric, epochs and seed are those of `now`."""
    plain = replace(now, method="umap", n_components=2)
    return tuple(
        replace(plain, n_neighbors=n_neighbors, min_dist=min_dist)
        for n_neighbors in N_NEIGHBORS
        for min_dist in MIN_DISTS
    )


def make_gallery(
    collection: Collection, wanted: Sequence[ProjectionParameters], report: Callable[[float], None] | None = None
) -> None:
    """Compute and save the layouts that are not there yet; the Map page uses the same ones.

    Args:
        report: called with the share done, in [0, 1], never decreasing. An exception from it ends the work; the layouts
            that are finished are kept.
    """
    report = report or _nothing
    for done, parameters in enumerate(wanted):
        report(done / len(wanted))
        if load_layout(collection, parameters) is None:
            make_layout(collection, parameters, _part_of(report, done, len(wanted)))
    report(1.0)


def load_gallery(
    collection: Collection, wanted: Sequence[ProjectionParameters], shown: Projection
) -> tuple[SmallMap, ...] | None:
    """The layouts of the gallery, for the chunks of `shown` in its order; None while one is missing.

    Each is rotated, mirrored, scaled and moved as a whole to lie as close as possible to the map that is shown, so that
    only other differences are seen. A map in 3D counts by its first two coordinates.
    """
    found = []
    for parameters in wanted:
        layout = load_layout(collection, parameters)
        if layout is None:
            return None
        found.append(SmallMap(parameters, _aligned(layout, shown), layout.trustworthiness))
    return tuple(found)


def _aligned(layout: Projection, shown: Projection) -> FloatArray:
    """The coordinates of the chunks that are shown."""
    import numpy as np

    rows = np.searchsorted(layout.chunk_ids, shown.chunk_ids).clip(max=len(layout.chunk_ids) - 1)
    xy = layout.xy[rows][:, :2]
    return align(xy, shown.xy[:, :2]).apply(xy)


def _part_of(report: Callable[[float], None], done: int, n: int) -> Callable[[float], None]:
    return lambda share: report((done + share) / n)


def _nothing(share: float) -> None:
    """Default progress report: does nothing."""
