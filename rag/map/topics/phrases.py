"""Phrases: runs of one to three words between function words and punctuation, counted by the texts that have them.

Most of them are noun phrases. Without a tagger of parts of speech, rules leave verbs and adjectives out: the word after
a pronoun, a modal verb or "to" is in no phrase, and a word is a phrase of its own only if it is mostly the noun of its
run: in English the last word, unless the run follows "is" or "very"; in French the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache, lru_cache

import regex  # type: ignore[import-untyped]

from rag.map.clusters.terms import singular
from rag.text.function_words import ENGLISH, function_words, general_words, language_by_words
from rag.text.stems import word_set

_LEAST_LETTERS = 3
_LONGEST_BED = 4
_HEAD_SHARE = 0.5
_FREQUENT_FORM = 0.2
_CACHED_WORDS = 100_000
_SEGMENTS = regex.compile(r"[^\p{L}\p{M}\p{N}\s'’‑-]+|\n|(?<![\p{L}\p{N}])['’-]+|['’-]+(?![\p{L}\p{N}])|['’]s\b")
_IS_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\p{N}'’‑-]*")
_APOSTROPHE = re.compile("['’]")
_FIELD_NAME = re.compile(r"(?:^|(?<=[;\n]))\s*[^\W\d][\w ]{0,40}:(?=\s)")
# The value of a field is read like what follows "is": "severity: critical".
_IS = "\nis "
_BEFORE_VERBS = word_set(
    "to i you he she it we they who can could may might must shall should will would cannot not never always do does "
    "did don't doesn't didn't can't won't please let"
)
_BEFORE_ADJECTIVES = word_set(
    "is are was were be been being am very so too more most less as become becomes stay stays"
)
_HEAD_FIRST = frozenset({"fr", "es", "it", "pt"})


@dataclass(frozen=True, slots=True)
class PhraseCounts:
    """Phrases of a group of texts: in how many texts each is, by its key, and the spellings of each key.

    The key is the phrase in lower case, with singulars for English plurals. `of_each` has the keys of each text, also
    of single words that are no phrases.
    """

    n_texts: Mapping[str, int]
    forms: Mapping[str, Mapping[str, int]]
    of_each: Sequence[Set[str]]

    def written(self, key: str) -> str:
        """The spelling of a phrase: of the frequent ones, the one with the fewest capitals."""
        forms = self.forms[key]
        least = _FREQUENT_FORM * max(forms.values())
        return min((sum(map(str.isupper, form)), -n, form) for form, n in forms.items() if n >= least)[2]


@dataclass(slots=True)
class _Heads:
    """How often each word was seen, and how often as the noun of its run."""

    seen: Counter[str] = field(default_factory=Counter)
    nouns: Counter[str] = field(default_factory=Counter)

    def is_noun(self, key: str) -> bool:
        """Whether the word names something alone; English participles do not."""
        if key in general_words() or (key.endswith("ed") and not key.endswith("eed") and len(key) > _LONGEST_BED):
            return False
        return self.nouns[key] >= _HEAD_SHARE * self.seen[key]


def count_phrases(groups: Sequence[Sequence[str]]) -> list[PhraseCounts]:
    """Count the phrases of each group of texts, each phrase once for a text.

    Numbers, function words, punctuation and line ends are between phrases; the names of fields ("code: E03;") are left
    out. The rules are those of the language whose function words a text has most, or if it has few, its group.
    """
    heads = _Heads()
    return [_by_key(spellings, heads) for spellings in [_spellings(texts, heads) for texts in groups]]


def _by_key(of_each: Sequence[Mapping[str, str]], heads: _Heads) -> PhraseCounts:
    """The counts of all phrases but the single words that name nothing alone."""
    n_texts: Counter[str] = Counter()
    forms: dict[str, dict[str, int]] = {}
    counts = Counter(pair for spellings in of_each for pair in spellings.items())
    for (key, form), n in counts.items():
        if " " in key or heads.is_noun(key):
            n_texts[key] += n
            forms.setdefault(key, {})[form] = n
    return PhraseCounts(n_texts, forms, [spellings.keys() for spellings in of_each])


def _spellings(texts: Sequence[str], heads: _Heads) -> list[dict[str, str]]:
    """For each text its phrases' keys, each with a spelling: of two in a text, the last."""
    found_in_each: list[dict[str, str]] = []
    split = [_segments(text) for text in texts]
    usual = language_by_words(set[str]().union(*map(_lower_words, split)))
    for segments in split:
        found: dict[str, str] = {}
        for words, head in _runs(segments, language_by_words(_lower_words(segments), usual)):
            keys = [_key(word) for word in words]
            heads.seen.update(keys)
            heads.nouns.update(keys[head : head + 1])
            found.update(_phrases(keys, words))
        found_in_each.append(found)
    return found_in_each


def _phrases(keys: list[str], words: list[str]) -> Iterator[tuple[str, str]]:
    """The keys and spellings of all phrases of one to three words."""
    n = len(words)
    for i, (key, word) in enumerate(zip(keys, words, strict=True)):
        yield key, word
        if i + 1 < n:
            yield f"{key} {keys[i + 1]}", f"{word} {words[i + 1]}"
        if i + 2 < n:
            yield f"{key} {keys[i + 1]} {keys[i + 2]}", f"{word} {words[i + 1]} {words[i + 2]}"


def _segments(text: str) -> list[list[str]]:
    """The words between punctuation and line ends."""
    return [segment.split() for segment in _SEGMENTS.split(_FIELD_NAME.sub(_IS, text))]


def _lower_words(segments: Sequence[Sequence[str]]) -> set[str]:
    return {word.lower() for words in segments for word in words}


def _runs(segments: Sequence[Sequence[str]], language: str) -> Iterator[tuple[list[str], int]]:
    """The words between two boundaries, and the place of their noun; behind the last word if there is none."""
    is_content = _content_test(language)
    for words in segments:
        run: list[str] = []
        before = ""
        for word in words:
            if is_content(word):
                run.append(word)
                continue
            if run:
                yield from _with_noun(run, before, language)
                run = []
            before = word.lower()
        if run:
            yield from _with_noun(run, before, language)


@cache
def _content_test(language: str) -> Callable[[str], bool]:
    """Whether a word belongs to phrases, and does not stand between them."""
    between = function_words()[language]

    @lru_cache(_CACHED_WORDS)
    def is_content(word: str) -> bool:
        lower = word.lower()
        if lower in between or _APOSTROPHE.split(lower)[0] in between or not _IS_WORD.fullmatch(word):
            return False
        return len(word) >= _LEAST_LETTERS or word.isupper()

    return is_content


def _with_noun(words: list[str], before: str, language: str) -> Iterator[tuple[list[str], int]]:
    """The run without a verb at its beginning, and the place of its noun; nothing if there was only the verb."""
    is_english = language == ENGLISH
    words = words[1:] if is_english and before in _BEFORE_VERBS else words
    if words:
        head = 0 if language in _HEAD_FIRST else len(words) - 1
        yield words, len(words) if is_english and before in _BEFORE_ADJECTIVES else head


@lru_cache(_CACHED_WORDS)
def _key(word: str) -> str:
    return singular(word.lower())


def phrase_key(phrase: str) -> str:
    """The key of a phrase as it is written."""
    return " ".join(map(_key, phrase.split()))
