"""Contradictions: what a sentence says otherwise than the passage that it resembles.

A sentence with another name, an opposite or a "not" is nearly as similar to its passage as a copy, in meaning and in
words. These rules compare both word by word. They know words, not meaning, and so they can be wrong either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from rag.answering.compared import Compared
from rag.answering.polarity import reversals
from rag.answering.types import Contradiction
from rag.text.measures import dimensions, units_at, units_in_words
from rag.text.names import Name, is_abbreviation, is_same_name, names
from rag.text.placed_words import PlacedWord, placed_words
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import stem_of
from rag.types import Fields

_SINGULAR = frozenset(["is", "was", "has", "does"])


@dataclass(frozen=True)
class Surroundings:
    """The texts in which a name of the answer may stand, other than the passage: chunks, headings, the question."""

    texts: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word in lower case, without a genitive ending."""
        return frozenset(name.bare for words in self._words for name in _as_names(words))

    @cached_property
    def common(self) -> frozenset[str]:
        """The stems of words that occur with a small letter somewhere."""
        return frozenset(word.stem for words in self._words for word in words if word.text[0].islower())

    @cached_property
    def certain(self) -> frozenset[str]:
        """The words that certainly are names somewhere, in lower case."""
        return frozenset(name.bare for words in self._words for name in names(words) if name.is_certain)

    @cached_property
    def neighbors(self) -> frozenset[tuple[str, str]]:
        """Pairs of adjacent words in lower case, in both orders."""
        pairs = {(one.bare, two.bare) for words in self._words for one, two in pairwise(_as_names(words))}
        return frozenset(pairs | {(two, one) for one, two in pairs})

    @cached_property
    def _words(self) -> tuple[tuple[PlacedWord, ...], ...]:
        return tuple(placed_words(text) for text in self.texts)


def _as_names(words: Sequence[PlacedWord]) -> list[Name]:
    return [Name(place, word.text, False) for place, word in enumerate(words)]


def contradictions(sentence: str, passage: str, surroundings: Surroundings) -> tuple[Contradiction, ...]:
    """What a sentence without markup says otherwise than the passage; empty if nothing was noticed.

    Noticed are: an odd number of negators, opposite words and swapped names; names that the passage does not have;
    another unit or noun with the same number.
    """
    if " ".join(sentence.split()) in " ".join(passage.split()):
        return ()
    compared = Compared(sentence, passage)
    found = [*reversals(compared), *_other_names(compared, surroundings), *_other_units(compared)]
    return tuple(dict.fromkeys([*found, *_other_number_words(compared)]))


def _other_names(compared: Compared, surroundings: Surroundings) -> list[Contradiction]:
    """Names in place of others, and names that are nowhere in the passage or around it; words of one name joined."""
    found: list[tuple[int, str, str]] = []
    others = names(compared.others)
    for name in names(compared.words):
        if _is_in_passage(name, compared):
            continue
        replaced = _replaced(name, others, compared, surroundings)
        is_first = compared.words[name.place].is_first
        if replaced is None and (is_first or not _is_unknown(name, surroundings)):
            continue
        if replaced and not _is_name_for_name(name, replaced, compared, surroundings):
            continue
        words = _whole(replaced, others, compared) if replaced else ""
        if found and found[-1][0] == name.place - 1:
            _, stated, gone = found.pop()
            words = gone if words in gone else f"{gone} {words}".strip()
            found.append((name.place, f"{stated} {name.text}", words))
        else:
            found.append((name.place, name.text, words))
    return [Contradiction("name", stated, gone) for _, stated, gone in found]


def _is_in_passage(name: Name, compared: Compared) -> bool:
    contents = [word.text for word in compared.others if not word.is_common]
    short = [word.text for word in compared.others if word.text[:2].isupper()]
    if any(is_same_name(name.text, word.text) for word in compared.others):
        return True
    if is_abbreviation(name.text, contents):
        return True
    ours = [word.text for word in compared.words if not word.is_common]
    return any(name.text[0] in text and is_abbreviation(text, ours) for text in short)


