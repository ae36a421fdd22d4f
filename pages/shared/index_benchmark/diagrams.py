"""A small diagram of each index type: the query (pink) and the chunks it is compared with (blue)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from rag.index.spec import IndexKind

_SIZE = (150, 84)
_COMPARED, _SKIPPED, _QUERY, _LINE = "#0072B2", "#9AA3AB", "#CC3D82", "#9AA3AB"
# Positions of chunks, the same in every diagram.
_CHUNKS = (
    (20, 18), (34, 30), (18, 44), (40, 14), (62, 22), (76, 36), (70, 12), (92, 20), (112, 16), (128, 28), (120, 44),
    (136, 14), (26, 64), (44, 72), (58, 58), (84, 62), (98, 74), (110, 60), (132, 68),
)  # fmt: skip
_QUERY_POSITION = (80, 46)


def _dot(x: float, y: float, colour: str, radius: float = 3.5) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'


def _line(start: tuple[int, int], end: tuple[int, int], colour: str = _LINE, width: float = 1) -> str:
    return (
        f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{colour}" stroke-width="{width}"/>'
    )


def _flat() -> Iterator[str]:
    yield from (_line(_QUERY_POSITION, chunk, _COMPARED, 0.6) for chunk in _CHUNKS)
    yield from (_dot(*chunk, _COMPARED) for chunk in _CHUNKS)


def _lists() -> Iterator[str]:
    yield '<rect x="52" y="2" width="48" height="80" fill="#0072B2" fill-opacity="0.14"/>'
    yield from (_line((x, 2), (x, 82)) for x in (52, 100))
    yield from (_dot(*chunk, _COMPARED if 52 <= chunk[0] <= 100 else _SKIPPED) for chunk in _CHUNKS)


def _graph() -> Iterator[str]:
    path = ((20, 18), (62, 22), (76, 36))
    yield from (_line(a, b) for a, b in pairwise(_CHUNKS))
    yield from (_line(a, b, _COMPARED, 2.5) for a, b in zip(path, (*path[1:], _QUERY_POSITION), strict=True))
    yield from (_dot(*chunk, _COMPARED if chunk in path else _SKIPPED) for chunk in _CHUNKS)


def _bytes() -> Iterator[str]:
    for row in range(4):
        y = 12 + 18 * row
        yield f'<rect x="8" y="{y}" width="56" height="9" fill="{_SKIPPED}"/>'
        yield f'<rect x="86" y="{y}" width="14" height="9" fill="{_COMPARED}"/>'
        yield f'<text x="68" y="{y + 9}" font-size="11" fill="{_SKIPPED}">→</text>'


def _pieces() -> Iterator[str]:
    for row in range(4):
        y = 12 + 18 * row
        yield from (f'<rect x="{8 + 15 * i}" y="{y}" width="13" height="9" fill="{_SKIPPED}"/>' for i in range(4))
        codes = " ".join(str((3 * row + 2 * i) % 9 + 1) for i in range(4))
        yield f'<text x="84" y="{y + 9}" font-size="11" font-family="monospace" fill="{_COMPARED}">{codes}</text>'
        yield f'<text x="70" y="{y + 9}" font-size="11" fill="{_SKIPPED}">→</text>'


def _signs() -> Iterator[str]:
    for row in range(4):
        y = 12 + 18 * row
        for i in range(6):
            up = (row * 5 + i * 3) % 7 > 3
            high = 4 + (row + 2 * i) % 5
            top = y + 4 - (high if up else 0)
            yield f'<rect x="{8 + 9 * i}" y="{top}" width="6" height="{high}" fill="{_SKIPPED}"/>'
            sign = "+" if up else "−"
            yield (
                f'<text x="{84 + 10 * i}" y="{y + 8}" font-size="12" font-family="monospace" fill="{_COMPARED}">'
                f"{sign}</text>"
            )


_PICTURES: Final[dict[IndexKind, tuple[Callable[[], Iterator[str]], bool, str]]] = {
    "flat": (_flat, True, "The query is joined to every chunk."),
    "ivf_flat": (_lists, True, "The chunks lie in three lists; only those in the query's list are compared."),
    "hnsw": (_graph, True, "The chunks are joined in a graph; a path of three chunks leads to the query."),
    "sq8": (_bytes, False, "Each long number becomes a short one."),
    "ivf_pq": (_pieces, False, "Each vector is cut into four pieces, and each piece becomes one number."),
    "rabitq": (_signs, False, "Each number of a vector becomes its sign, plus or minus."),
}


def picture(kind: IndexKind) -> str:
    """The diagram of an index type, as SVG."""
    draw, has_query, _ = _PICTURES[kind]
    query = _dot(*_QUERY_POSITION, _QUERY, 5) if has_query else ""
    width, height = _SIZE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{''.join(draw())}{query}</svg>"
    )


def picture_text(kind: IndexKind) -> str:
    """What the diagram of an index type shows, in words."""
    return _PICTURES[kind][2]
