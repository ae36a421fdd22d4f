"""Placement: the position of a new vector on an existing map, near its nearest chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.index.flat import FlatIndex
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_PLACED_FROM = 15
_SAME = 1e-6
_SEARCH_STEPS = 64
_LEAST_SCALE = 1e-3


def place(positions: IntArray, scores: FloatArray, xy: FloatArray) -> FloatArray:
    """The mean of the neighbors' coordinates, weighted as UMAP weighs neighbors.

    The weights are from McInnes, Healy and Melville, "UMAP", 2018, algorithm 3 (smooth kNN distances); umap-learn's
    `init_graph_transform` starts a new point at the same mean. A copy of a chunk on the map (cosine similarity within
    1e-6 of 1) gets the position of that chunk, the first of several. On a map without points, all positions are 0.

    Args:
        positions: the nearest chunks on the map of each new vector: rows of `xy`, int64 (m, k), in any order;
            -1 means none, e.g. if k exceeds their number.
        scores: their cosine similarities, float32 (m, k).
        xy: the map, float32 (n, 2), or (n, 3).

    Returns:
        Coordinates float32 (m, 2), or (m, 3).

    Raises:
        ValueError: the shapes differ, a position is not on the map, or a new vector has no neighbor.
    """
    import numpy as np

    if not len(xy) or not len(positions):
        return np.zeros((len(positions), xy.shape[1]), dtype=np.float32)
    found = positions >= 0
    _check(positions, scores, found, len(xy))
    distances = np.where(found, 1.0 - scores.astype(np.float64), np.inf).clip(0.0)
    weights = _only_copies(distances, neighbor_weights(distances))
    placed: FloatArray = np.einsum("mk,mkd->md", weights, xy[positions.clip(0)].astype(np.float64)).astype(np.float32)
    return placed


def _check(positions: IntArray, scores: FloatArray, found: NDArray[np.bool_], n: int) -> None:
    if positions.shape != scores.shape or positions.ndim != 2:
        raise ValueError(f"Positions and scores must both be (m, k), got {positions.shape} and {scores.shape}.")
    if not found.any(axis=1).all():
        raise ValueError("Every new vector needs at least one neighbor on the map.")
    if positions.max() >= n:
        raise ValueError(f"Neighbors must be rows of the {n} points of the map, got row {positions.max()}.")


def neighbor_weights(distances: DoubleArray) -> DoubleArray:
    """UMAP's weights of k neighbors: exp(-(d - nearest) / sigma), where sigma makes them add up to log2(k).

    Args:
        distances: float64 (m, k), not negative; infinite for a missing neighbor, which does not count towards k.

    Returns:
        The weights as shares, float64 (m, k), each row summing to 1.
    """
    import numpy as np

    beyond = distances - distances.min(axis=1, keepdims=True)
    weights = np.exp(-beyond / _sigma(beyond, distances))
    shares: DoubleArray = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _sigma(beyond: DoubleArray, distances: DoubleArray) -> DoubleArray:
    """Sigma of each row, float64 (m, 1), by bisection; at least a thousandth of the mean distance, as in umap-learn."""
    import numpy as np

    is_found = np.isfinite(distances)
    n_found = is_found.sum(axis=1, keepdims=True)
    least = _LEAST_SCALE * np.where(is_found, distances, 0.0).sum(axis=1, keepdims=True) / n_found
    low, high = np.zeros_like(least), np.full_like(least, np.inf)
    sigma = np.ones_like(least)
    for _ in range(_SEARCH_STEPS):
        is_wide = np.exp(-beyond / sigma).sum(axis=1, keepdims=True) > np.log2(n_found)
        high, low = np.where(is_wide, sigma, high), np.where(is_wide, low, sigma)
        sigma = np.where(np.isinf(high), 2.0 * sigma, (low + high) / 2.0)
    floored: DoubleArray = np.maximum(sigma, np.maximum(least, np.finfo(np.float64).tiny))
    return floored


def _only_copies(distances: DoubleArray, weights: DoubleArray) -> DoubleArray:
    """Put all weight on the first neighbor that is a copy, if there is one."""
    import numpy as np

    is_same = distances <= _SAME
    first = np.arange(distances.shape[1]) == is_same.argmax(axis=1)[:, None]
    return np.where(is_same.any(axis=1, keepdims=True), first.astype(np.float64), weights)


def place_query(index: FlatIndex, vector: FloatArray, layout: Projection) -> tuple[float, ...] | None:
    """The position of a question on the map: (x, y) or (x, y, z); None if none of its nearest chunks is on the map.

    Args:
        vector: the question's unit vector, float32 (1, dimension).
    """
    import numpy as np

    scores, ids = index.search(vector, _PLACED_FROM)
    rows = np.searchsorted(layout.chunk_ids, ids).clip(0, max(len(layout.chunk_ids) - 1, 0))
    there = layout.chunk_ids[rows] == ids if len(layout.chunk_ids) else np.zeros(ids.shape, dtype=np.bool_)
    if not there.any():
        return None
    return tuple(place(np.where(there, rows, -1), scores, layout.xy)[0].tolist())


def placed_chunks(
    layout: Projection, collection: Collection, index: FlatIndex, chunk_ids: Sequence[int]
) -> tuple[IntArray, FloatArray]:
    """Those of these chunks that the map lacks, int64 (m,), ascending, and positions near their nearest chunks on it.

    Where the map is of a sample, results of a search may be other chunks. A chunk that does not exist is left out. The
    positions are float32 (m, 2), or (m, 3).
    """
    import numpy as np

    wanted = np.unique(np.array(chunk_ids, dtype=np.int64))
    rows = layout.chunk_ids.searchsorted(wanted).clip(0, max(len(layout.chunk_ids) - 1, 0))
    lacking = wanted[layout.chunk_ids[rows] != wanted] if len(layout.chunk_ids) else wanted[:0]
    places = dict[int, tuple[float, ...]]()
    if len(lacking):
        ids, vectors = collection.vectors_with(lacking.tolist())
        found = (place_query(index, vector[None, :], layout) for vector in vectors)
        places = {chunk_id: one for chunk_id, one in zip(ids.tolist(), found, strict=True) if one is not None}
    xy = np.array(list(places.values()), dtype=np.float32).reshape(len(places), layout.xy.shape[1])
    return np.array(list(places), dtype=np.int64), xy


def similarities(index: FlatIndex, vector: FloatArray, layout: Projection) -> FloatArray:
    """Cosine similarity of the map's chunks to a question, float32 (n,); NaN for a chunk that is not in the index.

    Args:
        vector: the question's unit vector, float32 (1, dimension).
    """
    import numpy as np

    scores, ids = index.search(vector, len(index.ids))
    order = np.argsort(ids[0])
    by_id, similarity = scores[0][order], np.full(len(layout.chunk_ids), np.nan, dtype=np.float32)
    _, rows, found = np.intersect1d(layout.chunk_ids, ids[0][order], assume_unique=True, return_indices=True)
    similarity[rows] = by_id[found]
    return similarity
