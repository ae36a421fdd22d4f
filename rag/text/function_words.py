"""Function words of eight languages, such as "the" and "of": they stand between phrases, and tell the language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from functools import cache
from importlib.resources import files

ENGLISH = "en"
_LIST = "function_words.txt"
_GENERAL = "general"
_LEAST_LEAD = 3
# scikit-learn's list of English stop words has these nouns.
_NOUNS = frozenset(("amount", "bill", "cry", "detail", "fire", "interest", "mill", "system"))


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """The function words of each language by its ISO 639-1 code, in lower case; English is first."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    lists = {code: words for code, words in _lists().items() if code != _GENERAL}
    return {ENGLISH: lists[ENGLISH] | (ENGLISH_STOP_WORDS - _NOUNS)} | {
        code: words for code, words in lists.items() if code != ENGLISH
    }


def general_words() -> frozenset[str]:
    """Nouns that say little alone, such as "year" and "part", in lower case and without the English plural."""
    return _lists()[_GENERAL]


def language_by_words(words: Set[str], usual: str = ENGLISH) -> str:
    """The language with the most function words among these words in lower case.

    It is `usual` unless another has at least three more, because "die" and "door" are words of several languages.
    """
    counts = {code: len(listed & words) for code, listed in function_words().items()}
    most = max(counts, key=counts.__getitem__)
    return most if counts[most] >= counts[usual] + _LEAST_LEAD else usual


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in (files(__package__) / "assets" / _LIST).read_text("utf-8").splitlines():
        name, colon, words = line.partition(": ")
        if colon and not line.startswith("#"):
            found[name].update(words.split())
    return {name: frozenset(words) for name, words in found.items()}
