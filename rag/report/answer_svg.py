"""Draw a question among the chunks of its collection as an SVG image: a star, joined to its ringed hits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.map.colours import OTHER, PALETTE
from rag.map.export.svg import Canvas, cluster_names, fitted, one_line
from rag.map.points import MapLabel
from rag.report.label_layout import free_name_place, number_offsets

if TYPE_CHECKING:
    from rag.types import FloatArray

_WIDTH, _HEIGHT = 800, 480
ACCENT = "#D5006D"
"""The colour of a question's star and of the lines to its hits, on every map."""
_BADGE_RADIUS = 9


@dataclass(frozen=True, slots=True)
class MarkedHit:
    """A hit on the map: its coordinates, its number in the prompt (0 for none), and its document's name."""

    x: float
    y: float
    number: int
    name: str


def question_svg(
    xy: FloatArray, labels: Sequence[MapLabel], star: tuple[float, float] | None, hits: Sequence[MarkedHit]
) -> str:
    """A map of 800 by 480 pixels: the question as a star, joined to its ringed and numbered hits; other chunks grey.

    Args:
        xy: all chunks, float32 (n, 2).
        labels: the clusters' names, the most important first; one that would overlap an earlier one is left out.
        star: the question's position, in map coordinates; None if it is unknown.
    """
    canvas = _canvas_around([*xy.tolist(), *([star] if star else []), *((hit.x, hit.y) for hit in hits)])
    centre = canvas.place(*star) if star else None
    places = [canvas.place(hit.x, hit.y) for hit in hits]
    badges = _badge_places(centre, places, hits)
    marked = [*places, *badges.values(), *([centre] if centre else [])]
    names = [(label.name, *free_name_place(marked, canvas.place(label.x, label.y))) for label in labels]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in (canvas.place(*at) for at in xy.tolist()))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" '
            'font-family="system-ui, sans-serif" font-size="13" role="img">',
            "<title>Map of the chunks: the question is a star, with lines to the retrieved passages</title>",
            f'<g fill="{OTHER}" fill-opacity="0.55">{dots}</g>',
            '<g class="names">',
            *cluster_names(names, _WIDTH),
            "</g>",
            *_joined(centre, places, hits),
            *_numbered(places, hits, badges),
            "</svg>\n",
        ]
    )


def _joined(
    centre: tuple[float, float] | None, places: Sequence[tuple[float, float]], hits: Sequence[MarkedHit]
) -> Iterator[str]:
    """The star, the hits with a ring, and a line from the star to each hit."""
    if centre:
        for at in places:
            yield _line(centre, at, 'stroke-width="1.5" stroke-opacity="0.7"')
    for (x, y), hit in zip(places, hits, strict=True):
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{PALETTE[0]}" stroke="{ACCENT}" stroke-width="2">'
            f"<title>{one_line(hit.name)}</title></circle>"
        )
    if centre:
        yield f'<path d="{_star_path(*centre)}" fill="{ACCENT}" stroke="#ffffff" stroke-width="1.5"/>'


def _numbered(
    places: Sequence[tuple[float, float]], hits: Sequence[MarkedHit], badges: Mapping[int, tuple[float, float]]
) -> Iterator[str]:
    """The number badges, each with a line to its hit."""
    for position, at in badges.items():
        yield _line(places[position], at, 'stroke-width="1"')
        yield _badge(hits[position].number, *at)


def _badge_places(
    centre: tuple[float, float] | None, places: Sequence[tuple[float, float]], hits: Sequence[MarkedHit]
) -> dict[int, tuple[float, float]]:
    """Where each numbered hit's badge is drawn, by the hit's position in `hits`; always inside the image."""
    numbered = [position for position, hit in enumerate(hits) if hit.number]
    offsets = number_offsets(centre, [places[position] for position in numbered])
    found = {}
    for position, (right, down) in zip(numbered, offsets, strict=True):
        x, y = places[position]
        found[position] = (_within(x + right, _WIDTH), _within(y + down, _HEIGHT))
    return found


def _line(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ACCENT}" {kind}/>'


def _within(value: float, size: int) -> float:
    return min(max(value, _BADGE_RADIUS), size - _BADGE_RADIUS)


def _badge(number: int, x: float, y: float) -> str:
    # The inner group can be scaled around its centre by CSS where the whole image is shown small.
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><g class="number"><circle r="{_BADGE_RADIUS}" fill="{ACCENT}"/>'
        f'<text y="4" text-anchor="middle" font-size="12" font-weight="700" fill="#fff">{number}</text></g></g>'
    )


def _star_path(x: float, y: float) -> str:
    """The outline of a star with five points, centred at (x, y)."""
    points = []
    for corner in range(10):
        radius, turn = (12.0, 5.2)[corner % 2], math.pi * corner / 5
        points.append(f"{x + radius * math.sin(turn):.1f},{y - radius * math.cos(turn):.1f}")
    return f"M{' '.join(points)}Z"


def _canvas_around(places: Sequence[Sequence[float]]) -> Canvas:
    """The transform of map coordinates to image coordinates in which all these points are inside the image."""
    xs, ys = [at[0] for at in places] or [0.0], [at[1] for at in places] or [0.0]
    corners = [min(xs), min(ys)], [max(xs), max(ys)]
    span = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    return fitted(corners, span, _WIDTH, _HEIGHT)
