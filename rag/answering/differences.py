"""Differences between answers: the words of each answer that the others do not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rag.text.stems import word_spans

# The matcher's time grows with the number of pairs of equal words times the number of splits: minutes for a model that
# repeats itself endlessly. Ordinary texts of 2,000 words have about 10 pairs per word.
_MOST_PAIRS = 20

Spans = tuple[tuple[int, int], ...]
"""Characters [start, end) of a text, in order."""


def differing_words(texts: Sequence[str]) -> tuple[Spans, ...]:
    """For each text the spans that the first text lacks; for the first text, the spans that all others lack.

    Words are compared in order, ignoring case and punctuation. Adjacent words form one span. A single text has no
    differences. In long texts that repeat the same few words, more may be marked than necessary.
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
    """The words at positions other than `same`; adjacent words as one span."""
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
