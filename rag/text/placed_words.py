"""Words in their places: each word of a text with its stem, its clause, and whether it begins a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.stems import is_common, stem_of, word_set, word_spans

_CLAUSE_END = re.compile(r"[,;:.!?()\[\]—–、。，；：！？]|\s-\s")
_OPENING = re.compile(r"[.!?:;\"“„«(\[•|*。！？]\s*$")
_CONJUNCTIONS = word_set(
    "and or but although though because while whereas if that which who whom whose when where until so as than unless "
    "und oder aber weil dass wenn als et ou mais que qui si y o pero porque cuando"
)


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word at [start, end) of a text.

    Attributes:
        text: as it is written.
        stem: equal for the forms of one word.
        is_common: it is an English stop word.
        clause: the number of its clause, from 0; conjunctions and punctuation separate clauses.
        is_first: it begins a sentence, a quotation or what follows a colon, where every word has a capital letter.
    """

    start: int
    end: int
    text: str
    stem: str
    is_common: bool
    clause: int
    is_first: bool

    @property
    def lower(self) -> str:
        """The word in lower case, with a straight apostrophe."""
        return self.text.casefold().replace("’", "'")


def placed_words(text: str) -> tuple[PlacedWord, ...]:
    """All words and numbers of a text, in order; in scripts without spaces, one per letter."""
    found: list[PlacedWord] = []
    clause = end = 0
    for start, stop in word_spans(text):
        between, word = text[end:start], text[start:stop]
        clause += bool(_CLAUSE_END.search(between)) or word.casefold() in _CONJUNCTIONS
        is_first = not found or bool(_OPENING.search(between))
        found.append(PlacedWord(start, stop, word, stem_of(word), is_common(word), clause, is_first))
        end = stop
    return tuple(found)


def is_same_place(
    words: Sequence[PlacedWord], place: int, others: Sequence[PlacedWord], other: int, *, strictly: bool = False
) -> bool:
    """Whether two words of two texts have a neighbor in common: the next word, or one of the next two that are no stop
    words.

    Args:
        strictly: a neighbor on either side must be common, unless the word begins or ends one of the texts.
    """
    after = _meet(words[place + 1 :], others[other + 1 :])
    before = _meet(words[:place][::-1], others[:other][::-1])
    if not strictly:
        return after or before
    begins, ends = 0 in (place, other), place + 1 == len(words) or other + 1 == len(others)
    return (after and (before or begins)) or (before and ends)


def _meet(words: Sequence[PlacedWord], others: Sequence[PlacedWord]) -> bool:
    """Whether the beginnings of two texts have a word in common."""
    if not words or not others:
        return False
    return words[0].stem == others[0].stem or bool(_contents(words) & _contents(others))


def _contents(words: Sequence[PlacedWord]) -> set[str]:
    """The stems of the first two words that are no stop words."""
    return set([word.stem for word in words if not word.is_common][:2])
