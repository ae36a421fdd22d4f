"""Answers side by side: which words of each the others do not say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rag.telling_words import word_spans

Spans = tuple[tuple[int, int], ...]
"""Characters [start, end) of a text, in order."""


def differing_words(texts: Sequence[str]) -> tuple[Spans, ...]:
    """For each text the spans that the first one does not say; for the first, what none of the others says.

    Words are compared in their order, whatever their case; signs between them do not count. Neighbouring words are
    one span. A single text differs from nothing.
    """
    if len(texts) < 2:
        return tuple(() for _ in texts)
    spans = [word_spans(text) for text in texts]
    words = [[text[start:end].casefold() for start, end in found] for text, found in zip(texts, spans, strict=True)]
    said: set[int] = set()
    differences: list[Spans] = []
    for other_words, other_spans in zip(words[1:], spans[1:], strict=True):
        # The matcher prepares its second sequence; "junk" would leave common words of long answers out.
        blocks = SequenceMatcher(None, words[0], other_words, autojunk=False).get_matching_blocks()
        said |= {position for block in blocks for position in range(block.a, block.a + block.size)}
        same = {position for block in blocks for position in range(block.b, block.b + block.size)}
        differences.append(_runs(other_spans, same))
    return (_runs(spans[0], said), *differences)


def _runs(spans: Sequence[tuple[int, int]], same: Iterable[int]) -> Spans:
    """The words at other positions than `same`; neighbours as one span."""
    runs: list[tuple[int, int]] = []
    last = -2
    for position in sorted(set(range(len(spans))) - set(same)):
        start, end = spans[position]
        if position == last + 1:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
        last = position
    return tuple(runs)
