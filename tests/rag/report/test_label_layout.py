"""Labels of points that lie close together: near their points, and clear of one another."""

from __future__ import annotations

from itertools import pairwise
from math import dist, hypot, isclose, pi, tau

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.report.label_layout import free_name_place, number_offsets, spread_angles

ANGLES = st.lists(st.floats(-pi, pi), max_size=20)


def gaps(angles: list[float]) -> list[float]:
    """The angles between neighbors around the whole circle."""
    order = sorted(angle % tau for angle in angles)
    return [right - left for left, right in pairwise([*order, order[0] + tau])]


def test_directions_that_are_far_apart_stay():
    angles = [0.0, 2.0, -2.0]
    assert all(isclose((a - b) % tau, 0, abs_tol=1e-9) for a, b in zip(spread_angles(angles), angles, strict=True))


def test_the_same_direction_is_spread_around_itself():
    assert [round(angle % tau, 6) for angle in spread_angles([1.0, 1.0, 1.0])] == [
        round(1.0 + step * pi / 5, 6) for step in (-1, 0, 1)
    ]


@given(st.floats(-pi, pi), st.integers(2, 20))
def test_a_crowd_has_the_same_room_between_all(angle, n):
    assert min(gaps(spread_angles([angle] * n))) == pytest.approx(min(pi / 5, tau / n))


@given(ANGLES)
def test_every_direction_is_kept_and_none_crosses_another(angles):
    found = spread_angles(angles)
    assert len(found) == len(angles)
    order = sorted(range(len(angles)), key=lambda i: found[i])
    given_order = [angles[i] % tau for i in order]
    assert sum(left > right for left, right in pairwise(given_order)) <= 1  # once, where the circle closes


def test_a_number_lies_beyond_its_place_seen_from_the_star():
    ((right, up),) = number_offsets((0.0, 0.0), [(3.0, 4.0)])
    assert (right / hypot(right, up), up / hypot(right, up)) == pytest.approx((0.6, 0.8))


def test_many_numbers_at_one_place_are_farther_off():
    offsets = number_offsets(None, [(5.0, 5.0)] * 20)
    assert min(dist(left, right) for left, right in pairwise(offsets)) > 18


def test_no_place_has_no_number():
    assert number_offsets((0.0, 0.0), []) == ()


def test_a_name_stays_where_nothing_is_marked_and_else_moves_up_or_down():
    assert free_name_place([], (5.0, 5.0)) == (5.0, 5.0)
    assert free_name_place([(500.0, 5.0)], (5.0, 5.0)) == (5.0, 5.0)
    x, y = free_name_place([(5.0, 5.0), (5.0, 29.0)], (5.0, 5.0))
    assert x == 5.0
    assert min(abs(y - 5.0), abs(y - 29.0)) >= 16


def test_a_name_with_no_room_stays():
    assert free_name_place([(0.0, 8.0 * step) for step in range(-20, 20)], (0.0, 0.0)) == (0.0, 0.0)
