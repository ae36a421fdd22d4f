"""Word query: the words, pieces of words and phrases that keyword search looks for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from rag.text.search_terms import phrase_of, pieces, search_words, stem
from rag.text.stems import is_common

_QUOTED = re.compile(r'"([^"]+)"|[“„«»]([^“”„«»"]+)[”“»«]|「([^「」]+)」')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in quotation marks: as they were written, in order as from `phrase_of`, and how often each stem occurs."""

    written: str
    folded: str
    words: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class WordQuery:
    """What to look for.

    Attributes:
        words: how often the query has each word outside its phrases, by its stem; stop words only if there is nothing
            else.
        pieces: how often it has each piece of its words, also of those in phrases.
        phrases: the texts in quotation marks that have several words.
        outside: the query without its phrases.
    """

    words: Mapping[str, int]
    pieces: Mapping[str, int]
    phrases: tuple[Phrase, ...] = ()
    outside: str = ""


def read_query(text: str) -> WordQuery:
    """The words, pieces and phrases of a query.

    Text in quotation marks ("...", “...”, „...“, «...», 「...」) is a phrase if it has several words.
    """
    quoted = ["".join(found) for found in _QUOTED.findall(text)]
    phrases = dict.fromkeys(one for one in quoted if len(phrase_of(one).split()) > 1)
    outside = _QUOTED.sub(" ", text) + " " + " ".join(one for one in quoted if one not in phrases)
    words = _telling(outside) or ([] if phrases else search_words(outside, is_query=True))
    in_phrases = [_telling(one) for one in phrases]
    if not words and not any(in_phrases):
        in_phrases = [search_words(one, is_query=True) for one in phrases]
    return WordQuery(
        Counter(map(stem, words)),
        Counter(piece for word in chain(words, *in_phrases) for piece in pieces(word)),
        tuple(
            Phrase(" ".join(one.split()), phrase_of(one), Counter(map(stem, found)))
            for one, found in zip(phrases, in_phrases, strict=True)
        ),
        outside,
    )


def _telling(text: str) -> list[str]:
    """The words that are not stop words."""
    return [word for word in search_words(text, is_query=True) if not is_common(word)]
