"""Proper names in a text by their capital letters, and whether two of them can name the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.text.placed_words import PlacedWord
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import word_set

_GERMAN = word_set(
    "der die das und ist nicht ein eine einen den dem mit für von zu auf wird werden sich im des bei nach"
)
_ARTICLES = word_set(
    "kein keine keinen keinem keiner le la les un une des el los las una il lo gli uno o os as um uma het een en"
)
_LEAST_SMALL = 0.15
_ENDINGS = frozenset([""]) | word_set(
    "y ey ay n an ian ean ish ese i ia a e s es en er is ic al and isch ische egian ais aise ien ienne o os"
)
_LEAST_ROOT = 3
_SYNONYMS = (
    "us usa america american united states", "uk britain british england kingdom", "eu europe european union",
    "france french", "spain spanish", "netherlands dutch holland", "wales welsh", "greece greek", "swiss switzerland",
    "denmark danish danes", "ireland irish", "christmas xmas", "internet web",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A word that may be a proper name, or a part of one, at `place` of the words; `is_certain` if it hardly can be
    another word: it has its capital letter within a sentence, or before another name, in a text that does not
    capitalize every noun."""

    place: int
    text: str
    is_certain: bool

    @property
    def bare(self) -> str:
        """In lower case without a genitive ending."""
        return _bare(self.text)


def names(words: Sequence[PlacedWord]) -> tuple[Name, ...]:
    """The words of a text that may be proper names; months, weekdays and numbers are none."""
    is_certain = not _capitalizes_nouns(words)
    found = []
    for place, word in enumerate(words):
        is_function_word = word.is_common or word.lower in _GERMAN | _ARTICLES
        if not _is_capital(word) or is_function_word or stated_numbers(word.text):
            continue
        has_inner = any(letter.isupper() for letter in word.text[1:]) and len(word.text) <= 6
        is_followed = any(_is_capital(after) and not after.is_common for after in words[place + 1 : place + 2])
        found.append(Name(place, word.text, is_certain and (not word.is_first or has_inner or is_followed)))
    return tuple(found)


def _is_capital(word: PlacedWord) -> bool:
    return len(_bare(word.text)) > 1 and word.text[0].isupper()


def _capitalizes_nouns(words: Sequence[PlacedWord]) -> bool:
    """Whether the text is German, or a title in which most words have a capital letter."""
    contents = [word for word in words if not word.is_first and not word.is_common]
    small = sum(word.text[0].islower() for word in contents)
    is_german = len({word.lower for word in words} & _GERMAN) >= 2
    return is_german or (len(contents) > 3 and small < _LEAST_SMALL * len(contents))


def _bare(text: str) -> str:
    lower = text.casefold().replace("’", "'")
    return lower.removesuffix("'s").removesuffix("'")


def is_same_name(one: str, other: str) -> bool:
    """Whether two words can be forms of one name: "Norway" and "Norwegian", "USA" and "American"."""
    one, other = _bare(one), _bare(other)
    if one == other or any(one in line.split() and other in line.split() for line in _SYNONYMS):
        return True
    root = 0
    while root < min(len(one), len(other)) and one[root] == other[root]:
        root += 1
    return root >= _LEAST_ROOT and one[root:] in _ENDINGS and other[root:] in _ENDINGS


def is_abbreviation(short: str, words: Iterable[str]) -> bool:
    """Whether the capital letters of a word are the initials of some of the words in a row: "WHO"."""
    letters = "".join(letter for letter in short if letter.isupper()).casefold()
    initials = "".join(word[0] for word in words if word).casefold()
    return len(letters) >= 2 and len(letters) >= len(short.rstrip("s")) - 1 and letters in initials