def _replaced(name: Name, others: Sequence[Name], compared: Compared, surroundings: Surroundings) -> Name | None:
    """The name of the passage in whose place this one is, if the sentence lacks it."""
    for other in others:
        is_gone = not any(is_same_name(other.text, word.text) for word in compared.words)
        is_alias = (name.bare, other.bare) in surroundings.neighbors
        if is_gone and not is_alias and compared.is_same_place(name.place, other.place):
            return other
    return None


def _whole(name: Name, others: Sequence[Name], compared: Compared) -> str:
    """The name with the names next to it that the sentence lacks: all words of one name."""
    places = {other.place for other in others if other.place in compared.gone}
    start = end = name.place
    while start - 1 in places:
        start -= 1
    while end + 1 in places:
        end += 1
    return " ".join(word.text for word in compared.others[start : end + 1])


def _is_unknown(name: Name, surroundings: Surroundings) -> bool:
    """Whether it certainly is a name, and none of the texts has it."""
    return name.is_certain and name.bare not in surroundings.words and stem_of(name.text) not in surroundings.common


def _is_name_for_name(name: Name, replaced: Name, compared: Compared, surroundings: Surroundings) -> bool:
    """Whether both are names, and not words that begin a sentence or nouns of a language that capitalizes them."""
    if stem_of(name.text) in surroundings.common or stem_of(replaced.text) in surroundings.common:
        return False
    if name.is_certain:
        return True
    is_first = compared.words[name.place].is_first
    if is_first and name.text.endswith("s") and not _is_singular(compared.words[name.place + 1 : name.place + 2]):
        return False
    is_name = replaced.is_certain or bool({name.bare, replaced.bare} & surroundings.certain)
    return is_name or compared.is_near_copy


def _is_singular(following: Sequence[PlacedWord]) -> bool:
    """Whether the word after a noun is a verb in the singular: "Paris is", but "visitors are"."""
    return any(word.lower in _SINGULAR or word.lower.endswith("s") for word in following)


def _other_units(compared: Compared) -> Iterator[Contradiction]:
    """Numbers with another unit or noun than in the passage, and units in place of others."""
    for number in stated_numbers(compared.sentence):
        units, word = units_at(compared.sentence, number)
        same = [other for other in stated_numbers(compared.passage) if other.readings & number.readings]
        found = [units_at(compared.passage, other) for other in same]
        known = [(those, text) for those, text in found if those]
        if units and known and all(units.isdisjoint(those) for those, _ in known):
            yield Contradiction("unit", word, known[0][1])
    for place in compared.new:
        units = units_in_words(compared.words[place].text)
        for other in compared.gone if units else ():
            those = units_in_words(compared.others[other].text)
            is_other = those and units.isdisjoint(those) and dimensions(units) & dimensions(those)
            if is_other and compared.is_same_place(place, other):
                yield Contradiction("unit", compared.words[place].text, compared.others[other].text)


def _other_number_words(compared: Compared) -> Iterator[Contradiction]:
    """ "one", "first" and "second", which need not be numbers, in place of another number."""
    for place in compared.new:
        word = compared.words[place]
        numbers = stated_numbers(word.text)
        for other in compared.gone if numbers and numbers[0].is_doubtful else ():
            text = compared.others[other].text
            if stated_numbers(text) and compared.is_same_place(place, other):
                yield Contradiction("number", word.text, text)


def labels_of_others(sentence: str, passage: str, source: int, labels: Sequence[Fields]) -> tuple[Contradiction, ...]:
    """The names in a sentence that are labels of other rows, where the row of the passage has others in these columns.

    Args:
        source: which of `labels` are those of the passage's row.
    """
    of_passage, found = dict(labels[source]), list[Contradiction]()
    for other in labels:
        for column, value in other:
            ours = of_passage.get(column, "")
            is_said = not ours or value in ours or ours in sentence or value in passage
            if not is_said and _is_name_in(sentence, value):
                found.append(Contradiction("name", value, ours))
    return tuple(dict.fromkeys(found))


def _is_name_in(sentence: str, value: str) -> bool:
    """Whether a sentence has this value as it is written, and it is a name: it begins with a capital letter."""
    return value[:1].isupper() and bool(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", sentence))
