"""Words and stems: spans of the words of a text, their English stems, and the words that are not stop words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of scripts without spaces between words, for use inside a regular expression's character class."""
# Combining marks, which belong to the letter before them and which `\w` does not match.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])(?:[^\W_]|[{_MARKS}])|(?<=\w)['’](?=\w))+")
_ONE_UNSPACED = re.compile(f"[{UNSPACED}]")
_VOWEL = re.compile("[aeiouy]")
_KEPT_DOUBLE = frozenset("lsz")


@dataclass(frozen=True, slots=True)
class StemmedWord:
    """A word at [start, end) of a text and its stem; words with the same stem are forms of one word."""

    start: int
    end: int
    stem: str


def word_set(text: str) -> frozenset[str]:
    """The words between the spaces of a text, for a constant."""
    return frozenset(text.split())


def word_spans(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of words and numbers, in order; in scripts without spaces, one span per letter."""
    return [match.span() for match in _WORD.finditer(text)]


def count_words(text: str) -> int:
    """Number of words in a text; in scripts without spaces, two letters count as one word."""
    spans = word_spans(text)
    unspaced = sum(bool(_ONE_UNSPACED.match(text, start)) for start, _ in spans)
    return len(spans) - unspaced + (unspaced + 1) // 2


def telling_words(text: str) -> tuple[StemmedWord, ...]:
    """The words as from `stemmed_words`, without English stop words; all words if there are only stop words."""
    words = stemmed_words(text)
    return tuple(word for word in words if not is_common(text[word.start : word.end])) or words


def stemmed_words(text: str) -> tuple[StemmedWord, ...]:
    """All words, except those that contain a digit.

    In scripts without spaces, each pair of adjacent letters is a word, so words overlap there. The words of scripts
    with spaces come first, in the order of the text, and then these pairs.
    """
    return tuple(word for word in _words(text) if not any(sign.isdecimal() for sign in word.stem))


def _words(text: str) -> Iterator[StemmedWord]:
    spans = word_spans(text)
    unspaced = [bool(_ONE_UNSPACED.match(text, start)) for start, _ in spans]
    for (start, end), is_letter in zip(spans, unspaced, strict=True):
        if not is_letter:
            yield StemmedWord(start, end, stem_of(text[start:end]))
    for (i, (start, end)), (j, (next_start, next_end)) in pairwise(enumerate(spans)):
        if unspaced[i] and unspaced[j] and end == next_start:
            yield StemmedWord(start, next_end, text[start:next_end])


def is_common(word: str) -> bool:
    """Whether a word is an English stop word, such as "the", "not" or "before"."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    # A contraction counts as the word before the apostrophe: "don't" as "do", "it's" as "it".
    return re.split("n?['’]", word.lower())[0] in ENGLISH_STOP_WORDS


def stem_of(word: str) -> str:
    """Light stemmer: removes the most common English endings (days -> day, answered -> answer, policies -> policy).

    It is deliberately cautious: it misses many forms, and does not merge words of different meaning.
    """
    stem = re.sub(r"['’]s?$", "", word.casefold())
    if stem.endswith("ies") and len(stem) > 4:
        return stem[:-3] + "y"
    if stem.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return stem[:-2]
    if stem.endswith("s") and len(stem) > 3 and not stem.endswith(("ss", "us", "is")):
        stem = stem[:-1]
    for ending in ("ing", "ed"):
        root = stem.removesuffix(ending)
        if root != stem and len(root) > 2 and _VOWEL.search(root) and not stem.endswith("eed"):
            stem = root[:-1] if root[-1] == root[-2] and root[-1] not in _KEPT_DOUBLE else root
            break
    return stem[:-1] if stem.endswith("e") and len(stem) > 3 else stem
