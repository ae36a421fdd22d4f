"""Swaps: a sentence that has the words of its passage, but two names or phrases in each other's place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from rag.answering.compared import Compared
from rag.answering.types import Contradiction
from rag.text.names import names
from rag.text.placed_words import PlacedWord
from rag.text.stems import word_set

_ARTICLES = word_set("the a an")
_JOINING = word_set("and or nor with as well both & und oder et ou y o e")
_SYMMETRIC = word_set(
    "is are was were be been same equal equals like marry marries married meet meets met resemble resembles resembled "
    "border borders bordered differ differs differed from between together"
)
_BY = word_set("by von durch par por da")
_LONGEST = 4
_LEAST_SHARE = 0.85

_Words = Sequence[PlacedWord]


def swap(compared: Compared) -> tuple[Contradiction, ...]:
    """The two names or phrases that have changed places, if the rest of the sentence is as in the passage."""
    words = [word for word in compared.words if word.lower not in _ARTICLES]
    others = [word for word in compared.others if word.lower not in _ARTICLES]
    if any(word.lower in _BY for word in words) != any(word.lower in _BY for word in others):
        return ()
    found = _swapped_names(words, others) or _swapped_phrases(words, others)
    return (found,) if found else ()


def _swapped_names(words: _Words, others: _Words) -> Contradiction | None:
    """Two names in the reverse order that, exchanged, make the sentence much more like the passage."""
    runs, other_runs = _runs(words), _runs(others)
    shared = [key for key in runs if key in other_runs]
    stems, target = [word.stem for word in words], [word.stem for word in others]
    before = _share(stems, target)
    for first, second in combinations(sorted(shared, key=lambda key: runs[key]), 2):
        if other_runs[first] < other_runs[second]:
            continue
        (a, b), (c, d) = runs[first], runs[second]
        exchanged = [*stems[:a], *stems[c:d], *stems[b:c], *stems[a:b], *stems[d:]]
        after = _share(exchanged, target)
        if after >= _LEAST_SHARE and after > before and b < c and _matters(words, b, c):
            return Contradiction("order", _text(words[a:b]), _text(words[c:d]))
    return None


def _runs(words: _Words) -> dict[tuple[str, ...], tuple[int, int]]:
    """The names of a text that occur once, each as its words in lower case, with its span."""
    places = [name.place for name in names(words)]
    spans: list[tuple[int, int]] = []
    for place in places:
        if spans and spans[-1][1] == place:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    keys = [tuple(word.stem for word in words[a:b]) for a, b in spans]
    return {key: span for key, span in zip(keys, spans, strict=True) if keys.count(key) == 1}


def _share(stems: Sequence[str], target: Sequence[str]) -> float:
    """The share of the stems that the target has in the same order."""
    blocks = SequenceMatcher(None, stems, target, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(stems), 1)


def _swapped_phrases(words: _Words, others: _Words) -> Contradiction | None:
    """Two phrases of up to four words that have changed places, with the same words before, between and after."""
    stems = [word.stem for word in words]
    for window in _windows(others, stems):
        target = [word.stem for word in window]
        start = next((i for i, (one, other) in enumerate(zip(stems, target, strict=True)) if one != other), None)
        if start is None:
            return None
        end = len(stems)
        while stems[end - 1] == target[end - 1]:
            end -= 1
        if found := _exchange(stems[start:end], target[start:end]):
            a, b = start + found[0], end - found[1]
            if _matters(words, a, b):
                return Contradiction("order", _text(words[start:a]), _text(words[b:end]))
    return None


def _windows(others: _Words, stems: Sequence[str]) -> Iterator[_Words]:
    """The stretches of the passage that consist of the same words as the sentence, in any order."""
    wanted = sorted(stems)
    for start in range(len(others) - len(stems) + 1):
        window = others[start : start + len(stems)]
        if sorted(word.stem for word in window) == wanted:
            yield window


def _exchange(stems: Sequence[str], target: Sequence[str]) -> tuple[int, int] | None:
    """The lengths of the first and last phrase of `stems` that, exchanged, give the target."""
    for first in range(1, _LONGEST + 1):
        for last in range(1, _LONGEST + 1):
            end = len(stems) - last
            if first < end and [*stems[end:], *stems[first:end], *stems[:first]] == target:
                return first, last
    return None


def _matters(words: _Words, start: int, end: int) -> bool:
    """Whether an exchange across words[start:end] changes what is said: not across "and", in a list, or "married"."""
    between = words[start:end]
    if all(word.lower in _JOINING | _SYMMETRIC for word in between):
        return False
    follows_comma = between[0].clause != words[start - 1].clause
    is_list = follows_comma and len(between) <= _LONGEST and not any(_is_function_word(word) for word in between)
    return not is_list


def _is_function_word(word: PlacedWord) -> bool:
    return word.is_common and word.lower not in _JOINING


def _text(words: _Words) -> str:
    return " ".join(word.text for word in words)
