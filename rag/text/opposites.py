"""Opposite words: "hot" and "cold", "open" and "closed", "possible" and "impossible".

The pairs are those of two lists, one of them made from WordNet, and words that differ by a prefix such as "un-".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from rag.text.stems import stem_of, word_set

_LISTS = ("opposites.txt", "wordnet_antonyms.txt")
_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "anti", "de")
_LEAST_AFTER_PREFIX = 4
_CACHED = 10_000
_NOT_BY_PREFIX = word_set(
    "invaluable inflammable indifferent disease discover discovered discovers distance inform informed impress import "
    "imported imports important include increase interest interested display displayed displays income instance "
    "inland indoor install installed address ireland iran island mission missing mistake department delight declare "
    "deliver delivered depart depend design designed defend demand detail determine develop discharge discuss "
    "distance district disposed antique unit united union until inside instead insure intend intention invent invest "
    "investigate depart depressed uncover uncle understand inter"
)
_COMPARATIVES = (("iest", "y"), ("ier", "y"), ("est", ""), ("er", ""), ("est", "e"), ("er", "e"))


@lru_cache(maxsize=_CACHED)
def are_opposite(one: str, other: str) -> bool:
    """Whether two words, in any of their usual forms, have opposite meanings."""
    a, b = one.casefold(), other.casefold()
    pairs = _pairs()
    if any(right in pairs.get(left, ()) for left in _forms(a) for right in _forms(b)):
        return True
    return _differ_by_prefix(a, b) or _differ_by_prefix(b, a) or _differ_by_ending(a, b) or _differ_by_ending(b, a)


def are_alike(one: str, other: str) -> bool:
    """Whether two words are on the same side of a pair of opposites: "shut" and "closed"."""
    return bool(_sides().get(stem_of(one), frozenset()) & _sides().get(stem_of(other), frozenset()))


@cache
def _sides() -> dict[str, set[str]]:
    """The sides of the groups in the list on which each word, as a stem, is."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in _lines(_LISTS[0]):
        for side in line.split("|"):
            for word in side.split():
                found[stem_of(word)].add(side)
    return dict(found)


def _lines(name: str) -> list[str]:
    text = (files(__package__) / "assets" / name).read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


@cache
def _pairs() -> dict[str, set[str]]:
    """The opposites of each word, as stems."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in _LISTS:
        for line in _lines(name):
            for left, right in _pairs_of_line(line):
                found[left].add(right)
                found[right].add(left)
    return dict(found)


def _pairs_of_line(line: str) -> Iterator[tuple[str, str]]:
    if "|" in line:
        left, right = (side.split() for side in line.split("|"))
        yield from ((stem_of(one), stem_of(other)) for one in left for other in right)
    for pair in line.split():
        one, _, other = pair.partition("/")
        if other:
            yield stem_of(one), stem_of(other)


@lru_cache(maxsize=_CACHED)
def _forms(word: str) -> frozenset[str]:
    """The stem of a word, and those of the adjective that it is a comparative or an adverb of."""
    found = {stem_of(word)}
    for ending, replacement in _COMPARATIVES:
        root = word.removesuffix(ending)
        if root != word and len(root) > 2:
            found |= {stem_of(root + replacement)}
            if len(root) > 3 and root[-1] == root[-2]:
                found.add(stem_of(root[:-1]))
    if word.endswith("ly") and len(word) > 5:
        found.add(stem_of(word[:-3] + "y" if word.endswith("ily") else word[:-2]))
    return frozenset(found)


def _differ_by_prefix(word: str, base: str) -> bool:
    if word in _NOT_BY_PREFIX or len(base) < _LEAST_AFTER_PREFIX:
        return False
    possible = [word[len(prefix) :] for prefix in _PREFIXES if word.startswith(prefix)]
    return any(stem_of(root) == stem_of(base) for root in possible)


def _differ_by_ending(word: str, other: str) -> bool:
    """ "careful" and "careless"; "sugar-free" is two words."""
    return word.endswith("less") and other == word.removesuffix("less") + "ful"
