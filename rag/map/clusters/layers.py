"""Layers of clusters, from coarse to fine: each cluster of a layer lies within one cluster of the layer before it.

The finest layer are the leaves of HDBSCAN's tree. They are joined along this tree, always the two with the smallest
gap, until 30 are left, or twice as many as the default layer has. The tree's top joins one small cluster after another
to one that has nearly all points, so coarser layers are joined in the manner of Ward (1963) instead: always the two
clusters whose union spreads least on the map, where clusters with similar mean embeddings count as closer.
`python -m bench.topics` compares this with k-means and with the tree alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.map.clusters.density import (
    DEFAULT_COARSENESS,
    MIN_SAMPLES,
    UNCLUSTERED,
    distances,
    found_in,
    has_clusters,
    largest_first,
    smallest_cluster,
    unclustered,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from rag.types import FloatArray, IntArray

    BoolArray = NDArray[np.bool_]

_FEWEST = 3
_ADDED_SHARE = 4
_CANDIDATES = 10
_LEFT_BY_TREE = 30
_LARGE_FRACTION = 3


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers of clusters, the coarsest first; no layer if nothing is dense enough.

    `finest` int64 (n,) is the finest cluster of each point, or -1 for unclustered, which it is in every layer.
    `joined` has for each layer the number, from 0, of the cluster that each finest cluster is in. `default` is the
    index of the layer to show first.
    """

    finest: IntArray
    joined: tuple[tuple[int, ...], ...] = ()
    default: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of clusters in each layer, ascending."""
        return tuple(len(set(numbers)) for numbers in self.joined)

    def labels(self, layer: int) -> IntArray:
        """The cluster of each point in a layer: int64 (n,), 0 is the largest, -1 is unclustered.

        Raises:
            IndexError: there is no such layer.
        """
        import numpy as np

        if not self.joined:
            return unclustered(len(self.finest))
        # The last entry is what the label -1 of the unclustered points stays.
        return largest_first(np.array([*self.joined[layer], UNCLUSTERED], dtype=np.int64)[self.finest])


def find_layers(xy: FloatArray, vectors: FloatArray) -> Layers:
    """Find the layers of clusters of a map.

    The coarsest layer has three clusters, or two if there are no more; each further one has about a quarter more, at
    least one. The default one has as many as HDBSCAN finds with DEFAULT_COARSENESS, or as many
    parts as it finds of clusters with more than a third of the points.

    Args:
        xy: coordinates, float32 (n, 2) or (n, 3), finite.
        vectors: the embeddings of the same chunks, float32 (n, dimension).

    Raises:
        ValueError: a coordinate is not finite.
    """
    import numpy as np

    if not has_clusters(xy):
        return Layers(unclustered(len(xy)))
    graph = distances(xy)
    leaves = found_in(graph, smallest_cluster(len(xy), 0.0), leaves=True)
    n_finest = int(leaves.max()) + 1
    if not n_finest:
        return Layers(leaves)
    shown_first = _shown_first(graph, len(xy))
    n_default = int(shown_first.max()) + 1
    far = far_from_all(xy, shown_first if n_default else leaves)
    finest = _join_nearest(xy, vectors, leaves, np.flatnonzero((leaves < 0) & ~far))
    counts = layer_counts(n_default, n_finest)
    by_tree = max(_LEFT_BY_TREE, 2 * n_default)
    joined = _join_clusters(xy, vectors, finest, _gaps(xy, finest, graph), counts, by_tree)
    return Layers(finest, joined, counts.index(max(n_default, counts[0])))


def _shown_first(graph: csr_matrix, n: int) -> IntArray:
    """HDBSCAN's clusters with the default setting, and those with the parts of very large ones if these are more.

    Of the same texts, it may find ten clusters in one layout, and in another two that hold all of them.
    """
    import numpy as np

    size, most = smallest_cluster(n, DEFAULT_COARSENESS), n // _LARGE_FRACTION
    found = found_in(graph, size)
    if np.bincount(found[found >= 0], minlength=1).max() <= most:
        return found
    parts = found_in(graph, size, most=most)
    return parts if parts.max() > found.max() else found


def layer_counts(n_default: int, n_finest: int) -> tuple[int, ...]:
    """The numbers of clusters of the layers, ascending: from about three over the default one to the finest."""
    fewest = min(_FEWEST, n_finest) if n_default < 2 else min(_FEWEST, n_default)
    counts = [max(n_default, fewest)]
    while counts[0] > fewest:
        counts.insert(0, max(fewest, counts[0] - max(1, counts[0] // (_ADDED_SHARE + 1))))
    while counts[-1] < n_finest:
        counts.append(min(n_finest, counts[-1] + max(1, counts[-1] // _ADDED_SHARE)))
    return tuple(counts)


def far_from_all(xy: FloatArray, labels: IntArray) -> BoolArray:
    """Which points are far from all clusters: bool (n,).

    Such a point is in no cluster, and its distance to the nearest point of one is more than the radius of that cluster:
    the root mean square distance from its center.
    """
    import numpy as np
    from scipy.spatial import KDTree  # type: ignore[import-untyped]

    inside = labels >= 0
    gaps, nearest = KDTree(xy[inside]).query(xy[~inside])
    far = np.zeros(len(xy), dtype=np.bool_)
    far[~inside] = gaps > _radii(xy, labels)[labels[inside][nearest]]
    return far


def _radii(xy: FloatArray, labels: IntArray) -> FloatArray:
    """The root mean square distance of each cluster's points from their center, float64 (clusters,)."""
    import numpy as np

    inside = labels[labels >= 0]
    squares = ((xy[labels >= 0] - _means(xy, labels)[inside]) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.bincount(inside, squares) / np.bincount(inside)))


