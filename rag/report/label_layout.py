"""Where numbers and names are written on a map with marked places, so that each can be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

_NAME_ROOM = (70.0, 16.0)
_NAME_STEPS = (0, 24, -24, 48, -48, 72, -72)
_APART, _NEAREST, _ROOM = math.pi / 5, 34.0, 22.0


def beside(
    centre: tuple[float, float] | None, places: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """How far from each place its number is written: away from the centre, and clear of the other numbers.

    Args:
        centre: the star; the middle of the places without.

    Returns:
        Offsets in pixels of the picture, in the directions of the places' own axes.
    """
    if not places:
        return ()
    x, y = centre or (sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places))
    turns = fanned([math.atan2(py - y, px - x) for px, py in places])
    radius = max(_NEAREST, _ROOM * len(places) / math.tau)
    return tuple((radius * math.cos(turn), radius * math.sin(turn)) for turn in turns)


def fanned(turns: Sequence[float]) -> list[float]:
    """Directions near these (radians), no two nearer than pi / 5, or than what a full turn has room for."""
    n = len(turns)
    apart = min(_APART, math.tau / max(n, 1))
    order = _from_the_widest_gap(turns)
    # Least squares under "each at least `apart` after the one before": directions that are too near make a group,
    # which is spread around its mean.
    groups: list[list[float]] = []
    for place, (turn, _) in enumerate(order):
        groups.append([turn - place * apart])
        while len(groups) > 1 and _mean(groups[-2]) >= _mean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    starts = [_mean(group) for group in groups for _ in group]
    spread = [0.0] * n
    for place, (start, (_, own)) in enumerate(zip(starts, order, strict=True)):
        spread[own] = start + place * apart
    return spread


def _from_the_widest_gap(turns: Sequence[float]) -> list[tuple[float, int]]:
    """The directions in order around the circle, each with its position, begun where most room is before one."""
    order = sorted((turn % math.tau, position) for position, turn in enumerate(turns))
    gaps = [(turn - order[place - 1][0]) % math.tau for place, (turn, _) in enumerate(order)]
    first = max(range(len(order)), key=gaps.__getitem__, default=0)
    return order[first:] + [(turn + math.tau, position) for turn, position in order[:first]]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def clear_of(marked: Sequence[tuple[float, float]], at: tuple[float, float]) -> tuple[float, float]:
    """Where a name is written, in pixels: above or below its place where that is marked, if there is room."""
    x, y = at
    wide, tall = _NAME_ROOM
    for step in _NAME_STEPS:
        if not any(abs(mx - x) < wide and abs(my - y - step) < tall for mx, my in marked):
            return x, y + step
    return at
