"""The sample of a large collection: random, always the same, and hardly changed by new chunks."""

from __future__ import annotations

import numpy as np

from rag.store.sampling import sample_of


def splitmix64(state: int) -> int:
    """The generator of Steele, Lea and Flood, written out with Python's own numbers."""
    mask = (1 << 64) - 1
    z = (state * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def test_the_smallest_hashes_are_drawn():
    assert splitmix64(1) == 0xE220A8397B1DCDAF, "the first number of the published generator for seed 0"
    ids = np.arange(1, 5_001, dtype=np.int64)
    expected = sorted(sorted(ids.tolist(), key=lambda one: splitmix64(one + 7))[:400])
    assert sample_of(ids, 400, seed=7).tolist() == expected


def test_a_sample_of_all_is_all():
    ids = np.array([9, 2, 5], dtype=np.int64)
    assert sample_of(ids, 3).tolist() == [2, 5, 9]
    assert sample_of(ids, 30).tolist() == [2, 5, 9]
    assert sample_of(ids[:0], 3).tolist() == []


def test_every_stretch_of_ids_is_drawn_alike():
    drawn = sample_of(np.arange(100_000, dtype=np.int64), 10_000)
    counts = np.bincount(drawn // 10_000)
    # For a binomial count of 1,000, the standard deviation is 30.
    assert (np.abs(counts - 1_000) < 150).all()


def test_a_new_chunk_changes_one_of_the_sample_at_most():
    ids = np.arange(2_000, dtype=np.int64)
    before = set(sample_of(ids, 300).tolist())
    for n in range(2_001, 2_020):
        now = set(sample_of(np.arange(n, dtype=np.int64), 300).tolist())
        assert len(now) == 300
        assert len(now - before) <= 1
        before = now
