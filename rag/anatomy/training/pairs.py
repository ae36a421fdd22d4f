"""Positive pairs without labels: two parts of one passage belong together, parts of different passages do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.anatomy.training.vocabulary import Words, words_of
from rag.errors import ExplorerError
from rag.text.sentences import split_sentences
from rag.text.stems import word_spans

FEWEST_PASSAGES = 20
MOST_PASSAGES = 1_000
"""Of a larger collection, a sample is used, so that training takes seconds."""
FEWEST_WORDS = 8
"""The fewest words in each half of a passage."""
HELD_BACK = 0.3
"""The share of the passages that are never trained on."""
_FEWEST_LEFT = 3


class TooFewPassages(ExplorerError):
    """A collection has too few passages that are long enough to be halved."""


@dataclass(frozen=True, slots=True)
class HeldPair:
    """Two halves of passage `passage` (its place in the given order), as words.

    `first_apart` and `second_apart` are the halves without the words that they share.
    """

    passage: int
    first: Words
    second: Words
    first_apart: Words
    second_apart: Words

    @property
    def is_apart(self) -> bool:
        """Whether both halves have at least three words that the other half has not."""
        return min(len(self.first_apart), len(self.second_apart)) >= _FEWEST_LEFT


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is trained on, and what is held back to measure.

    Attributes:
        trained: places of the passages that are trained on, ascending; each step draws a new pair from a passage.
        held: a pair of halves from each passage that is held back, in the order of the passages.
        words: the words of each passage that is trained on or held back, by its place, ascending.
        n_short: passages left out, because they cannot be cut into two halves of at least eight words.
        n_repeated: passages left out, because another one has the same words in the same order.
        n_unsampled: passages left out, because there are more than 1,000.
    """

    trained: tuple[int, ...]
    held: tuple[HeldPair, ...]
    words: dict[int, Words]
    n_short: int
    n_repeated: int
    n_unsampled: int


def make_pairs(passages: Sequence[str], seed: int) -> Pairs:
    """Hold back three tenths of the usable passages, drawn by the seed; the rest is trained on.

    Passages that repeat an earlier one are left out: otherwise the same text could be trained on and held back.

    Raises:
        TooFewPassages: fewer than 20 passages are usable.
    """
    import numpy as np

    random = np.random.default_rng((seed, 0))
    halves, n_repeated, n_seen = _usable(passages, random.permutation(len(passages)).tolist())
    if len(halves) < FEWEST_PASSAGES:
        raise TooFewPassages(
            f"Training needs at least {FEWEST_PASSAGES} different passages of {2 * FEWEST_WORDS} words or more, and "
            f"here are {len(halves)}. Add documents, or choose a larger chunk size."
        )
    drawn = list(halves)
    n_held = round(HELD_BACK * len(drawn))
    held = tuple(_held_pair(place, *halves[place]) for place in sorted(drawn[:n_held]))
    n_short = n_seen - n_repeated - len(halves)
    words = {place: (*halves[place][0], *halves[place][1]) for place in sorted(drawn)}
    return Pairs(tuple(sorted(drawn[n_held:])), held, words, n_short, n_repeated, len(passages) - n_seen)


def _usable(passages: Sequence[str], order: Sequence[int]) -> tuple[dict[int, tuple[Words, Words]], int, int]:
    """The halves of usable passages by place, at most 1,000 in this order; how many repeat one; how many were seen."""
    known: set[Words] = set()
    usable: dict[int, tuple[Words, Words]] = {}
    n_repeated = n_seen = 0
    for place in order:
        if len(usable) == MOST_PASSAGES:
            break
        n_seen += 1
        halves = halve(passages[place])
        words = (*halves[0], *halves[1]) if halves else ()
        if halves and words in known:
            n_repeated += 1
        elif halves:
            usable[place] = halves
            known.add(words)
    return usable, n_repeated, n_seen


def halve(text: str) -> tuple[Words, Words] | None:
    """Cut a passage in two at the sentence end nearest to its middle, or else at its middle word.

    Returns:
        The words of both halves; None if one of them would have fewer than eight words.
    """
    starts = [start for start, _ in word_spans(text)]
    if len(starts) < 2 * FEWEST_WORDS:
        return None
    middle = starts[len(starts) // 2]
    ends = sorted((end for _, end in split_sentences(text)), key=lambda end: (abs(end - middle), end))
    for cut in (*ends[:1], middle):
        first, second = words_of(text[:cut]), words_of(text[cut:])
        if min(len(first), len(second)) >= FEWEST_WORDS:
            return first, second
    return None


def _held_pair(place: int, first: Words, second: Words) -> HeldPair:
    shared = set(first) & set(second)
    return HeldPair(place, first, second, _without(first, shared), _without(second, shared))


def _without(words: Words, left_out: set[str]) -> Words:
    return tuple(word for word in words if word not in left_out)
