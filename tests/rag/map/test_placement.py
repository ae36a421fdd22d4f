"""Placing new vectors: UMAP's weights, copies on their originals, any number of neighbors."""

from __future__ import annotations

import numpy as np
import pytest

from rag.map.placement import neighbor_weights, place


def places(n, seed=3, axes=2):
    return (np.random.default_rng(seed).standard_normal((n, axes)) * 5).astype(np.float32)


def some(m, k, n, seed=4):
    """Neighbors in no particular order: positions int64 (m, k), no position twice, and scores float32 (m, k)."""
    random = np.random.default_rng(seed)
    positions = np.stack([random.permutation(n)[:k] for _ in range(m)])
    return positions.astype(np.int64), random.uniform(0.1, 0.9, size=(m, k)).astype(np.float32)


def weights_one_by_one(distances):
    """Algorithm 3 of the UMAP paper for one row, with a root finder instead of a bisection of our own."""
    from scipy.optimize import brentq

    nearest, target = min(distances), np.log2(len(distances))
    sigma = brentq(lambda s: sum(np.exp(-(d - nearest) / s) for d in distances) - target, 1e-3, 1e3)
    weights = np.exp(-(np.array(distances) - nearest) / sigma)
    return weights / weights.sum()


def test_four_neighbors_worked_by_hand():
    """Distances 0.2 and 0.2 + ln 3 (thrice): log2(4) = 2 = 1 + 3 exp(-ln 3 / sigma), so sigma = 1, weights 3:1:1:1."""
    far = 0.2 + np.log(3.0)
    np.testing.assert_allclose(neighbor_weights(np.array([[0.2, far, far, far]])), [[1 / 2, 1 / 6, 1 / 6, 1 / 6]])
    scores = np.array([[0.8, 1 - far, 1 - far, 1 - far]], dtype=np.float32)
    xy = np.array([[6, 0], [0, 6], [0, 12], [0, 0]], dtype=np.float32)
    np.testing.assert_allclose(place(np.array([[0, 1, 2, 3]]), scores, xy), [[3, 3]], atol=1e-5)


@pytest.mark.parametrize("k", [3, 5, 15, 50])
def test_weights_are_umaps(k):
    distances = np.sort(np.random.default_rng(5).uniform(0.05, 0.9, size=(20, k)), axis=1)
    weights = neighbor_weights(distances)
    np.testing.assert_allclose(weights, [weights_one_by_one(row) for row in distances.tolist()], atol=1e-9)
    np.testing.assert_allclose((weights / weights.max(axis=1, keepdims=True)).sum(axis=1), np.log2(k))


def test_weights_are_those_of_umap_learn():
    """umap-learn counts a point as its own first neighbor and leaves it out of the sum, which the log2(k) counts."""
    from umap.umap_ import smooth_knn_dist

    distances = np.sort(np.random.default_rng(6).uniform(0.05, 0.9, size=(10, 8)), axis=1).astype(np.float32)
    sigma, nearest = smooth_knn_dist(np.hstack([np.zeros((10, 1), np.float32), distances]), 8.0)
    expected = np.exp(-(distances - nearest[:, None]) / sigma[:, None])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(neighbor_weights(distances.astype(np.float64)), expected, atol=1e-4)


@pytest.mark.parametrize("axes", [2, 3])
def test_many_at_once_as_one_by_one(axes):
    xy, (positions, scores) = places(40, axes=axes), some(25, 10, 40)
    together = place(positions, scores, xy)
    assert together.dtype == np.float32
    for i in range(25):
        np.testing.assert_allclose(together[i], place(positions[i : i + 1], scores[i : i + 1], xy)[0], atol=1e-6)
        expected = weights_one_by_one((1 - scores[i].astype(float)).tolist()) @ xy[positions[i]]
        np.testing.assert_allclose(together[i], expected, atol=1e-5)


