"""Neighbor table: every chunk's true nearest neighbors, cached, and the share of them that a map preserves."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.index.flat import nearest
from rag.index.loading import cache_path
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

K = 10
"""Number of neighbors of each chunk in the table."""


@dataclass(frozen=True, slots=True)
class NeighborTable:
    """For each of `chunk_ids` int64 (n,), ascending, its k nearest by cosine, without itself, nearest first.

    `positions` int64 (n, k) are rows of the table, `scores` float32 (n, k) their similarities. Exact up to 20,000
    chunks, above that from an HNSW graph (see `rag.index.flat.nearest`); k is at most n - 1.
    """

    chunk_ids: IntArray
    positions: IntArray
    scores: FloatArray


def load_neighbors(collection: Collection) -> NeighborTable:
    """The current table: from its cache, or computed again if that is stale, missing or damaged."""
    import numpy as np

    if (stored := stored_neighbors(collection)) is not None:
        return stored
    generation, ids, vectors = collection.stored_vectors()
    path = cache_path(collection, generation, "neighbors")
    table = _table(ids, vectors)
    buffer = io.BytesIO()
    np.savez(buffer, chunk_ids=table.chunk_ids, positions=table.positions, scores=table.scores)
    artifacts.write_cached(path, buffer.getvalue())
    artifacts.drop_others(path, "neighbors.*")
    return table


def stored_neighbors(collection: Collection) -> NeighborTable | None:
    """The current table if it is in the cache; else None."""
    import numpy as np

    content = artifacts.read_cached(cache_path(collection, collection.generation(), "neighbors"))
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return NeighborTable(stored["chunk_ids"], stored["positions"], stored["scores"])


def _table(ids: IntArray, vectors: FloatArray) -> NeighborTable:
    import numpy as np

    k = min(K, max(len(ids) - 1, 0))
    if not k:
        return NeighborTable(ids, np.empty((len(ids), 0), np.int64), np.empty((len(ids), 0), np.float32))
    scores, positions = nearest(vectors, k + 1)
    # A copy may come before the chunk itself: move the chunk to the end, then drop it.
    is_self = positions == np.arange(len(ids))[:, None]
    order = np.argsort(is_self, axis=1, kind="stable")[:, :k]
    return NeighborTable(ids, np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1))


def kept_on_map(table: NeighborTable, layout: Projection) -> FloatArray:
    """`share_kept` for the chunks of a layout, float32 (n,); NaN for a chunk that is not in the table."""
    import numpy as np

    kept = np.full(len(layout.chunk_ids), np.nan, dtype=np.float32)
    _, rows, positions = np.intersect1d(table.chunk_ids, layout.chunk_ids, assume_unique=True, return_indices=True)
    row_of = np.full(len(table.chunk_ids), -1, dtype=np.int64)
    row_of[rows] = np.arange(len(rows))
    # A neighbor that is not in the layout counts as lost.
    kept[positions] = share_kept(row_of[table.positions[rows]], layout.xy[positions])
    return kept


def share_kept(positions: IntArray, xy: FloatArray) -> FloatArray:
    """The share of each chunk's k true neighbors that are among its k nearest on the map, float32 (n,).

    NaN for a chunk without neighbors. Among equal distances on the map, the smaller row counts as nearer.

    Args:
        positions: rows of the true neighbors, int64 (n, k); -1 for a neighbor that is not on the map.
        xy: float32 (n, 2) or (n, 3).
    """
    import numpy as np

    n, k = positions.shape
    if not k:
        return np.full(n, np.nan, dtype=np.float32)
    drawn = _nearest_on_map(xy, k)
    is_kept = (positions[:, :, None] == drawn[:, None, :]).any(axis=2)
    return np.asarray(is_kept.mean(axis=1), dtype=np.float32)


def _nearest_on_map(xy: FloatArray, k: int) -> IntArray:
    """The k nearest rows of each row on the map, without itself, int64 (n, k)."""
    import numpy as np
    from scipy.spatial import KDTree  # type: ignore[import-untyped]

    points = np.ascontiguousarray(xy, dtype=np.float64)
    n, wanted = len(points), min(len(points), k + 1)
    distances, found = KDTree(points).query(points, np.arange(1, wanted + 1))
    itself = np.arange(n)[:, None]
    order = np.lexsort((found, distances, found == itself), axis=1)
    nearest_rows: IntArray = np.take_along_axis(found, order, axis=1)[:, :k].astype(np.int64)
    return nearest_rows
