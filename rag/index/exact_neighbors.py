"""Exact nearest neighbors of every vector: the reference for comparing two models, or a map with its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.index.flat import FlatIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_ROWS = 4_096
_SPARE = 8
_DECIMALS = 6
_SEARCH_ERROR = 1e-5
_BLOCK_CELLS = 4_000_000


def nearest_others(vectors: FloatArray, k: int) -> IntArray:
    """The rows of each vector's k nearest others by cosine, int64 (n, min(k, n - 1)), nearest first, ties by row.

    Cosines are computed in double precision and compared at six decimals, so that copies and vectors that differ only
    by rounding are ordered by row. FAISS finds the candidates; if other vectors may be as near as the last candidate,
    all are ranked.

    Args:
        vectors: unit vectors float32 (n, dimension); a zero vector is equally far from all.

    Raises:
        ValueError: k is below 1.
    """
    import numpy as np

    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}.")
    k = min(k, max(len(vectors) - 1, 0))
    near = np.empty((len(vectors), k), dtype=np.int64)
    if not k:
        return near
    doubles = _normalized(vectors)
    index = FlatIndex.build(np.arange(len(vectors)), doubles.astype(np.float32))
    for start in range(0, len(vectors), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(vectors)))
        near[rows], is_doubtful = _among_candidates(index, doubles, rows, k)
        _rank_all(near, doubles, rows[is_doubtful])
    return near


def _normalized(vectors: FloatArray) -> DoubleArray:
    """Normalize in double precision; zero vectors stay zero."""
    import numpy as np

    doubles = vectors.astype(np.float64)
    lengths = np.linalg.norm(doubles, axis=1, keepdims=True)
    normalized: DoubleArray = doubles / np.where(lengths > 0, lengths, 1.0)
    return normalized


def _among_candidates(
    index: FlatIndex, doubles: DoubleArray, rows: IntArray, k: int
) -> tuple[IntArray, NDArray[np.bool_]]:
    """The rows' nearest among slightly more than k candidates, and whether a non-candidate may be as near."""
    import numpy as np

    scores, found = index.search(doubles[rows].astype(np.float32), k + 1 + _SPARE)
    cosines = np.stack([np.einsum("rd,rd->r", doubles[rows], doubles[column]) for column in found.T], axis=1)
    cosines = cosines.round(_DECIMALS)
    cosines[found == rows[:, None]] = -np.inf
    order = np.lexsort((found, -cosines), axis=1)[:, :k]
    last = np.take_along_axis(cosines, order[:, -1:], axis=1)[:, 0]
    is_doubtful = (last <= scores[:, -1] + _SEARCH_ERROR) & (found.shape[1] < len(doubles))
    return np.take_along_axis(found, order, axis=1), is_doubtful


def _rank_all(near: IntArray, doubles: DoubleArray, rows: IntArray) -> None:
    """Rank all vectors for these rows and store their nearest in `near`."""
    import numpy as np

    n, k = near.shape
    n_rows = max(1, _BLOCK_CELLS // n)
    for start in range(0, len(rows), n_rows):
        block = rows[start : start + n_rows]
        cosines = (doubles[block] @ doubles.T).round(_DECIMALS)
        cosines[np.arange(len(block)), block] = -np.inf
        for row, similar in zip(block.tolist(), cosines, strict=True):
            candidates = np.flatnonzero(similar >= np.partition(similar, n - k)[n - k])
            near[row] = candidates[np.argsort(-similar[candidates], kind="stable")[:k]]