def _join_nearest(xy: FloatArray, vectors: FloatArray, labels: IntArray, rows: IntArray) -> IntArray:
    """Let the points in these rows join a cluster: of those of the ten nearest clustered points, the most similar.

    Similar is the mean embedding, by cosine. HDBSCAN's leaves are only the densest parts of a map.
    """
    import numpy as np
    from scipy.spatial import KDTree

    inside = np.flatnonzero(labels >= 0)
    nearest = KDTree(xy[inside]).query(xy[rows], list(range(1, min(_CANDIDATES, len(inside)) + 1)))[1]
    candidates = labels[inside][nearest]
    means = _unit(_means(vectors, labels))
    similarities = np.take_along_axis(vectors[rows] @ means.T, candidates, axis=1)
    joined = labels.copy()
    joined[rows] = candidates[np.arange(len(rows)), similarities.argmax(axis=1)]
    return joined


def _means(values: FloatArray, labels: IntArray) -> FloatArray:
    """The mean of each cluster's rows, float64 (clusters, columns)."""
    import numpy as np

    return np.stack([values[labels == label].mean(axis=0, dtype=np.float64) for label in range(labels.max() + 1)])


def _unit(vectors: FloatArray) -> FloatArray:
    """The vectors with length 1; one of length 0 stays as it is."""
    import numpy as np

    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _gaps(xy: FloatArray, labels: IntArray, graph: csr_matrix) -> FloatArray:
    """The smallest mutual reachability distance of two clusters' points in the graph; infinite if there is no edge.

    Returns:
        float64 (clusters, clusters).
    """
    import numpy as np
    from scipy.spatial import KDTree

    edges = graph.tocoo()
    core = KDTree(xy).query(xy, [MIN_SAMPLES])[0][:, 0]
    lengths = np.maximum.reduce([edges.data, core[edges.row], core[edges.col]])
    one, other = labels[edges.row], labels[edges.col]
    between = (one >= 0) & (other >= 0) & (one != other)
    gaps = np.full((labels.max() + 1, labels.max() + 1), np.inf)
    np.minimum.at(gaps, (one[between], other[between]), lengths[between])
    return gaps


def _join_clusters(
    xy: FloatArray, vectors: FloatArray, finest: IntArray, gaps: FloatArray, counts: Sequence[int], by_tree: int
) -> tuple[tuple[int, ...], ...]:
    """For each count the cluster, of so many, that each finest cluster is in.

    Args:
        gaps: of the finest clusters; above `by_tree` clusters, those with the smallest gap are joined.
    """
    import numpy as np

    sizes = np.bincount(finest[finest >= 0])
    numbers = np.arange(len(sizes))
    layers = {len(sizes): tuple(numbers.tolist())}
    centers, means = _means(xy, finest), _means(vectors, finest)
    for n_left, kept, gone in _unions(centers, means, sizes.astype(np.float64), gaps, by_tree):
        numbers[numbers == gone] = kept
        layers[n_left] = tuple(np.unique(numbers, return_inverse=True)[1].tolist())
    return tuple(layers[count] for count in counts)


def _unions(
    centers: FloatArray, means: FloatArray, sizes: FloatArray, gaps: FloatArray, by_tree: int
) -> Iterator[tuple[int, int, int]]:
    """Join two clusters after the other until one is left: how many are left, the one kept and the one gone.

    Args:
        centers: the mean coordinates of the clusters.
        means: their mean embeddings.
    """
    import numpy as np

    centers, means, sizes, gaps = centers.copy(), means.copy(), sizes.copy(), gaps.copy()
    left = list(range(len(sizes)))
    while len(left) > 1:
        costs = gaps[np.ix_(left, left)]
        if len(left) <= by_tree or not np.isfinite(costs).any():
            costs = _costs(centers[left], means[left], sizes[left])
        np.fill_diagonal(costs, np.inf)
        kept, gone = (left[one] for one in divmod(int(costs.argmin()), len(left)))
        total = sizes[kept] + sizes[gone]
        for values in (centers, means):
            values[kept] = (values[kept] * sizes[kept] + values[gone] * sizes[gone]) / total
        sizes[kept] = total
        gaps[kept] = np.minimum(gaps[kept], gaps[gone])
        gaps[:, kept] = gaps[kept]
        gaps[kept, kept] = np.inf
        left.remove(gone)
        yield len(left), kept, gone


def _costs(centers: FloatArray, means: FloatArray, sizes: FloatArray) -> FloatArray:
    """What joining two clusters costs: how much they spread together, times the cosine distance of their embeddings.

    Ward's growth of the sum of squared distances from the centers is the spread. Returns float64 (clusters, clusters).
    """
    import numpy as np

    spread = ((centers[:, None] - centers[None]) ** 2).sum(axis=2)
    spread *= sizes[:, None] * sizes[None] / (sizes[:, None] + sizes[None])
    directions = _unit(means)
    return np.asarray(spread * np.maximum(1.0 - directions @ directions.T, 0.0))
