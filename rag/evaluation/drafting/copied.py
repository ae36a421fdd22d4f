"""Copied words: how many words of a question its passage holds too, and where.

A question in the passage's words is found by any search that compares words. An exam of such questions says that search
by words is better than it is for people, who do not know the passage's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.text.stems import StemmedWord, is_common, stem_of, stemmed_words, telling_words, word_set, word_spans

Span = tuple[int, int]
_ASKING = word_set("does did")
"""Words of questions that the list of stop words does not have."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The words that a question and a passage share.

    `share` in [0, 1] is how many of the question's `n_telling` telling words stand in the passage, in any form; 0 for a
    question without words. `longest_run` is the number of words, common ones included, of the longest part of the
    question that the passage has word for word. `spans` are characters [start, end) of the shared words in the
    passage.
    """

    share: float
    n_telling: int
    longest_run: int
    spans: tuple[Span, ...]


def copied_words(question: str, passage: str) -> Copied:
    """Compare the words of a question with those of a passage.

    Telling words are words and numbers without English stop words; two words are the same if they have the same stem.
    Stop words of other languages count as telling, so the share is rather too high there.
    """
    asked = {word.stem for word in _telling(question)}
    shared = [word for word in (*stemmed_words(passage), *_with_digits(passage)) if word.stem in asked]
    found = {word.stem for word in shared}
    spans = tuple(sorted((word.start, word.end) for word in shared))
    share = len(found) / len(asked) if asked else 0.0
    return Copied(share, len(asked), _longest_run(question, passage), spans)


def _telling(text: str) -> tuple[StemmedWord, ...]:
    """The telling words, and the words with digits, which `telling_words` leaves out.

    A number names what is asked about, and search by words finds it at once.
    """
    numbers = _with_digits(text)
    words = tuple(word for word in telling_words(text) if text[word.start : word.end].lower() not in _ASKING)
    # Without any telling word, `telling_words` gives all words; next to a number, they do not count.
    if numbers and all(is_common(text[word.start : word.end]) for word in words):
        return numbers
    return (*words, *numbers)


def _with_digits(text: str) -> tuple[StemmedWord, ...]:
    return tuple(
        StemmedWord(start, end, text[start:end].casefold())
        for start, end in word_spans(text)
        if any(sign.isdecimal() for sign in text[start:end])
    )


def _longest_run(question: str, passage: str) -> int:
    """Length of the longest part of the question, in words, that the passage has too; endings are ignored."""
    asked, read = (_stems(text) for text in (question, passage))
    return SequenceMatcher(None, asked, read, autojunk=False).find_longest_match().size


def _stems(text: str) -> list[str]:
    return [stem_of(text[start:end]) for start, end in word_spans(text)]
