"""Two texts compared word by word: what each has and the other lacks, and words in the same place of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.text.placed_words import PlacedWord, is_same_place, placed_words

_NEAR_COPY = 0.7


@dataclass(frozen=True, slots=True)
class Compared:
    """A sentence and a passage with their words.

    `new` are the places of words that the sentence has more often than the passage, `gone` the places of words that
    the passage has more often; forms of one word are equal.
    """

    sentence: str
    passage: str
    words: tuple[PlacedWord, ...] = field(init=False)
    others: tuple[PlacedWord, ...] = field(init=False)
    new: tuple[int, ...] = field(init=False)
    gone: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the words of both texts."""
        words, others = placed_words(self.sentence), placed_words(self.passage)
        values = {
            "words": words,
            "others": others,
            "new": _surplus(words, others),
            "gone": _surplus(others, words),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def is_near_copy(self) -> bool:
        """Whether at least 70 per cent of the sentence's words are in the passage."""
        shared = Counter(word.stem for word in self.words) & Counter(word.stem for word in self.others)
        return shared.total() >= _NEAR_COPY * len(self.words)

    def is_same_place(self, place: int, other: int, *, strictly: bool = False) -> bool:
        """Whether the word at `place` of the sentence has a neighbor like that at `other` of the passage, or on both
        sides."""
        return is_same_place(self.words, place, self.others, other, strictly=strictly)


def _surplus(words: Sequence[PlacedWord], others: Sequence[PlacedWord]) -> tuple[int, ...]:
    surplus = Counter(word.stem for word in words) - Counter(word.stem for word in others)
    return tuple(place for place, word in enumerate(words) if word.stem in surplus)
