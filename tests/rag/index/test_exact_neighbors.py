"""The exact nearest others of vectors, against a full sort: copies, ties and zero vectors too."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index import exact_neighbors
from rag.index.exact_neighbors import nearest_others
from tests.support.two_models import brute_force, unit


def copies(n, dimension=8):
    """A few vectors, each many times: more copies than there are candidates, and half of them alone."""
    random = np.random.default_rng(6)
    return np.concatenate([unit(4, dimension, 7)[random.integers(0, 4, n // 2)], unit(n - n // 2, dimension, 8)])


def axes(n):
    """Unit vectors along four axes, both ways, and zero vectors: ties at -1, 0 and 1."""
    choices = np.concatenate([np.eye(4), -np.eye(4), np.zeros((1, 4))]).astype(np.float32)
    return choices[np.random.default_rng(9).integers(0, 9, n)]


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 5, 30])
@pytest.mark.parametrize("made", [unit, copies, axes])
@pytest.mark.parametrize("n", [2, 3, 60, 700])
def test_nearest_others_are_those_of_brute_force(made, n, k):
    vectors = made(n)
    near = nearest_others(vectors, k)
    assert (near.dtype, near.shape) == (np.int64, (n, min(k, n - 1)))
    assert near.tolist() == brute_force(vectors, k)


@pytest.mark.parametrize("made", [unit, copies, axes])
def test_blocks_do_not_show(made, monkeypatch):
    monkeypatch.setattr(exact_neighbors, "_ROWS", 32)
    monkeypatch.setattr(exact_neighbors, "_BLOCK_CELLS", 1_000)
    assert nearest_others(made(150), 10).tolist() == brute_force(made(150), 10)


@pytest.mark.parametrize("n", [0, 1])
def test_no_others(n):
    assert nearest_others(unit(n), 10).shape == (n, 0)


def test_vectors_all_the_same_have_the_first_others():
    near = nearest_others(np.repeat(unit(1), 50, axis=0), 3)
    assert near[:5].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]


def test_no_neighbors_asked_for():
    with pytest.raises(ValueError, match="k must be 1 or more"):
        nearest_others(unit(5), 0)
