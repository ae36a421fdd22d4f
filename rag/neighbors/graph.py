"""Similarity among a few chunks: a similarity matrix, mutual neighbors, and a small 2D graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]
    MaskArray = NDArray[np.bool_]

_EPSILON = 1e-9
_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class NeighborGraph:
    """A graph of chunks, each joined to its nearest neighbors among them.

    `xy` float32 (m, 2), coordinates; `edges` int64 (e, 2), rows with the smaller first; `scores` float32 (e,), the
    edges' similarities; `is_mutual` bool (e,), whether each is among the nearest of the other.
    """

    xy: FloatArray
    edges: IntArray
    scores: FloatArray
    is_mutual: MaskArray


def similarity_matrix(vectors: FloatArray) -> FloatArray:
    """Pairwise cosine similarities, float32 (m, m), symmetric, in [-1, 1]; 0 for zero vectors."""
    import numpy as np

    return _similarities(vectors).astype(np.float32)


def _similarities(vectors: FloatArray) -> DoubleArray:
    import numpy as np

    doubles = vectors.astype(np.float64)
    lengths = np.linalg.norm(doubles, axis=1, keepdims=True)
    units = np.divide(doubles, lengths, out=np.zeros_like(doubles), where=lengths > 0)
    products = units @ units.T
    rounded: DoubleArray = np.round((products + products.T) / 2.0, _DECIMALS).clip(-1.0, 1.0)
    return rounded


def mutual(chosen: IntArray, chunk_ids: IntArray, positions: IntArray) -> IntArray:
    """Pairs of the chosen chunks that are mutual nearest neighbors in the whole collection.

    Args:
        chosen: chunk ids, int64 (m,); ids that are not in `chunk_ids` have no neighbors.
        chunk_ids: int64 (n,), ascending.
        positions: rows of each chunk's nearest neighbors, int64 (n, k), as in a NeighborTable; -1 means none.

    Returns:
        Pairs of chunk ids, int64 (p, 2), the smaller id first, ascending.
    """
    import numpy as np

    rows = np.flatnonzero(np.isin(chunk_ids, chosen))
    near = (positions[rows][:, :, None] == rows).any(axis=1)
    pairs = np.argwhere(np.triu(near & near.T, 1))
    return chunk_ids[rows[pairs]].reshape(-1, 2).astype(np.int64)


def neighbor_graph(vectors: FloatArray, *, n_nearest: int = 3) -> NeighborGraph:
    """Join each vector to its n nearest among these; ties go to the smaller row.

    Args:
        vectors: unit vectors float32 (m, dimension); at most a few dozen, because the work grows with m cubed.

    Raises:
        ValueError: n_nearest is below 1.
    """
    import numpy as np

    if n_nearest < 1:
        raise ValueError(f"n_nearest must be 1 or more, and is {n_nearest}.")
    similarities = _similarities(vectors)
    m = len(similarities)
    others = np.where(np.eye(m, dtype=np.bool_), -np.inf, similarities)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : max(min(n_nearest, m - 1), 0)]
    is_near = np.zeros((m, m), dtype=np.bool_)
    np.put_along_axis(is_near, nearest, True, axis=1)
    edges = np.argwhere(np.triu(is_near | is_near.T, 1)).astype(np.int64).reshape(-1, 2)
    left, right = edges.T
    return NeighborGraph(
        _scaled(similarities), edges, similarities[left, right].astype(np.float32), (is_near & is_near.T)[left, right]
    )


def _scaled(similarities: DoubleArray) -> FloatArray:
    """2D coordinates float32 (m, 2) that approximate the Euclidean distances of unit vectors, sqrt(2 - 2 cos).

    Classical scaling (Torgerson, "Multidimensional scaling: I. Theory and method", 1952): from squared distances,
    double-centered, the two largest axes. The sign of each axis makes its largest coordinate positive.
    """
    import numpy as np

    m = len(similarities)
    places = np.zeros((m, 2))
    if m < 2:
        return places.astype(np.float32)
    squared = 2.0 - 2.0 * similarities
    np.fill_diagonal(squared, 0.0)
    means = squared.mean(axis=0)
    values, axes = np.linalg.eigh(-0.5 * (squared - means - means[:, None] + means.mean()))
    for axis, place in enumerate(range(m - 1, max(m - 3, -1), -1)):
        if values[place] > _EPSILON:
            direction = axes[:, place]
            places[:, axis] = direction * np.sqrt(values[place]) * _sign(direction)
    return places.astype(np.float32)


def _sign(direction: DoubleArray) -> float:
    """The sign of the component with the largest absolute value; of equal ones, the first."""
    import numpy as np

    first = int(np.round(np.abs(direction), _DECIMALS).argmax())
    return 1.0 if direction[first] >= 0 else -1.0
