"""The vocabulary: which words of the passages have a row in the token table, and how much each word weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rag.text.stems import is_common, stemmed_words, word_spans

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

MOST_WORDS = 1_500
"""Rows of the token table: with 64 numbers each, 96,000 parameters."""
_FEWEST_PASSAGES = 2
_MOST_COMMON_SHARE = 0.2

Words = tuple[str, ...]
"""The words of a text as stems, with repetitions."""


def words_of(text: str) -> Words:
    """The words of a text as light English stems, with repetitions; numbers and codes stay as they are, in lower case.

    In scripts without spaces, such as Chinese, each pair of adjacent letters is a word.
    """
    coded = [word for start, end in word_spans(text) if _has_digit(word := text[start:end].casefold())]
    return (*(word.stem for word in stemmed_words(text)), *coded)


def _has_digit(word: str) -> bool:
    return any(sign.isdecimal() for sign in word)


@dataclass(frozen=True)
class Vocabulary:
    """The words with a row in the token table, and one bucket for all others, which weighs nothing.

    Attributes:
        stems: row -> stem, most passages first.
        spellings: row -> the stem's most frequent spelling, in lower case, to be shown.
        passages: row -> number of passages with the word, int64 (n,).
        n_passages: number of passages counted.
    """

    stems: tuple[str, ...]
    spellings: tuple[str, ...]
    passages: IntArray
    n_passages: int

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Stem -> row."""
        return {stem: row for row, stem in enumerate(self.stems)}

    @cached_property
    def weights(self) -> FloatArray:
        """Inverse document frequency of each row, log((1 + passages) / (1 + passages with it)) + 1, float32 (n,)."""
        import numpy as np

        return (np.log((1 + self.n_passages) / (1 + self.passages)) + 1).astype(np.float32)

    def rows(self, words: Words) -> IntArray:
        """The rows of the words that have one, with repetitions, int64; the others are left out."""
        import numpy as np

        return np.array([self.row_of[word] for word in words if word in self.row_of], dtype=np.int64)

    def content_rows(self) -> tuple[int, ...]:
        """The rows without numbers, English stop words and single letters, in the order of the vocabulary.

        A word in more than a fifth of the passages counts as a stop word too, since other languages have no list.
        """
        limit = _MOST_COMMON_SHARE * self.n_passages
        return tuple(
            row
            for row, word in enumerate(self.spellings)
            if self.passages[row] <= limit and len(word) > 1 and word.isalpha() and not is_common(word)
        )


def build_vocabulary(texts: Sequence[str], words: Sequence[Words], most_words: int = MOST_WORDS) -> Vocabulary:
    """The words in at least two passages, those in the most passages first, ties in alphabetical order.

    A word of a single passage links it to no other passage: it could only be memorized.

    Args:
        texts: n passages, for the spellings.
        words: the words of each.
    """
    import numpy as np

    counts: Counter[str] = Counter()
    spellings: dict[str, Counter[str]] = {}
    for text, stems_of_text in zip(texts, words, strict=True):
        counts.update(set(stems_of_text))
        for word in stemmed_words(text):
            spellings.setdefault(word.stem, Counter())[text[word.start : word.end].casefold()] += 1
    kept = [word for word, n in counts.items() if n >= _FEWEST_PASSAGES]
    stems = sorted(kept, key=lambda word: (-counts[word], word))[:most_words]
    shown = tuple(_most_frequent(spellings[stem]) if stem in spellings else stem for stem in stems)
    return Vocabulary(tuple(stems), shown, np.array([counts[stem] for stem in stems], dtype=np.int64), len(texts))


def _most_frequent(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda word: (-spellings[word], word))
