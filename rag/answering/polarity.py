"""Polarity: whether a sentence affirms what its passage denies, by an odd number of "not"s, opposites and swaps.

Two of them together change nothing: "not open" says the same as "closed".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answering.compared import Compared
from rag.answering.swaps import swap
from rag.answering.types import Contradiction
from rag.text.bounds import bound_at
from rag.text.negators import WEAK, Negator, negator_text, negators
from rag.text.opposites import are_alike, are_opposite
from rag.text.placed_words import PlacedWord
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import word_set

_BOUNDS = word_set("least most more less fewer")
_REVERSING = frozenset(["less", "least"])


@dataclass(frozen=True, slots=True)
class _Opposite:
    """A word of the sentence at `place`, and its opposite at `other` of the passage."""

    place: int
    other: int


def reversals(compared: Compared) -> tuple[Contradiction, ...]:
    """The "not"s, opposites and swapped names that make the sentence say the reverse; empty if they are even."""
    opposites = _opposites(compared)
    added = _unmatched(compared.words, compared.others, [one.place for one in opposites])
    dropped = _unmatched(compared.others, compared.words, [one.other for one in opposites])
    others = [*_other_bounds(compared), *swap(compared)]
    n = _runs(opposites) + len(added) + len(dropped) + len(others)
    if n % 2 == 0 or (not opposites and not others and _is_explained(compared, added, dropped)):
        return ()
    found = [Contradiction("negation", negator_text(compared.words, place), "") for place in added]
    found += [Contradiction("negation", "", negator_text(compared.others, place)) for place in dropped]
    found += [
        Contradiction("opposite", compared.words[one.place].text, compared.others[one.other].text) for one in opposites
    ]
    return tuple(_without_pairs([*found, *others]))


def _without_pairs(found: Sequence[Contradiction]) -> Sequence[Contradiction]:
    """Without the negators of both texts, which cancel each other, if there is anything else."""
    added = [one for one in found if one.kind == "negation" and one.stated]
    dropped = [one for one in found if one.kind == "negation" and one.found]
    n = min(len(added), len(dropped))
    cancelled = [*added[:n], *dropped[:n]]
    return [one for one in found if not any(one is other for other in cancelled)]


def _runs(opposites: Sequence[_Opposite]) -> int:
    """The number of opposites, where adjacent ones, such as "rise above" and "fall below", count as one."""
    pairs = {(one.place, one.other) for one in opposites}
    return sum((place - 1, other - 1) not in pairs for place, other in pairs)


def _opposites(compared: Compared) -> list[_Opposite]:
    """Words that only the sentence has, with opposites that only the passage has, in the same place."""
    found: list[_Opposite] = []
    for place in compared.new:
        word = compared.words[place]
        for other in compared.gone:
            is_free = all(other != one.other for one in found)
            if is_free and _is_opposite_in_place(compared, word, place, other):
                found.append(_Opposite(place, other))
                break
    return found


def _is_opposite_in_place(compared: Compared, word: PlacedWord, place: int, other: int) -> bool:
    opposite = compared.others[other]
    if not are_opposite(word.text, opposite.text):
        return False
    if _is_bound(compared.words, place) or _is_bound(compared.others, other):
        return False
    strictly = word.is_common or opposite.is_common
    has_synonym = any(are_alike(word.text, compared.others[each].text) for each in compared.gone)
    if has_synonym or _is_converse(compared, place, other):
        return False
    return compared.is_same_place(place, other, strictly=strictly)


def _is_converse(compared: Compared, place: int, other: int) -> bool:
    """Whether what is before one word is after the other, and vice versa: "A lends to B", "B borrows from A"."""
    before, after = _stems(compared.words[:place]), _stems(compared.words[place + 1 :])
    other_before, other_after = _stems(compared.others[:other]), _stems(compared.others[other + 1 :])
    return bool((before - other_before) & other_after) and bool((after - other_after) & other_before)


def _stems(words: Sequence[PlacedWord]) -> set[str]:
    return {word.stem for word in words if not word.is_common}


def _is_bound(words: Sequence[PlacedWord], place: int) -> bool:
    """Whether a word belongs to the bound of a number: "at least 5", "more than 5", "5 or more", "over 5"."""
    before, after = (
        words[max(place - 1, 0)].lower,
        [word for word in words[place + 1 : place + 3] if word.lower != "than"],
    )
    has_number = bool(after) and bool(stated_numbers(after[0].text))
    return words[place].lower in _BOUNDS and (has_number or before in ("at", "or"))


def _other_bounds(compared: Compared) -> Iterator[Contradiction]:
    """Numbers that are the least in one text, and the most in the other."""
    for number in stated_numbers(compared.sentence):
        bound, words = bound_at(compared.sentence, number)
        same = [other for other in stated_numbers(compared.passage) if other.readings & number.readings]
        found = [bound_at(compared.passage, other) for other in same]
        if bound and found and all(other and other != bound for other, _ in found):
            yield Contradiction("opposite", words, found[0][1])


def _unmatched(words: Sequence[PlacedWord], others: Sequence[PlacedWord], used: Sequence[int]) -> list[int]:
    """The places of negators, and of "less" as in "less expensive", that negate a word which the other text has too.

    Those at `used` places are counted as opposites already; what they negate counts as being in the other text. A word
    that this text has more often may be said there again without a negator, so what it negates does not count.
    """
    counts = Counter(word.stem for word in others)
    counts.subtract(word.stem for word in words)
    stems = {word.stem for word in others if counts[word.stem] >= 0} | {words[place].stem for place in used}
    found = [one.place for one in negators(words) if one.place not in used and _is_about(one, words, stems)]
    following = pairwise(words)
    found += [
        place
        for place, (word, after) in enumerate(following)
        if word.lower in _REVERSING and place not in used and not _is_bound(words, place)
        and not after.is_common and after.stem in stems
        and not any(word.stem == other.stem or are_opposite(word.text, other.text) for other in others)
    ]  # fmt: skip
    return found


def _is_about(negator: Negator, words: Sequence[PlacedWord], stems: set[str]) -> bool:
    """Whether the first word that is negated, or most of all, are among the stems."""
    shared = [words[place].stem in stems for place in negator.scope]
    return bool(shared) and (shared[0] or 2 * sum(shared) > len(shared))


def _is_explained(compared: Compared, added: Sequence[int], dropped: Sequence[int]) -> bool:
    """Whether the other text says "not" in another way, such as with "without", "refused" or "impossible"."""
    n_negators = (len(negators(compared.words)), len(negators(compared.others)))
    if not compared.is_near_copy and (n_negators[1] > len(dropped) if added else n_negators[0] > len(added)):
        return True
    new = [compared.words[place] for place in compared.new]
    gone = [compared.others[place] for place in compared.gone]
    negated = [compared.words[place] for place in added] + [compared.others[place] for place in dropped]
    weak = [word for word in (*new, *gone) if word.lower in WEAK]
    prefixed = any(
        one.lower != other.lower and are_opposite(one.text, other.text) for one in new for other in gone
        if one not in negated and other not in negated
    )  # fmt: skip
    return prefixed or any(word not in negated for word in weak)
