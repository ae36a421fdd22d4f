"""Wrong context: passages on another topic, to test whether a model notices that they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag import config

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_FAR_SHARE = 10
_CLOSE_SHARE = 10
_MOST_CENTRES = 64


def wrong_context(
    ids: IntArray,
    vectors: FloatArray,
    hit_ids: Sequence[int],
    query_vector: FloatArray,
    k: int,
    seed: int = config.SEED,
) -> list[int]:
    """Ids of k chunks that are similar to each other and dissimilar to the question and its hits; hits are excluded.

    They are a chunk and its nearest neighbors, so that they share a topic. The chunk is drawn at random from the 10%
    least similar to the question and the hits (at most 64 of them), and of these from the 10% with the closest
    neighbors. It comes first, then its neighbors, nearest first.

    Args:
        ids: int64 (n,).
        vectors: the chunks' unit vectors float32 (n, dimension), in the order of `ids`.
        hit_ids: the chunks retrieved for the question; ids that are not in `ids` are ignored.
        query_vector: the question's unit vector float32 (dimension,).

    Returns:
        k ids, or fewer if fewer chunks are not hits; the same for the same input and seed.
    """
    import numpy as np

    others = np.flatnonzero(~np.isin(ids, np.asarray(hit_ids, dtype=np.int64)))
    if k < 1 or not len(others):
        return []
    hits = vectors[np.isin(ids, np.asarray(hit_ids, dtype=np.int64))]
    nearness = (vectors[others] @ np.vstack([query_vector[None], hits]).T).max(axis=1)
    far = others[np.argsort(nearness, kind="stable")[: -(-len(others) // _FAR_SHARE)]]
    rng = np.random.default_rng(seed)
    centres = np.sort(rng.choice(far, min(len(far), _MOST_CENTRES), replace=False))
    similarity = vectors[centres] @ vectors[others].T
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    closeness = np.take_along_axis(similarity, nearest, axis=1).mean(axis=1)
    closest = np.argsort(-closeness, kind="stable")[: -(-len(centres) // _CLOSE_SHARE)]
    chosen: list[int] = ids[others[nearest[rng.choice(closest)]]].tolist()
    return chosen
