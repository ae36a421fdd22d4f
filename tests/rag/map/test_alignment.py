"""Turning a layout onto another: known transforms come back, SciPy's residual, nothing collapses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from rag.map.alignment import align


def points(n, seed=1, axes=2):
    return (np.random.default_rng(seed).standard_normal((n, axes)) * [4.0, 1.5, 0.7][:axes] + 3.0).astype(np.float32)


def turned(xy, degrees, scale=1.0, shift=(0.0, 0.0), mirror=False):
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if mirror:
        rotation = np.diag([1.0, -1.0]) @ rotation
    return (scale * xy.astype(np.float64) @ rotation + shift).astype(np.float32)


def squared_error(first, second):
    return float(((first.astype(float) - second) ** 2).sum())


def is_identity(alignment, axes=2):
    xy = points(9, axes=axes)
    return bool((alignment.apply(xy) == xy).all())


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("degrees", [0, 37, 90, 180, 271])
@pytest.mark.parametrize("scale", [0.01, 1.0, 250.0])
def test_a_known_transform_comes_back(degrees, scale, mirror):
    moving, others = points(50), points(20, seed=2)
    alignment = align(moving, turned(moving, degrees, scale, (12.0, -7.0), mirror))
    assert alignment.scale == pytest.approx(scale, rel=1e-5)
    assert np.linalg.det(alignment.rotation) == pytest.approx(-1 if mirror else 1)
    expected = turned(others, degrees, scale, (12.0, -7.0), mirror)
    np.testing.assert_allclose(alignment.apply(others), expected, atol=1e-5 * (scale + 12))
    assert alignment.disparity < 1e-9
    assert alignment.apply(others).dtype == np.float32


def test_there_and_back():
    first, second = points(40), turned(points(40), 65, 3.0, (1.0, 2.0), mirror=True)
    there, back = align(first, second), align(second, first)
    np.testing.assert_allclose(back.apply(there.apply(first)), first, atol=1e-4)


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_residual_is_scipys(seed, axes):
    moving, fixed = points(60, seed, axes), points(60, seed + 10, axes)
    fixed = (fixed + 0.8 * moving[:, ::-1]).astype(np.float32)
    alignment = align(moving, fixed)
    spread = squared_error(fixed, fixed.astype(float).mean(axis=0))
    disparity = procrustes(fixed.astype(float), moving.astype(float))[2]
    assert alignment.disparity == pytest.approx(disparity, abs=1e-9)
    assert squared_error(alignment.apply(moving), fixed) / spread == pytest.approx(disparity, abs=1e-5)
    centered = [layout.astype(float) - layout.astype(float).mean(axis=0) for layout in (moving, fixed)]
    np.testing.assert_allclose(alignment.rotation, orthogonal_procrustes(*centered)[0], atol=1e-6)


def test_no_similarity_nearby_fits_better():
    moving = points(30)
    fixed = (turned(moving, 20, 2.0) + points(30, seed=9)).astype(np.float32)
    best = align(moving, fixed)
    placed = best.apply(moving)
    center = placed.mean(axis=0)
    for degrees, scale, shift in [(1, 1, 0), (-1, 1, 0), (0, 1.01, 0), (0, 0.99, 0), (0, 1, 0.1), (0, 1, -0.1)]:
        other = turned(placed - center, degrees, scale, center + shift)
        assert squared_error(other, fixed) > squared_error(placed, fixed)


def test_weights_count_as_repetitions():
    moving, fixed = points(12), points(12, seed=5)
    times = np.array([1, 3, 2, 1, 1, 4, 1, 1, 2, 1, 1, 5])
    weighted = align(moving, fixed, times.astype(np.float32))
    repeated = align(np.repeat(moving, times, axis=0), np.repeat(fixed, times, axis=0))
    np.testing.assert_allclose(weighted.apply(moving), repeated.apply(moving), atol=1e-5)
    assert weighted.disparity == pytest.approx(repeated.disparity)
    assert np.abs(align(moving, fixed).apply(moving) - weighted.apply(moving)).max() > 0.01


def test_rows_of_no_weight_are_left_out():
    moving, fixed = points(20), turned(points(20), 50, 2.0)
    fixed[:5] = 1_000.0
    weights = np.r_[np.zeros(5), np.ones(15)].astype(np.float32)
    assert align(moving, fixed, weights).scale == pytest.approx(2.0)
    assert align(moving, fixed).scale != pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("axes", [2, 3])
def test_fewer_than_two_points(n, axes):
    assert is_identity(align(points(n, axes=axes), points(n, seed=2, axes=axes)), axes)


@pytest.mark.parametrize("side", ["moving", "fixed", "both"])
def test_points_all_in_one_place_on_either_side_do_not_collapse_the_map(side):
    same, spread = np.repeat(points(1), 8, axis=0), points(8)
    pair = {"moving": (same, spread), "fixed": (spread, same), "both": (same, same + 1)}[side]
    assert is_identity(align(*pair))


def test_one_point_of_any_weight():
    weights = np.array([0, 2, 0], dtype=np.float32)
    assert is_identity(align(points(3), points(3, seed=2), weights))
    assert is_identity(align(points(3), points(3, seed=2), np.zeros(3, dtype=np.float32)))


def test_layouts_with_nothing_in_common_do_not_collapse_the_map():
    """Each corner of a square, and for its opposite corner the same place: no turn brings them nearer."""
    square = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]], dtype=np.float32)
    line = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0]], dtype=np.float32)
    assert is_identity(align(square, line))


def test_two_points_are_turned_not_mirrored():
    moving = np.array([[0, 0], [1, 0]], dtype=np.float32)
    for seed in range(6):
        fixed = points(2, seed)
        alignment = align(moving, fixed)
        np.testing.assert_allclose(alignment.apply(moving), fixed, atol=1e-5)
        assert np.linalg.det(alignment.rotation) == pytest.approx(1.0)


def test_far_from_the_origin():
    moving = (points(30) + 10_000).astype(np.float32)
    fixed = turned(moving - 10_000, 30)
    np.testing.assert_allclose(align(moving, fixed).apply(moving), fixed, atol=1e-3)


@pytest.mark.parametrize(
    ("fixed", "weights", "message"),
    [
        (points(4), None, "must match"),
        (points(5), np.ones(4, np.float32), "must match"),
        (points(5), -np.ones(5, np.float32), "smallest weight of -1"),
    ],
)
def test_what_cannot_be_aligned(fixed, weights, message):
    with pytest.raises(ValueError, match=message):
        align(points(5), fixed, weights)