def test_the_order_of_neighbors_does_not_matter():
    xy, (positions, scores) = places(40), some(6, 10, 40)
    order = np.random.default_rng(8).permutation(10)
    np.testing.assert_allclose(
        place(positions[:, order], scores[:, order], xy), place(positions, scores, xy), atol=1e-5
    )


def test_places_move_with_the_map():
    xy, (positions, scores) = places(40), some(6, 10, 40)
    moved = (xy * 3 + np.array([100, -50])).astype(np.float32)
    expected = place(positions, scores, xy) * 3 + np.array([100, -50])
    np.testing.assert_allclose(place(positions, scores, moved), expected, atol=1e-3)


def test_a_copy_lands_on_its_original_and_on_the_first_of_several():
    xy, (positions, scores) = places(40), some(4, 5, 40)
    scores[0, 2] = 1.0
    scores[1, 3] = np.float32(1.0000002)
    scores[2, [1, 4]] = np.float32(0.9999998)
    placed = place(positions, scores, xy)
    originals = positions[[0, 1, 2], [2, 3, 1]]
    np.testing.assert_array_equal(placed[:3], xy[originals])
    assert not (placed[3] == xy[positions[3]]).all(axis=1).any()


def test_a_near_copy_is_not_a_copy():
    xy = np.array([[0, 0], [10, 0], [0, 10]], dtype=np.float32)
    x, y = place(np.array([[0, 1, 2]]), np.array([[0.9999, 0.9997, 0.9997]], dtype=np.float32), xy)[0]
    assert 0.5 < x < 5
    assert x == pytest.approx(y)


def test_missing_neighbors_do_not_count():
    xy, (positions, scores) = places(6), some(5, 4, 6)
    more = np.hstack([positions, np.full((5, 3), -1)])
    more_scores = np.hstack([scores, np.full((5, 3), -np.finfo(np.float32).max, dtype=np.float32)])
    np.testing.assert_allclose(place(more, more_scores, xy), place(positions, scores, xy), atol=1e-6)


def test_neighbors_all_as_far_share_equally():
    xy = places(7)
    placed = place(np.arange(7)[None, :], np.full((1, 7), 0.4, dtype=np.float32), xy)
    np.testing.assert_allclose(placed[0], xy.mean(axis=0), atol=1e-5)


def test_one_point_two_points_and_opposite_vectors():
    one = places(1)
    np.testing.assert_array_equal(place(np.array([[0], [0]]), np.array([[0.3], [-1.0]], np.float32), one), one[[0, 0]])
    two = places(2)
    nearer_first = place(np.array([[0, 1]]), np.array([[0.7, 0.2]], np.float32), two)
    np.testing.assert_allclose(nearer_first, two[:1], atol=1e-5)  # log2(2) = 1 is the nearest's weight alone


@pytest.mark.parametrize("n", [0, 1, 9])
def test_nothing_to_place(n):
    assert place(np.empty((0, 3), np.int64), np.empty((0, 3), np.float32), places(n)).shape == (0, 2)


def test_a_map_without_points():
    placed = place(np.empty((3, 0), np.int64), np.empty((3, 0), np.float32), np.empty((0, 2), np.float32))
    np.testing.assert_array_equal(placed, np.zeros((3, 2), np.float32))


@pytest.mark.parametrize(
    ("positions", "scores", "message"),
    [
        (np.zeros((2, 0), np.int64), np.zeros((2, 0), np.float32), "at least one neighbor"),
        (np.array([[0, 1], [-1, -1]]), np.zeros((2, 2), np.float32), "at least one neighbor"),
        (np.array([[0, 5]]), np.zeros((1, 2), np.float32), "got row 5"),
        (np.array([[0, 1]]), np.zeros((1, 3), np.float32), "must both be"),
    ],
)
def test_what_cannot_be_placed(positions, scores, message):
    with pytest.raises(ValueError, match=message):
        place(positions, scores, places(5))
