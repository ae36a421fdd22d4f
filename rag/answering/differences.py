"""Answers side by side: which words of each the others do not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rag.text.stems import word_spans

# The matcher's time grows with the pairs of equal words, times how often it must divide the texts: minutes for a model
# that repeats itself without end. Ordinary texts of 2,000 words have about 10 pairs a word.
_MOST_PAIRS = 20

Spans = tuple[tuple[int, int], ...]
"""Characters [start, end) of a text, in order."""


def differing_words(texts: Sequence[str]) -> tuple[Spans, ...]:
    """For each text the spans that the first one does not say; for the first, what none of the others says.

    Words are compared in their order, whatever their case; signs between them do not count. Neighbouring words are
    one span. A single text differs from nothing. Of long texts that say the same few words over and over, more may be
    marked than need be.
    """
    if len(texts) < 2:
        return tuple(() for _ in texts)
    spans = [word_spans(text) for text in texts]
    words = [[text[start:end].casefold() for start, end in found] for text, found in zip(texts, spans, strict=True)]
    said: set[int] = set()
    differences: list[Spans] = []
    for other_words, other_spans in zip(words[1:], spans[1:], strict=True):
        is_repetitive = _n_equal_pairs(words[0], other_words) > _MOST_PAIRS * (len(words[0]) + len(other_words))
        blocks = SequenceMatcher(None, words[0], other_words, autojunk=is_repetitive).get_matching_blocks()
        said |= {position for block in blocks for position in range(block.a, block.a + block.size)}
        same = {position for block in blocks for position in range(block.b, block.b + block.size)}
        differences.append(_runs(other_spans, same))
    return (_runs(spans[0], said), *differences)


def _n_equal_pairs(first: Sequence[str], second: Sequence[str]) -> int:
    counts = Counter(second)
    return sum(counts[word] for word in first)


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
