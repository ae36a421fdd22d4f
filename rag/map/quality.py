"""Map quality: how well a map preserves the neighborhoods of the embeddings, in total and per chunk.

Trustworthiness and continuity: Venna and Kaski, "Neighborhood preservation in nonlinear projection methods: an
experimental study", ICANN 2001. The plot of distance pairs: Shepard, "The analysis of proximities", 1962.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag import config

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_BLOCK_CELLS = 16_000_000  # distances per block, 64 MB; two blocks are in memory at a time
_BLOCK_VECTORS = 4_096
_BLOCK_PAIRS = 8_192


@dataclass(frozen=True, slots=True)
class MapQuality:
    """How well a map preserves the k nearest neighbors; every figure is in [0, 1], higher is better.

    `trustworthiness` is lowered by chunks that are near on the map but not in the embeddings, in proportion to their
    true rank; `continuity` by chunks that are near in the embeddings but not on the map, in proportion to their rank
    on the map.
    `neighbor_preservation` is the mean share of a chunk's k nearest that are among its k nearest on the map. The
    `chunk_` arrays, float32 (n_evaluated,), hold the same for the chunks at `rows`, int64, ascending; their means are
    the global figures. If `is_sample`, `rows` are only a sample; each was still ranked against all chunks.
    """

    trustworthiness: float
    continuity: float
    neighbor_preservation: float
    rows: IntArray
    chunk_trustworthiness: FloatArray
    chunk_continuity: FloatArray
    chunk_preservation: FloatArray
    k: int
    is_sample: bool


@dataclass(frozen=True, slots=True)
class DistancePairs:
    """Pairs of chunks, int64 (m, 2), with their distances in the embeddings and on the map, float32 (m,).

    Cosine distance is in [0, 2], map distance in map units. `rank_correlation` is Spearman's, in
    [-1, 1]; None if it is undefined because one of the distances is equal for all pairs.
    """

    rows: IntArray
    cosine_distances: FloatArray
    map_distances: FloatArray
    rank_correlation: float | None


def measure_map(
    vectors: FloatArray, xy: FloatArray, *, k: int = 10, sample: int | None = 2_000, seed: int = config.SEED
) -> MapQuality | None:
    """Compare each chunk's k nearest by cosine with its k nearest on the map, without itself.

    Equal distances are ordered by row, so copies of a chunk count as lost or false neighbors of each other if the map
    orders them differently. Needs about 150 MB in addition to the input, for any number of chunks.

    Args:
        vectors: unit vectors float32 (n, dimension).
        xy: their coordinates float32 (n, 2), or (n, 3).
        sample: the largest number of chunks evaluated, drawn by `seed`; None evaluates all.

    Returns:
        The figures, or None if they are undefined: they need more than 2k chunks, as in scikit-learn.

    Raises:
        ValueError: vectors and coordinates differ in number, or k or sample is below 1.
    """
    import numpy as np

    n = len(vectors)
    _require_same_length(vectors, xy)
    if k < 1 or (sample is not None and sample < 1):
        raise ValueError(f"k and sample must be 1 or more, got {k} and {sample}.")
    if n <= 2 * k:
        return None
    rows = _evaluated(n, sample, seed)
    axes = np.ascontiguousarray(xy.T, dtype=np.float64)
    figures = np.empty((len(rows), 3))
    for i, (row, true) in enumerate(zip(rows.tolist(), _true_distances(vectors, rows), strict=True)):
        figures[i] = _chunk_figures(true, _drawn_distances(axes, row), k)
    return _summary(figures, rows, k, len(rows) < n)


def _summary(figures: DoubleArray, rows: IntArray, k: int, is_sample: bool) -> MapQuality:
    import numpy as np

    trustworthiness, continuity, preservation = figures.mean(axis=0).tolist()
    by_chunk = np.ascontiguousarray(figures.T, dtype=np.float32)
    return MapQuality(
        trustworthiness, continuity, preservation, rows, by_chunk[0], by_chunk[1], by_chunk[2], k, is_sample
    )


def _require_same_length(vectors: FloatArray, xy: FloatArray) -> None:
    if len(vectors) != len(xy):
        raise ValueError(f"A map needs one position per vector, got {len(vectors)} vectors and {len(xy)} positions.")


def _evaluated(n: int, sample: int | None, seed: int) -> IntArray:
    import numpy as np

    if sample is None or n <= sample:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n, sample, replace=False)).astype(np.int64)


def _true_distances(vectors: FloatArray, rows: IntArray) -> Iterator[FloatArray]:
    """For each of the rows, its negated cosine similarity to all, float32 (n,), infinite to itself.

    Computed in double precision and then rounded, because a matrix product may differ in the last bits for equal
    columns, and equal chunks must be equally far.
    """
    import numpy as np

    n = len(vectors)
    n_rows = max(1, _BLOCK_CELLS // n)
    for start in range(0, len(rows), n_rows):
        block = rows[start : start + n_rows]
        wanted = _normalized(vectors[block])
        distances = np.empty((len(block), n), dtype=np.float32)
        for first in range(0, n, _BLOCK_VECTORS):
            others = _normalized(vectors[first : first + _BLOCK_VECTORS])
            distances[:, first : first + _BLOCK_VECTORS] = -(wanted @ others.T)
        distances[np.arange(len(block)), block] = np.inf
        yield from distances


def _normalized(vectors: FloatArray) -> DoubleArray:
    import numpy as np

    doubles = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", doubles, doubles))
    normalized: DoubleArray = doubles / np.maximum(lengths, 1e-12)[:, None]
    return normalized


def _drawn_distances(axes: DoubleArray, row: int) -> DoubleArray:
    """Squared distances on the map from one chunk to all, float64 (n,), infinite to itself."""
    import numpy as np

    squared = np.zeros(axes.shape[1])
    for axis in axes:
        squared += (axis - axis[row]) ** 2
    squared[row] = np.inf
    return squared


def _chunk_figures(true: FloatArray, drawn: DoubleArray, k: int) -> tuple[float, float, float]:
    """Trustworthiness, continuity and preservation of one chunk.

    The worst k neighbors have the last k ranks, whose excess over k sums to k (2n - 3k - 1) / 2; dividing by this gives
    figures in [0, 1].
    """
    truly_near, drawn_near = _nearest(true, k), _nearest(drawn, k)
    intruders, lost = drawn_near - truly_near, truly_near - drawn_near
    worst = k * (2 * len(true) - 3 * k - 1) / 2
    return (
        1.0 - sum(_rank(true, row) - k for row in intruders) / worst,
        1.0 - sum(_rank(drawn, row) - k for row in lost) / worst,
        1.0 - len(lost) / k,
    )


def _nearest(distances: FloatArray | DoubleArray, k: int) -> set[int]:
    """The rows of the k smallest distances; ties go to the smaller row."""
    import numpy as np

    kth = np.partition(distances, k - 1)[k - 1]
    candidates = np.flatnonzero(distances <= kth)
    order = np.argsort(distances[candidates], kind="stable")[:k]
    return set(candidates[order].tolist())


def _rank(distances: FloatArray | DoubleArray, row: int) -> int:
    """The rank of a row among the neighbors, from 1."""
    import numpy as np

    distance = distances[row]
    return 1 + int(np.count_nonzero(distances < distance)) + int(np.count_nonzero(distances[:row] == distance))


def distance_pairs(vectors: FloatArray, xy: FloatArray, n_pairs: int = 5_000, seed: int = config.SEED) -> DistancePairs:
    """Distances of random pairs of different chunks, without repetition; of all pairs if there are no more.

    Args:
        vectors: unit vectors float32 (n, dimension).
        xy: their coordinates float32 (n, 2), or (n, 3).

    Raises:
        ValueError: vectors and coordinates differ in number, or n_pairs is below 0.
    """
    import numpy as np

    _require_same_length(vectors, xy)
    rows = _random_pairs(len(vectors), n_pairs, seed)
    cosine, drawn = np.empty(len(rows)), np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK_PAIRS):
        block = slice(start, start + _BLOCK_PAIRS)
        left, right = rows[block].T
        cosine[block] = 1.0 - np.einsum("ij,ij->i", _normalized(vectors[left]), _normalized(vectors[right]))
        drawn[block] = np.linalg.norm(xy[left].astype(np.float64) - xy[right], axis=1)
    cosine_distances, map_distances = cosine.clip(0.0, 2.0).astype(np.float32), drawn.astype(np.float32)
    return DistancePairs(rows, cosine_distances, map_distances, _spearman(cosine_distances, map_distances))


def _random_pairs(n: int, n_pairs: int, seed: int) -> IntArray:
    """Different pairs (smaller row, larger row), int64 (m, 2).

    A pair is drawn as its number, which is larger * (larger - 1) / 2 + smaller.
    """
    import numpy as np

    if n_pairs < 0:
        raise ValueError(f"The number of pairs must be 0 or more, got {n_pairs}.")
    n_all = n * (n - 1) // 2
    if n_pairs < n_all:
        numbers = np.sort(np.random.default_rng(seed).choice(n_all, n_pairs, replace=False)).astype(np.int64)
    else:
        numbers = np.arange(n_all, dtype=np.int64)
    larger = ((1.0 + np.sqrt(1.0 + 8.0 * numbers)) / 2.0).astype(np.int64)
    return np.stack([numbers - larger * (larger - 1) // 2, larger], axis=1)


def _spearman(first: FloatArray, second: FloatArray) -> float | None:
    """Spearman's rank correlation: Pearson's of the ranks, with mean ranks for ties."""
    import numpy as np

    if not len(first) or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(_mean_ranks(first), _mean_ranks(second))[0, 1])


def _mean_ranks(values: FloatArray) -> DoubleArray:
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: DoubleArray = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return ranks
