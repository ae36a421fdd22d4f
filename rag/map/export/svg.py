"""Write a map as an SVG image with a legend, to print or to put into a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from rag.map.points import MapPoints, frame, used_labels

_NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_WIDTH, _HEIGHT, _LEGEND_WIDTH, _MARGIN = 1200, 800, 260, 44
_LINE, _LETTER, _LONGEST = 20, 7.5, 30
_INK = "#1b2127"

Name = tuple[str, float, float]
"""A cluster's name and the centre (x, y) of its label in the image."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Transform of map coordinates to image coordinates: (x, y) is the image of the origin, `scale` pixels per unit."""

    x: float
    y: float
    scale: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The image coordinates of a point of the map, in pixels."""
        return self.x + x * self.scale, self.y - y * self.scale


def to_svg(points: MapPoints) -> str:
    """The map as an image of 1,200 by 800 pixels: points by colour, a legend, cluster names that do not overlap."""
    canvas = _canvas(points)
    places = [canvas.place(x, y) for x, y in points.xy.tolist()]
    names = [(label.name, *canvas.place(label.x, label.y)) for label in points.cluster_labels]
    title = one_line(points.title)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" font-family="system-ui, sans-serif" font-size="13" role="img">',
            f"<title>{title}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            *_circles(points, places),
            *_crosses(points, canvas),
            *cluster_names(names, _WIDTH - _LEGEND_WIDTH),
            f'<text x="{_MARGIN}" y="26" font-size="17" font-weight="600" fill="{_INK}">{title}</text>',
            *_legend(points),
            "</svg>\n",
        ]
    )


def _circles(points: MapPoints, places: Sequence[tuple[float, float]]) -> Iterator[str]:
    radius = 1.5 if len(places) > 5_000 else 2.5 if len(places) > 800 else 4
    by_label: dict[str, list[str]] = {label: [] for label in used_labels(points)}
    for label, (x, y) in zip(points.colour_labels, places, strict=True):
        by_label[label].append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')
    for label, circles in by_label.items():
        yield f'<g fill="{points.colours[label]}" fill-opacity="0.85">{"".join(circles)}</g>'


def _crosses(points: MapPoints, canvas: Canvas) -> Iterator[str]:
    """A cross for each question, with its text as a title."""
    for one in points.questions:
        x, y = canvas.place(*one.place[:2])
        yield f"<g><title>{one_line(one.text)}</title>{_cross(x, y)}</g>"


def _cross(x: float, y: float) -> str:
    """A cross with a white outline, centred at (x, y)."""
    arms = f"M{x - 5:.1f} {y - 5:.1f}l10 10M{x - 5:.1f} {y + 5:.1f}l10 -10"
    return f'<path d="{arms}" stroke="#ffffff" stroke-width="5"/><path d="{arms}" stroke="{_INK}" stroke-width="2.4"/>'


def _legend(points: MapPoints) -> Iterator[str]:
    """A row for each colour, as many as there is room for, and how many more there are."""
    left, top = _WIDTH - _LEGEND_WIDTH, _MARGIN + _LINE
    labels = used_labels(points)
    room = (_HEIGHT - top) // _LINE - 2 - bool(points.questions)
    yield f'<text x="{left}" y="{_MARGIN}" font-weight="600" fill="{_INK}">{one_line(points.colour_title)}</text>'
    for row, label in enumerate(labels[:room]):
        y = top + row * _LINE
        yield f'<circle cx="{left + 6}" cy="{y}" r="6" fill="{points.colours[label]}"/>'
        yield f'<text x="{left + 20}" y="{y + 4}" fill="{_INK}">{one_line(label)}</text>'
    if len(labels) > room:
        yield f'<text x="{left + 20}" y="{top + room * _LINE + 4}" fill="{_INK}">and {len(labels) - room} more</text>'
    if points.questions:
        y = top + min(len(labels), room + 1) * _LINE
        yield _cross(left + 6, y)
        yield f'<text x="{left + 20}" y="{y + 4}" fill="{_INK}">{one_line(points.questions_title)}</text>'


def cluster_names(names: Sequence[Name], width: int) -> Iterator[str]:
    """Cluster names as outlined text; a name that would overlap an earlier one is left out."""
    placed: list[tuple[float, float, float]] = []
    for name, x, y in names:
        text = one_line(name)
        half = len(_shorter(name)) * _LETTER / 2
        x = min(max(x, half), width - half)
        if any(abs(x - ox) < half + oh and abs(y - oy) < _LINE for ox, oy, oh in placed):
            continue
        placed.append((x, y, half))
        yield _outlined(text, x, y)


def _outlined(text: str, x: float, y: float) -> str:
    """Escaped text with a white outline, centred at (x, y)."""
    return (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-weight="600" fill="{_INK}" '
        f'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">{text}</text>'
    )


def _canvas(points: MapPoints) -> Canvas:
    """The map as large as fits next to the legend, centred."""
    low, high, span = frame(points)
    return fitted((low.tolist(), high.tolist()), span, _WIDTH - _LEGEND_WIDTH, _HEIGHT)


def fitted(corners: tuple[list[float], list[float]], span: float, width: int, height: int) -> Canvas:
    """The transform that draws a rectangle of the map as large as fits within the margins, centred.

    Args:
        corners: the lower left and the upper right corner of the rectangle, in map coordinates.
        span: its longer side, or 1 if both sides are 0.
        width, height: the size of the image in pixels.
    """
    (left, bottom), (right, top) = corners
    wide, tall = right - left, top - bottom
    room_x, room_y = width - 2 * _MARGIN, height - 2 * _MARGIN
    scale = min(room_x / (wide or span), room_y / (tall or span))
    x, y = _MARGIN + (room_x - wide * scale) / 2, _MARGIN + (room_y - tall * scale) / 2
    return Canvas(x - left * scale, y + top * scale, scale)


def one_line(text: str) -> str:
    """Text for an SVG: escaped, on one line, shortened, without the characters that XML does not allow."""
    return escape(_shorter(_NOT_IN_XML.sub("", text)))


def _shorter(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…"
