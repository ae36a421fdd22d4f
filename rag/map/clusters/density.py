"""HDBSCAN on the coordinates of a map: clusters of dense points for one smallest size of a cluster."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from rag.types import FloatArray, IntArray

    Points = NDArray[np.float64]

UNCLUSTERED = -1
DEFAULT_COARSENESS = 0.35
MIN_SAMPLES = 5
_GRAPH_NEIGHBORS = 10
_SMALLEST_CLUSTER = 5
_LARGEST_FRACTION = 6
_FINEST_FRACTION = 200


def cluster(xy: FloatArray, coarseness: float = DEFAULT_COARSENESS) -> IntArray:
    """Cluster the points of a map.

    HDBSCAN (Campello, Moulavi and Sander, 2013) with `smallest_cluster(n, coarseness)` and 5 points to a
    neighborhood. Its spanning tree is searched along the Delaunay triangulation and among nearest neighbors
    instead of all pairs: 100,000 points take 2.6 s of processor time instead of 37. The tree has the same weight; if
    several trees do, a few points at the edge of a cluster may be assigned differently than with all pairs.

    Args:
        xy: float32 (n, 2) or (n, 3), finite.
        coarseness: from 0 (many small clusters) to 1 (few large ones).

    Returns:
        int64 (n,): 0 is the largest cluster, equal sizes are in the order of their first rows. UNCLUSTERED (-1) marks
        points in no cluster: all points if there are fewer than ten, or if they coincide.

    Raises:
        ValueError: a coordinate is not finite, or coarseness is not from 0 to 1.
    """
    size = smallest_cluster(len(xy), coarseness)
    return largest_first(found_in(distances(xy), size)) if has_clusters(xy) else unclustered(len(xy))


def has_clusters(xy: FloatArray) -> bool:
    """Whether there are at least ten points, not all in one place. Raises ValueError if a coordinate is not finite."""
    import numpy as np

    if not np.isfinite(xy).all():
        raise ValueError("a map's coordinates must be finite; recompute the layout")
    return len(xy) >= 2 * _SMALLEST_CLUSTER and bool(np.ptp(xy, axis=0).any())


def unclustered(n: int) -> IntArray:
    """The labels of n points in no cluster."""
    import numpy as np

    return np.full(n, UNCLUSTERED, dtype=np.int64)


def found_in(graph: csr_matrix, size: int, *, leaves: bool = False, most: int | None = None) -> IntArray:
    """HDBSCAN's clusters of at least `size` points: int64 (n,), in no particular order, -1 for unclustered.

    Args:
        graph: what `distances` returns.
        leaves: take the leaves of its tree, the finest clusters, instead of the most persistent ones.
        most: points of a cluster; the parts of a larger one are taken instead, and it is left out if it has none.
    """
    import numpy as np
    from sklearn.cluster import HDBSCAN

    method = HDBSCAN(
        min_cluster_size=size, min_samples=MIN_SAMPLES, metric="precomputed", algorithm="brute", n_jobs=1, copy=True,
        cluster_selection_method="leaf" if leaves else "eom", max_cluster_size=most,
    )  # fmt: skip
    return np.asarray(method.fit_predict(graph), dtype=np.int64)


def smallest_cluster(n: int, coarseness: float) -> int:
    """Minimum cluster size for n points: from max(5, n / 200) to n / 6, on a logarithmic scale.

    Raises:
        ValueError: coarseness is not from 0 to 1.
    """
    if not 0.0 <= coarseness <= 1.0:
        raise ValueError(f"coarseness must be from 0 to 1, got {coarseness}")
    finest = max(float(_SMALLEST_CLUSTER), n / _FINEST_FRACTION)
    coarsest = max(finest, n / _LARGEST_FRACTION)
    return round(finest * math.pow(coarsest / finest, coarseness))


def largest_first(found: IntArray) -> IntArray:
    """The same clusters numbered by size, the largest 0, and at the same size by first row."""
    import numpy as np

    labels = np.full(len(found), UNCLUSTERED, dtype=np.int64)
    names, first, sizes = np.unique(found[found >= 0], return_index=True, return_counts=True)
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.lexsort((first, -sizes))] = np.arange(len(names))
    labels[found >= 0] = ranks[found[found >= 0]]
    return labels


def distances(xy: FloatArray) -> csr_matrix:
    """Distances along the edges that HDBSCAN's spanning tree may need: a symmetric matrix of a connected graph.

    Rows contain every point's nearest neighbors, including itself, from which HDBSCAN takes its core distance. A
    distance of 0 is stored as a tiny value, because a sparse graph would have no edge there.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    points = np.ascontiguousarray(xy, dtype=np.float64)
    n = len(points)
    edges = np.concatenate([_neighbor_edges(points), _triangulation_edges(points)])
    edges.sort(axis=1)
    keys = np.unique(edges[:, 0] * n + edges[:, 1])
    start, stop = keys // n, keys % n
    start, stop = start[start != stop], stop[start != stop]
    lengths = np.linalg.norm(points[start] - points[stop], axis=1)
    itself = np.arange(n)
    tiny = float(np.ptp(points, axis=0).max()) * 1e-12
    weights = np.maximum(np.concatenate([lengths, lengths, np.zeros(n)]), tiny)
    rows, columns = np.concatenate([start, stop, itself]), np.concatenate([stop, start, itself])
    return csr_matrix((weights, (rows, columns)), shape=(n, n))


def _neighbor_edges(points: Points) -> IntArray:
    """Each point with each of its nearest neighbors: int64 (m, 2)."""
    import numpy as np
    from scipy.spatial import KDTree  # type: ignore[import-untyped]

    k = min(_GRAPH_NEIGHBORS, len(points))
    neighbors = KDTree(points).query(points, k)[1]
    return np.column_stack([np.repeat(np.arange(len(points)), k), neighbors.ravel()]).astype(np.int64)


def _triangulation_edges(points: Points) -> IntArray:
    """The edges of the Delaunay triangulation, and a chain through all points that keeps the graph connected.

    The chain follows the order of coordinates. It joins coinciding points, which are not in the triangulation, and is
    the only source of edges for collinear points, which have no triangulation.
    """
    import numpy as np
    from scipy.spatial import Delaunay, QhullError

    order = np.lexsort(points.T[::-1]).astype(np.int64)
    chain = np.column_stack([order[:-1], order[1:]])
    distinct = order[np.concatenate([[True], np.any(np.diff(points[order], axis=0) != 0, axis=1)])]
    try:
        corners = Delaunay(points[distinct]).simplices
    except QhullError:
        return chain
    sides = np.concatenate([corners[:, list(pair)] for pair in combinations(range(corners.shape[1]), 2)])
    return np.concatenate([distinct[sides], chain])
