"""Vectors to try an index on: a collection's own, and made-up ones where it has not enough."""

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


def lab_vectors(vectors: FloatArray, n: int = 0, seed: int = config.SEED) -> tuple[FloatArray, FloatArray]:
    """The vectors to build from, filled up to n by `enlarge`, and 200 made-up queries that lie among them.

    Raises:
        ExplorerError: there are no vectors.
    """
    if not len(vectors):
        raise ExplorerError("There are no chunks to measure an index on. Add documents first.")
    size = max(n, len(vectors))
    enlarged = enlarge(vectors, size + N_QUERIES, seed)
    return enlarged[:size], enlarged[size:]


def enlarge(vectors: FloatArray, n: int, seed: int = config.SEED) -> FloatArray:
    """`vectors` and as many made-up ones as it takes to be n: to try an index at a size that a collection has not.

    A made-up vector is a real one, drawn at random, plus noise: the way to each of its 8 nearest real neighbors times
    a normal number of variance 1/8, so that it moves about as far as they lie, in the directions that the collection
    has. All are unit vectors. A vector whose neighbors are copies of it, or that has none, is copied.
    No text stands behind the made-up ones: they measure speed and recall, and must not be shown as neighbors.

    Args:
        vectors: unit vectors, float32 (m, dimension), m at least 1.
        n: how many are wanted; where m is n or more, `vectors` come back as they are.
        seed: of the choice and of the noise.

    Returns:
        Float32 (max(m, n), dimension): first `vectors`, then the made-up ones.

    Raises:
        ValueError: there are no vectors.
    """
    import numpy as np

    if not len(vectors):
        raise ValueError("There must be at least one vector to enlarge from.")
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
