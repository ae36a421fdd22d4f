"""Layout: the coordinates of a collection's map, cached as a file next to the collection.

A layout is stable: new chunks are placed near their neighbors, and deleted chunks leave a gap, until a new layout is
requested. The new layout is then aligned with the old one.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.index.flat import FlatIndex, nearest
from rag.map.alignment import align
from rag.map.placement import place
from rag.map.projection import ProjectionParameters, comparable, from_bytes, project, to_bytes, trust
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.map.projection import Metric
    from rag.runtime.background import Report
    from rag.types import FloatArray, IntArray

_PLACED_FROM = 15
_NEIGHBORS_SHARE = 0.15
_UMAP_QUICK = 7_000
_TSNE_QUICK = 2_000
_PCA_QUICK = 100_000
_MOST_PLACED = 0.5
_LEAST_AGREEMENT = 0.1


def load_layout(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    """The cached layout with these parameters, for the current chunks; newer chunks are placed near their neighbors.

    None if there is no layout, or if more than half of the chunks are newer than it.
    """
    kept = _read(collection, parameters)
    if kept is None or kept.chunk_ids.tolist() == collection.chunk_ids().tolist():
        return kept
    now = _updated(collection, kept, parameters.metric)
    if now is not None:
        artifacts.write_cached(_path(collection, parameters), to_bytes(now))
    return now


def layout_stamp(collection: Collection, parameters: ProjectionParameters) -> tuple[int, int] | None:
    """A stamp of the cached layout, which changes when the layout does; None if there is no file of it."""
    return artifacts.file_stamp(_path(collection, parameters))


def make_layout(collection: Collection, parameters: ProjectionParameters, report: Report | None = None) -> Projection:
    """Compute a new layout, align it with the previous one, and save it. Takes seconds to minutes.

    Args:
        report: called with the share done, in [0, 1], never decreasing. An exception from it ends the work and is
            raised here; nothing is saved then.

    Raises:
        ExplorerError: t-SNE was requested in 3D.
    """
    before = _read(collection, parameters)
    ids, vectors = collection.embeddings()
    projection = lay_out(ids, vectors, parameters, report)
    if before is not None and before.method == projection.method:
        projection = replace(projection, xy=_aligned(projection, before))
    artifacts.write_cached(_path(collection, parameters), to_bytes(projection))
    return projection


def lay_out(
    ids: IntArray, vectors: FloatArray, parameters: ProjectionParameters, report: Report | None = None
) -> Projection:
    """Compute a layout of any chunks: find their neighbors, then project them.

    Args:
        ids: int64 (n,), ascending.
        vectors: unit vectors float32 (n, dimension).
        report: as in `make_layout`.

    Raises:
        ExplorerError: t-SNE was requested in 3D.
    """
    parameters.require_drawable()
    report = report or _nothing
    compared = comparable(vectors, parameters.metric)
    scores, rows = nearest(compared, parameters.n_searched, lambda share: report(_NEIGHBORS_SHARE * share))
    drawn_share = 1.0 - _NEIGHBORS_SHARE
    return project(
        ids, vectors, ids[rows], scores, parameters, lambda share: report(_NEIGHBORS_SHARE + drawn_share * share)
    )


def is_long(n_chunks: int, parameters: ProjectionParameters) -> bool:
    """Whether a layout of this many chunks takes more than about 4 seconds on 2 cores, once libraries are loaded.

    Measured with 384 dimensions, including the trustworthiness, which takes about 1 second of the 4.
    """
    if parameters.method == "pca":
        return n_chunks > _PCA_QUICK
    # Twice the neighbors take less than twice the time.
    work = n_chunks * (parameters.n_neighbors + 30) / 45
    if parameters.method == "tsne":
        return work > _TSNE_QUICK
    return work * max(0.5, parameters.n_epochs / 200) > _UMAP_QUICK


def _nothing(share: float) -> None:
    """Default progress report: does nothing."""


def _read(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    content = artifacts.read_cached(_path(collection, parameters))
    return None if content is None else from_bytes(content)


def _updated(collection: Collection, kept: Projection, metric: Metric) -> Projection | None:
    """The cached layout without deleted chunks and with new ones placed near their neighbors.

    None for PCA, which does not preserve neighborhoods and is quick to compute again.
    """
    import numpy as np

    ids, vectors = collection.embeddings()
    old_rows, rows = _common(kept.chunk_ids, ids)
    new = np.setdiff1d(np.arange(len(ids)), rows)
    placed_ids = np.union1d(np.intersect1d(kept.placed_ids, ids), ids[new])
    if len(placed_ids) > _MOST_PLACED * len(ids) or not len(rows) or kept.method == "pca":
        return None
    xy = np.empty((len(ids), kept.xy.shape[1]), dtype=np.float32)
    xy[rows] = kept.xy[old_rows]
    compared = comparable(vectors, metric)
    xy[new] = _placed(compared[new], compared[rows], xy[rows])
    return replace(kept, chunk_ids=ids, xy=xy, placed_ids=placed_ids, trustworthiness=trust(vectors, xy))


def _placed(new: FloatArray, laid_out: FloatArray, xy: FloatArray) -> FloatArray:
    import numpy as np

    scores, positions = FlatIndex.build(np.arange(len(laid_out)), laid_out).search(new, _PLACED_FROM)
    return place(positions, scores, xy)


def _aligned(projection: Projection, before: Projection) -> FloatArray:
    """The new coordinates, aligned so that the common chunks lie as close as possible to their old positions."""
    old_rows, rows = _common(before.chunk_ids, projection.chunk_ids)
    if not len(rows):
        return projection.xy
    fixed = before.xy[old_rows]
    alignment = align(projection.xy[rows], fixed)
    # The less two layouts agree, the smaller is the best fit; without this factor, new layouts would shrink the map.
    size = max(1.0 - alignment.disparity, _LEAST_AGREEMENT) ** -0.5
    middle = fixed.mean(axis=0)
    turned: FloatArray = middle + (alignment.apply(projection.xy) - middle) * size
    return turned


def _common(before: IntArray, now: IntArray) -> tuple[IntArray, IntArray]:
    """The rows of the common ids in each array."""
    import numpy as np

    _, old_rows, rows = np.intersect1d(before, now, assume_unique=True, return_indices=True)
    return old_rows, rows


def _path(collection: Collection, parameters: ProjectionParameters) -> Path:
    digest = hashlib.sha256(repr(parameters.canonical()).encode()).hexdigest()[:12]
    return collection.cache_folder / f"layout-{digest}.{collection.uid[:12]}"
