"""Highlighting: a text cut into pieces where highlights begin and end, so that a document cannot add markup."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise

Span = tuple[int, int]
"""Characters [start, end) of a text."""
Piece = tuple[str, int]
"""A part of a text with its highlight: the number of the last layer that covers it, from 1; 0 for none."""

_MARK = "background:rgba(230,159,0,.32);color:inherit;border-radius:3px"


def cut(text: str, *layers: Sequence[Span]) -> list[Piece]:
    """The text as pieces that join to the whole text; spans may overlap, touch, be empty, or end after the text."""
    ends = {min(max(end, 0), len(text)) for layer in layers for span in layer for end in span}
    borders = sorted({0, len(text)} | ends)
    return [(text[start:end], _layer_at(start, layers)) for start, end in pairwise(borders)]


def _layer_at(position: int, layers: Sequence[Sequence[Span]]) -> int:
    covering = [number for number, layer in enumerate(layers, 1) if any(a <= position < b for a, b in layer)]
    return max(covering, default=0)


def marked(text: str, spans: Sequence[Span]) -> str:
    """The text as escaped HTML with line breaks, the spans highlighted."""
    parts = (
        f'<mark style="{_MARK}">{html.escape(piece)}</mark>' if layer else html.escape(piece)
        for piece, layer in cut(text, spans)
    )
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{"".join(parts)}</div>'
