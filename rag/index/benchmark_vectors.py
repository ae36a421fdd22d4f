"""Vectors for the index benchmark: the collection's, and synthetic ones interpolated from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import config
from rag.errors import ExplorerError
from rag.index.kinds import build
from rag.index.spec import IndexSpec

if TYPE_CHECKING:
    from rag.types import FloatArray

N_QUERIES = 200
_NEIGHBORS = 8
_ENLARGE_BATCH = 4096


def benchmark_vectors(vectors: FloatArray, n: int = 0, seed: int = config.SEED) -> tuple[FloatArray, FloatArray]:
    """The vectors to index, extended to n by `enlarge`, and 200 synthetic queries.

    Raises:
        ExplorerError: there are no vectors.
    """
    if not len(vectors):
        raise ExplorerError("The collection has no chunks to measure an index on. Add documents first.")
    size = max(n, len(vectors))
    enlarged = enlarge(vectors, size + N_QUERIES, seed)
    return enlarged[:size], enlarged[size:]


def enlarge(vectors: FloatArray, n: int, seed: int = config.SEED) -> FloatArray:
    """Extend `vectors` with synthetic ones to n in total, to test an index at a larger size than the collection.

    A synthetic vector is a random real one plus noise: the difference to each of its 8 nearest real neighbors times a
    normal random number of variance 1/8. So it moves about as far as its neighbors lie, in directions that occur in
    the collection. All are unit vectors. A vector without neighbors other than copies is copied. Synthetic vectors
    have no text: they measure speed and recall, and must not be shown as neighbors.

    Args:
        vectors: unit vectors, float32 (m, dimension), m at least 1.
        n: the number of vectors wanted; if m >= n, `vectors` are returned unchanged.
        seed: for the random choice and the noise.

    Returns:
        Float32 (max(m, n), dimension): first `vectors`, then the synthetic ones.

    Raises:
        ValueError: there are no vectors.
    """
    import numpy as np

    if not len(vectors):
        raise ValueError("At least one vector is needed.")
    generator = np.random.default_rng(seed)
    index = build(IndexSpec("flat"), np.arange(len(vectors)), vectors)
    made = [vectors]
    for start in range(len(vectors), n, _ENLARGE_BATCH):
        origin = vectors[generator.integers(0, len(vectors), min(_ENLARGE_BATCH, n - start))]
        ways = vectors[index.search(origin, _NEIGHBORS + 1)[1]] - origin[:, None]
        noise = generator.standard_normal(ways.shape[:2], dtype=np.float32) / np.sqrt(np.float32(_NEIGHBORS))
        moved = origin + np.einsum("mk,mkd->md", noise, ways)
        made.append(moved / np.linalg.norm(moved, axis=1, keepdims=True))
    return np.concatenate(made)
