"""Clustering: HDBSCAN on the coordinates of a map, from fine to coarse."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from rag.map.cluster_terms import ClusterSummary, summarize_clusters
from rag.map.points import UNCLUSTERED_NAME
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic import TypeAdapter
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from rag.types import FloatArray, IntArray

    Points = NDArray[np.float64]

UNCLUSTERED = -1
DEFAULT_COARSENESS = 0.35
_MIN_SAMPLES = 5
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
    import numpy as np
    from sklearn.cluster import HDBSCAN

    if not np.isfinite(xy).all():
        raise ValueError("a map's coordinates must be finite; recompute the layout")
    size = smallest_cluster(len(xy), coarseness)
    if len(xy) < 2 * _SMALLEST_CLUSTER or not np.ptp(xy, axis=0).any():
        return np.full(len(xy), UNCLUSTERED, dtype=np.int64)
    method = HDBSCAN(
        min_cluster_size=size, min_samples=_MIN_SAMPLES, metric="precomputed", algorithm="brute", n_jobs=1, copy=True
    )
    return _largest_first(method.fit_predict(_distances(xy)).astype(np.int64))


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


def _largest_first(found: IntArray) -> IntArray:
    """Renumber clusters by size, then by first row."""
    import numpy as np

    labels = np.full(len(found), UNCLUSTERED, dtype=np.int64)
    names, first, sizes = np.unique(found[found >= 0], return_index=True, return_counts=True)
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.lexsort((first, -sizes))] = np.arange(len(names))
    labels[found >= 0] = ranks[found[found >= 0]]
    return labels


def _distances(xy: FloatArray) -> csr_matrix:
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


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of a layout: `labels` int64 (n,), the cluster of each chunk or -1, and a summary of each cluster."""

    labels: IntArray
    summaries: tuple[ClusterSummary, ...]

    def names_by_label(self) -> dict[int, str]:
        """The name of each cluster; duplicate names get a number."""
        shown: dict[int, str] = {}
        for summary in self.summaries:
            taken = summary.name in shown.values()
            shown[summary.label] = f"{summary.name} ({summary.label + 1})" if taken else summary.name
        return shown

    def names(self) -> list[str]:
        """The name of each chunk's cluster."""
        shown = self.names_by_label()
        return [shown.get(label, UNCLUSTERED_NAME) for label in self.labels.tolist()]

    def renamed(self, names: Mapping[int, str]) -> Clusters:
        """The same clusters, with new names for these labels."""
        summaries = (replace(one, name=names.get(one.label, one.name)) for one in self.summaries)
        return Clusters(self.labels, tuple(summaries))


def find_clusters(collection: Collection, layout: Projection, coarseness: float = DEFAULT_COARSENESS) -> Clusters:
    """The clusters of a layout, from the cache or computed.

    Args:
        coarseness: from 0, many small clusters, to 1, few large ones.
    """
    path = _path(collection, layout, coarseness)
    content = artifacts.read_cached(path)
    if content is not None:
        return _from_bytes(content)
    found = _compute_clusters(collection, layout, coarseness)
    artifacts.write_cached(path, _to_bytes(found))
    return found


def _compute_clusters(collection: Collection, layout: Projection, coarseness: float) -> Clusters:
    labels = cluster(layout.xy, coarseness)
    texts = {chunk.chunk_id: chunk.text for chunk in collection.chunks()}
    layout_texts = [texts.get(chunk_id, "") for chunk_id in layout.chunk_ids.tolist()]
    return Clusters(labels, summarize_clusters(layout_texts, labels, vectors_of(collection, layout), layout.xy))


def vectors_of(collection: Collection, layout: Projection) -> FloatArray:
    """The embeddings of the layout's chunks, float32 (n, dimension), in its order; zeros for a deleted chunk."""
    import numpy as np

    ids, vectors = collection.embeddings()
    vectors_in_order = np.zeros((len(layout.chunk_ids), vectors.shape[1]), dtype=np.float32)
    there = np.isin(layout.chunk_ids, ids)
    vectors_in_order[there] = vectors[ids.searchsorted(layout.chunk_ids[there])]
    return vectors_in_order


def _path(collection: Collection, layout: Projection, coarseness: float) -> Path:
    """Cache path: clusters depend only on coordinates and coarseness."""
    content = layout.chunk_ids.tobytes() + layout.xy.tobytes() + f"{coarseness:.3f}".encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return collection.cache_folder / f"clusters-{digest}.{collection.uid[:12]}"


def _to_bytes(clusters: Clusters) -> bytes:
    rows = [asdict(summary) for summary in clusters.summaries]
    return json.dumps({"labels": clusters.labels.tolist(), "summaries": rows}).encode()


def _from_bytes(content: bytes) -> Clusters:
    import numpy as np

    stored = _stored_adapter().validate_json(content, strict=True)
    return Clusters(np.array(stored.labels, dtype=np.int64), stored.summaries)


@dataclass(frozen=True, slots=True)
class _Stored:
    labels: list[int]
    summaries: tuple[ClusterSummary, ...]


@cache
def _stored_adapter() -> TypeAdapter[_Stored]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Stored)
