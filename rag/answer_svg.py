"""A question among the chunks of its collection as a drawing: SVG with a star and ringed hits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.map_colours import OTHER, PALETTE
from rag.map_points import MapLabel
from rag.map_svg import Canvas, cluster_names, fitted, one_line, rimmed

if TYPE_CHECKING:
    from rag.types import FloatArray

_WIDTH, _HEIGHT = 800, 480
ACCENT = "#D5006D"
"""A question's star and what joins it to its hits, on every map."""
_BESIDE, _CLEAR = (19, 36), 20
_NAME_ROOM = (70.0, 16.0)
_NAME_STEPS = (0, 24, -24, 48, -48, 72, -72)
_TURNS = [math.pi * i / 4 for i in range(-1, 7)]


@dataclass(frozen=True, slots=True)
class Pointed:
    """A chunk that is pointed at: its place on the map, its number (0 for none), and its document's name."""

    x: float
    y: float
    number: int
    name: str


def pointed_svg(
    xy: FloatArray, labels: Sequence[MapLabel], star: tuple[float, float] | None, hits: Sequence[Pointed]
) -> str:
    """A question among the chunks, 800 by 480: a star, its hits ringed, numbered and joined to it, the rest grey.

    Args:
        xy: the other chunks, float32 (n, 2).
        labels: the clusters' names, the most important first.
    """
    canvas = _canvas_around([*xy.tolist(), *([star] if star else []), *((hit.x, hit.y) for hit in hits)])
    centre = canvas.place(*star) if star else None
    places = [canvas.place(hit.x, hit.y) for hit in hits]
    marked = [*places, *([centre] if centre else [])]
    names = [(label.name, *_clear_of(marked, canvas.place(label.x, label.y))) for label in labels]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in (canvas.place(*at) for at in xy.tolist()))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" '
            'font-family="system-ui, sans-serif" font-size="13" role="img">',
            "<title>The question as a star among the chunks, joined to the passages that were found for it</title>",
            f'<g fill="{OTHER}" fill-opacity="0.55">{dots}</g>',
            '<g class="names">',
            *cluster_names(names, _WIDTH),
            "</g>",
            *_joined(centre, places, hits),
            "</svg>\n",
        ]
    )


def _clear_of(marked: Sequence[tuple[float, float]], at: tuple[float, float]) -> tuple[float, float]:
    """Where a name is written: above or below its place where that is taken by the star or a hit."""
    x, y = at
    wide, tall = _NAME_ROOM
    for step in _NAME_STEPS:
        if not any(abs(mx - x) < wide and abs(my - y - step) < tall for mx, my in marked):
            return x, y + step
    return at


def _joined(
    centre: tuple[float, float] | None, places: Sequence[tuple[float, float]], hits: Sequence[Pointed]
) -> Iterator[str]:
    """The hits ringed and joined to the star, their numbers, and the star."""
    if centre:
        for x, y in places:
            yield (
                f'<line x1="{centre[0]:.1f}" y1="{centre[1]:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="{ACCENT}" '
                'stroke-width="1.5" stroke-opacity="0.7"/>'
            )
    taken = list(places) + ([centre] if centre else [])
    for (x, y), hit in zip(places, hits, strict=True):
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{PALETTE[0]}" stroke="{ACCENT}" stroke-width="2">'
            f"<title>{one_line(hit.name)}</title></circle>"
        )
        if hit.number:
            taken.append(at := _free_place(x, y, taken))
            yield f'<g class="number">{rimmed(str(hit.number), *at)}</g>'
    if centre:
        yield f'<path d="{_star_path(*centre)}" fill="{ACCENT}" stroke="#ffffff" stroke-width="1.5"/>'


def _free_place(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where a number beside (x, y) is farthest from what is there already; farther off where it is crowded."""
    others = [place for place in taken if place != (x, y)]

    def room(at: tuple[float, float]) -> float:
        return min((math.dist(at, other) for other in others), default=math.inf)

    best = (x, y)
    for beside in _BESIDE:
        best = max(((x + beside * math.cos(turn), y + beside * math.sin(turn)) for turn in _TURNS), key=room)
        if room(best) >= _CLEAR:
            break
    return best


def _star_path(x: float, y: float) -> str:
    """A star of five points around (x, y)."""
    points = []
    for corner in range(10):
        radius, turn = (12.0, 5.2)[corner % 2], math.pi * corner / 5
        points.append(f"{x + radius * math.sin(turn):.1f},{y - radius * math.cos(turn):.1f}")
    return f"M{' '.join(points)}Z"


def _canvas_around(places: Sequence[Sequence[float]]) -> Canvas:
    """The small map with all these places in it."""
    xs, ys = [at[0] for at in places] or [0.0], [at[1] for at in places] or [0.0]
    corners = [min(xs), min(ys)], [max(xs), max(ys)]
    span = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    return fitted(corners, span, _WIDTH, _HEIGHT)
