"""Data quality: near-duplicates, hubs (neighbors of very many chunks) and outliers (without near neighbors)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

DEFAULT_THRESHOLD = 0.95
DEFAULT_LIMIT = 10_000
_BLOCK_CELLS = 16_000_000  # similarities at once, 64 MB
_MOST_ROWS = 1_024
_PAIRS_AT_ONCE = 8_192
_ROUNDING = 1e-5
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Pairs of almost equal chunks, the most similar first, then by ids.

    `pairs` are chunk ids, int64 (p, 2), the smaller id first; `scores` float32 (p,). If `is_complete` is false, the
    limit was reached, and only pairs whose first chunk is among the first `n_searched` were searched.
    """

    pairs: IntArray
    scores: FloatArray
    n_searched: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Hubs:
    """How often each chunk is among the k nearest of another: `counts` int64 (n,), k on average.

    `skewness` is the third standardized moment of the counts: near 0, all chunks occur about equally often; above 1, a
    few chunks are neighbors of much of the collection; None if it is undefined because all counts are equal.
    `top_rows` int64 are the chunks with the largest counts above 0; `n_never` is the number of chunks with count 0.
    """

    counts: IntArray
    skewness: float | None
    top_rows: IntArray
    n_never: int


@dataclass(frozen=True, slots=True)
class Outliers:
    """The chunks with the least similar nearest neighbor: `rows` int64 (m,), and that similarity, float32 (m,)."""

    rows: IntArray
    scores: FloatArray


def near_duplicates(
    ids: IntArray,
    vectors: FloatArray,
    threshold: float = DEFAULT_THRESHOLD,
    *,
    limit: int = DEFAULT_LIMIT,
    on_progress: Callable[[float], None] | None = None,
) -> NearDuplicates:
    """All pairs with a cosine similarity of at least the threshold: exact, every chunk is compared with every other.

    Similarities are rounded to six decimals, so that copies have exactly 1. 100,000 chunks take a minute of processor
    time.

    Args:
        ids: int64 (n,), ascending.
        vectors: unit vectors float32 (n, dimension).
        limit: the search stops at this number of pairs; they are the first in the order of ids.
        on_progress: called with the share of the work that is done, in [0, 1]; an exception from it ends the search.

    Raises:
        ValueError: the threshold is not from -1 to 1, the limit is below 1, or lengths differ.
    """
    import numpy as np

    if not -1.0 <= threshold <= 1.0 or limit < 1 or len(ids) != len(vectors):
        raise ValueError(
            f"Expected a threshold from -1 to 1, a limit above 0 and as many ids as vectors, got {threshold}, "
            f"{limit}, {len(ids)} and {len(vectors)}."
        )
    rows, scores, n_found = [np.empty((0, 2), np.int64)], [np.empty(0)], 0
    for candidates, n_done in _candidates(vectors, threshold):
        pairs, found = _confirmed(vectors, candidates, threshold)
        rows.append(pairs)
        scores.append(found)
        n_found += len(pairs)
        if n_found > limit:
            break
        if on_progress is not None:
            on_progress(1.0 - (1.0 - n_done / len(ids)) ** 2)
    return _sorted(ids, np.concatenate(rows), np.concatenate(scores), limit)


def _candidates(vectors: FloatArray, threshold: float) -> Iterator[tuple[IntArray, int]]:
    """Pairs of rows that may reach the threshold, int64 (p, 2), in order, and the number of rows searched so far."""
    import numpy as np

    n, start = len(vectors), 0
    memory = np.empty(max(_BLOCK_CELLS, n), np.float32)
    while start < n - 1:
        stop = min(start + max(1, min(_MOST_ROWS, _BLOCK_CELLS // (n - start))), n)
        block = memory[: (stop - start) * (n - start)]
        np.matmul(vectors[start:stop], vectors[start:].T, out=block.reshape(stop - start, n - start))
        similar = block >= threshold - _ROUNDING
        cells = np.flatnonzero(similar)
        for first in range(0, max(len(cells), 1), _PAIRS_AT_ONCE):
            left, right = np.divmod(cells[first : first + _PAIRS_AT_ONCE], n - start)
            yield np.column_stack([left, right])[right > left] + start, start
        yield np.empty((0, 2), np.int64), stop
        start = stop


def _confirmed(vectors: FloatArray, pairs: IntArray, threshold: float) -> tuple[IntArray, DoubleArray]:
    """The pairs that reach the threshold in double precision, and their scores."""
    import numpy as np

    left, right = vectors[pairs[:, 0]].astype(np.float64), vectors[pairs[:, 1]].astype(np.float64)
    scores = np.round(np.einsum("ij,ij->i", left, right).clip(-1.0, 1.0), _DECIMALS)
    is_reached = scores >= threshold
    return pairs[is_reached], scores[is_reached]


def _sorted(ids: IntArray, rows: IntArray, scores: DoubleArray, limit: int) -> NearDuplicates:
    import numpy as np

    is_complete = len(rows) <= limit
    # The chunk at which the limit was reached may have more pairs, so it counts as not searched.
    n_searched = len(ids) if is_complete else int(rows[limit, 0])
    pairs, scores = ids[rows[:limit]], scores[:limit]
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -scores))
    return NearDuplicates(pairs[order], scores[order].astype(np.float32), n_searched, is_complete)


def hubs(positions: IntArray, *, n_top: int = 10) -> Hubs:
    """k-occurrences and their skewness: Radovanović, Nanopoulos and Ivanović, "Hubs in space", JMLR 2010.

    Args:
        positions: rows of each chunk's nearest neighbors, without itself, int64 (n, k); -1 means none.

    Raises:
        ValueError: a position is not a row.
    """
    import numpy as np

    found = positions[positions >= 0]
    if len(found) and found.max() >= len(positions):
        raise ValueError(f"Neighbors must be rows of the {len(positions)} chunks, got row {found.max()}.")
    counts = np.bincount(found, minlength=len(positions)).astype(np.int64)
    order = np.argsort(-counts, kind="stable")[: max(n_top, 0)]
    return Hubs(counts, _skewness(counts), order[counts[order] > 0], int((counts == 0).sum()))


def _skewness(counts: IntArray) -> float | None:
    if not len(counts) or counts.min() == counts.max():
        return None
    beyond = counts - counts.mean()
    return float((beyond**3).mean() / (beyond**2).mean() ** 1.5)


def outliers(scores: FloatArray, *, n_top: int = 10) -> Outliers:
    """The chunks least similar to any other; ties go to the smaller row.

    Args:
        scores: similarities of each chunk's nearest neighbors, without itself, float32 (n, k), k >= 0.
    """
    import numpy as np

    if not scores.size:
        return Outliers(np.empty(0, np.int64), np.empty(0, np.float32))
    nearest = scores.max(axis=1)
    rows = np.argsort(nearest, kind="stable")[: max(n_top, 0)].astype(np.int64)
    return Outliers(rows, nearest[rows])
