"""Sampling: which chunks of a collection are read where reading all of them would be too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import config

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.store.collection import Collection
    from rag.types import IntArray


def sample_of(ids: IntArray, most: int, seed: int = config.SEED) -> IntArray:
    """A random sample of at most `most` ids, int64, ascending; always the same for the same ids and seed.

    Those with the smallest hashes are drawn, so that a new or deleted chunk changes the sample by one chunk at most.
    The hash is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).

    Args:
        ids: int64 (n,), different ones.
    """
    import numpy as np

    if len(ids) <= most:
        return np.sort(ids)
    drawn: IntArray = np.sort(ids[np.argpartition(_hashes(ids, seed), most)[:most]])
    return drawn


def whole_or_sample(collection: Collection) -> str:
    """What to call the chunks that are read by what reads all: "this collection" or "this sample"."""
    return "this collection" if collection.n_sampled() == collection.n_chunks() else "this sample"


def _hashes(ids: IntArray, seed: int) -> NDArray[np.uint64]:
    """SplitMix64 of each id, as the state that it has after `id + seed` steps."""
    import numpy as np

    hashes = (ids.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes
