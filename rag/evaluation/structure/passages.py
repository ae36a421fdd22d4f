"""Paragraphs of a text, cut at sentences where a file has no blank lines."""

from __future__ import annotations

import re

from rag.text.sentences import sentence_starts

_BREAK = re.compile(r"\n[ \t]*\n\s*")
_LONGEST = 1_200
"""Characters of the longest paragraph that is not cut."""


def paragraphs_of(text: str) -> list[tuple[int, int]]:
    """Spans of the paragraphs; one of more than 1,200 characters is cut where sentences begin."""
    spans, start = [], 0
    for match in _BREAK.finditer(text):
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(text)))
    return [part for first, last in spans if text[first:last].strip() for part in _cut(text, first, last)]


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if end - start <= _LONGEST:
        return [(start, end)]
    parts, first = [], start
    starts = [start + offset for offset in sentence_starts(text[start:end])]
    for place, following in zip(starts, [*starts[1:], end], strict=True):
        if following - first > _LONGEST // 2 and place > first:
            parts.append((first, place))
            first = place
    return [*parts, (first, end)]
