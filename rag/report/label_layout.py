"""Place labels on a map so that numbers and names overlap neither one another nor the marked points."""

from __future__ import annotations

import math
from collections.abc import Sequence

_NAME_ROOM = (70.0, 16.0)
_NAME_STEPS = (0, 24, -24, 48, -48, 72, -72)
_SMALLEST_GAP, _SMALLEST_RADIUS, _LABEL_WIDTH = math.pi / 5, 34.0, 22.0


def number_offsets(
    centre: tuple[float, float] | None, points: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """The offset of each point's number from the point: away from the centre, and clear of the other numbers.

    Args:
        centre: (x, y) of the star; None for the mean of the points.

    Returns:
        Offsets in pixels, along the same axes as the points.
    """
    if not points:
        return ()
    x, y = centre or (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    angles = spread_angles([math.atan2(py - y, px - x) for px, py in points])
    radius = max(_SMALLEST_RADIUS, _LABEL_WIDTH * len(points) / math.tau)
    return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)


def spread_angles(angles: Sequence[float]) -> list[float]:
    """Angles (radians) close to the given ones, with at least pi / 5 between any two, or 2 pi / n for more than ten."""
    n = len(angles)
    gap = min(_SMALLEST_GAP, math.tau / max(n, 1))
    order = _from_widest_gap(angles)
    # Isotonic least squares (pool adjacent violators): angles that are too close form a group, which is spread evenly
    # around its mean.
    groups: list[list[float]] = []
    for rank, (angle, _) in enumerate(order):
        groups.append([angle - rank * gap])
        while len(groups) > 1 and _mean(groups[-2]) >= _mean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    starts = [_mean(group) for group in groups for _ in group]
    spread = [0.0] * n
    for rank, (start, (_, position)) in enumerate(zip(starts, order, strict=True)):
        spread[position] = start + rank * gap
    return spread


def _from_widest_gap(angles: Sequence[float]) -> list[tuple[float, int]]:
    """The angles in order around the circle, each with its position in `angles`, starting after the widest gap."""
    order = sorted((angle % math.tau, position) for position, angle in enumerate(angles))
    gaps = [(angle - order[rank - 1][0]) % math.tau for rank, (angle, _) in enumerate(order)]
    first = max(range(len(order)), key=gaps.__getitem__, default=0)
    return order[first:] + [(angle + math.tau, position) for angle, position in order[:first]]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def free_name_place(marked: Sequence[tuple[float, float]], place: tuple[float, float]) -> tuple[float, float]:
    """A position for a name, in pixels: its place, or a step above or below if a marked point is too close.

    If none of these is free, it is the place itself.
    """
    x, y = place
    wide, tall = _NAME_ROOM
    for step in _NAME_STEPS:
        if not any(abs(mx - x) < wide and abs(my - y - step) < tall for mx, my in marked):
            return x, y + step
    return place
