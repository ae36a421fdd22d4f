"""Highlighting: a text cut into pieces where highlights begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Span = tuple[int, int]
"""Characters [start, end) of a text."""
Piece = tuple[str, int]
"""A part of a text with its highlight: the number of the last layer that covers it, from 1; 0 for none."""


def cut(text: str, *layers: Sequence[Span]) -> list[Piece]:
    """The text as pieces that join to the whole text; spans may overlap, touch, be empty, or end after the text."""
    ends = {min(max(end, 0), len(text)) for layer in layers for span in layer for end in span}
    borders = sorted({0, len(text)} | ends)
    return [(text[start:end], _layer_at(start, layers)) for start, end in pairwise(borders)]


def _layer_at(position: int, layers: Sequence[Sequence[Span]]) -> int:
    covering = [number for number, layer in enumerate(layers, 1) if any(a <= position < b for a, b in layer)]
    return max(covering, default=0)
