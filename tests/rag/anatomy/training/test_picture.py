"""The picture: groups come apart, it follows from the picture before, and is the same each time."""

from __future__ import annotations

import numpy as np
from sklearn.manifold import trustworthiness

from rag.anatomy.training.picture import picture

RANDOM = np.random.default_rng(0)
GROUPS = np.repeat(np.arange(4), 20)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def grouped(spread: float):
    return unit(np.eye(4, 16)[GROUPS] + RANDOM.normal(size=(80, 16)) * spread)


def purity(xy) -> float:
    """The mean share of each point's five nearest that are of its group."""
    distances = ((xy[:, None] - xy[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :5]
    return float((GROUPS[nearest] == GROUPS[:, None]).mean())


def centres_of(xy):
    """The mean place of each group, (4, 2)."""
    return xy.reshape(4, 20, 2).mean(axis=1)


def test_groups_come_apart_and_noise_has_none():
    clear, noise = grouped(0.05), unit(RANDOM.normal(size=(80, 16)))
    xy = picture(clear)
    assert (xy.shape, xy.dtype) == ((80, 2), np.dtype("f4"))
    assert purity(xy) == 1.0
    assert trustworthiness(clear, xy, n_neighbors=5, metric="cosine") > 0.9
    assert purity(picture(noise)) < 0.4


def test_it_follows_from_the_picture_before():
    vectors = grouped(0.05)
    before = picture(vectors)
    centres = centres_of(before)
    after = picture(unit(vectors + RANDOM.normal(size=vectors.shape) * 0.02), before)
    moved = centres_of(after)
    nearest = np.linalg.norm(moved[:, None] - centres[None], axis=2).argmin(axis=1)
    assert nearest.tolist() == [0, 1, 2, 3], "each group is nearest to where it was"


def test_it_is_the_same_each_time():
    vectors = grouped(0.3)
    np.testing.assert_array_equal(picture(vectors), picture(vectors))
