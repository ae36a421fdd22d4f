"""Search terms: the words of a text as keyword search compares them, and their stems and pieces."""

from __future__ import annotations

import re
import threading
import unicodedata
from itertools import pairwise

import regex  # type: ignore[import-untyped]
from Stemmer import Stemmer  # type: ignore[import-not-found]

TERMS_VERSION = 3
"""Raised whenever a chunk would get other terms, so that saved word indexes are made again."""
PIECE_LENGTH = 4
_LONGEST_TERM = 64

_LETTER = r"[\p{L}\p{M}\p{N}]"
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc]"
_SPACED = rf"[{_LETTER}--{_UNSPACED}]"
_NUMBER = r"[0-9]{1,3}(?:[., ][0-9]{3})+(?![0-9])"
# One separator between digits; dates and versions have more.
_DECIMAL = r"(?<![0-9][.,])[0-9]+[.,][0-9]+(?![.,]?[0-9a-z])"
_TOKENS = regex.compile(
    rf"{_UNSPACED}[{_UNSPACED}\p{{M}}]*|{_NUMBER}|{_DECIMAL}|{_SPACED}+(?:['\u2019-]{_SPACED}+)*", regex.VERSION1
)
_SPACED_WORDS = regex.compile(rf"{_SPACED}+", regex.VERSION1)
_SPACED_LETTER = regex.compile(r"[\p{L}\p{M}]")
_ASCII_TOKENS = re.compile(rf"{_NUMBER}|{_DECIMAL}|[a-z0-9]+(?:['-][a-z0-9]+)*")
_IS_UNSPACED = regex.compile(_UNSPACED, regex.VERSION1)
_IS_NUMBER = re.compile(_NUMBER)
_IS_DECIMAL = re.compile(_DECIMAL)
_SEPARATORS = re.compile("[., -]")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"))
_INVISIBLE = regex.compile(r"\p{Cf}+")
_OTHER_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_BREVE = "\u0306"
_MOST_PARTS = 4
_stemmers = threading.local()
# Letters that Unicode does not decompose into a base letter and an accent.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
# First and last letter of a script, and the language whose stemmer is used for all words in it.
_STEMMERS = (
    ("a", "\u024f", "english"), ("\u0370", "\u03ff", "greek"), ("\u0400", "\u04ff", "russian"),
    ("\u0530", "\u058f", "armenian"), ("\u0600", "\u06ff", "arabic"), ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)  # fmt: skip


def search_words(text: str, *, is_query: bool = False) -> list[str]:
    """The words of a text: lower case, without accents and invisible characters, numbers in ASCII digits.

    A compound with hyphens gives its parts and the whole without hyphens ("E-58": "e", "58", "e58"), and a number
    with separators also gives the number without them ("1,000": "1", "000", "1000"). A decimal number is one word, with
    a point ("3,5": "3.5"), so that "Site 33" is not found by "3.33". In scripts that put no spaces between words, and
    in Korean, which joins particles to words, each pair of adjacent letters is a word.

    Args:
        is_query: whether the text is searched for. In a text that is searched, each letter of those scripts is a word
            too, so that a query of one letter is found.
    """
    return [word for token in tokens(text) for word in words_of_token(token, is_query=is_query)]


def tokens(text: str) -> list[str]:
    """The tokens of a text in order: words, compounds with hyphens, numbers, and runs of letters without spaces."""
    if text.isascii():
        found: list[str] = _ASCII_TOKENS.findall(text.lower())
        return found
    visible = _INVISIBLE.sub("", text.translate(_HYPHENS))
    folded = unicodedata.normalize("NFKC", visible).casefold()
    found = _TOKENS.findall(_OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), folded))
    return list(found)


def phrase_of(text: str) -> str:
    """The words of a text in order with a space between them; of scripts without spaces, each letter is a word.

    A compound or a number gives only its parts here, so that words that follow each other in the text do so in the
    phrase.
    """
    if text.isascii():
        return " ".join(_SEPARATORS.split(" ".join(tokens(text))))
    words: list[str] = []
    for token in tokens(text):
        words += regex.findall(r"\X", token) if is_unspaced(token) else _SEPARATORS.split(_folded(token))
    return " ".join(words)


def spaced_words(text: str) -> list[tuple[int, int]]:
    """The spans [start, end) of words that have a letter, in scripts with spaces between words; hyphens part words."""
    return [match.span() for match in _SPACED_WORDS.finditer(text) if _SPACED_LETTER.search(match.group())]


def is_unspaced(text: str) -> bool:
    """Whether a text begins with a letter of a script without spaces between words, or of Korean."""
    return not text[:1].isascii() and _IS_UNSPACED.match(text) is not None


def words_of_token(token: str, *, is_query: bool = False) -> list[str]:
    """The words of a token from `tokens`, see `search_words`."""
    if is_unspaced(token):
        letters = regex.findall(r"\X", token)
        pairs = [first + second for first, second in pairwise(letters)]
        return pairs if is_query and pairs else letters + pairs
    word = _folded(token)
    if _IS_DECIMAL.fullmatch(word) and not _IS_NUMBER.fullmatch(word):
        return [word.replace(",", ".")]
    if "-" not in word and not _IS_NUMBER.fullmatch(word):
        return [word]
    parts = _SEPARATORS.split(word)
    return [*parts, "".join(parts)] if len(parts) <= _MOST_PARTS else parts


def _folded(word: str) -> str:
    """The word without accents of letters with spaces between words; the marks of other scripts are letters."""
    if word.isascii():
        return word
    kept, base = [], ""
    for sign in unicodedata.normalize("NFD", word):
        if not unicodedata.combining(sign):
            base = sign
            kept.append(base)
        elif not ("a" <= base <= "\u052f" or "\u0590" <= base <= "\u06ff") or (base == "и" and sign == _BREVE):
            # The letter й is no и with an accent, and the stemmer knows endings with it.
            kept.append(sign)
    plain = unicodedata.normalize("NFC", "".join(kept)).translate(_PLAIN_LETTERS)
    return plain.replace("\u2019", "'")


def stem(word: str) -> str:
    """The stem of a word from `search_words`, by the Snowball stemmer for its script; English for Latin letters."""
    first = word[0]
    language = next((name for low, high, name in _STEMMERS if low <= first <= high), "")
    return str(_stemmer(language).stemWord(word)) if language else word


def pieces(word: str) -> list[str]:
    """The overlapping pieces of 4 letters of a word from `search_words`; the word itself if it is not longer.

    They find other forms of a word in any language with an alphabet, and parts of compounds.
    """
    word = word[:_LONGEST_TERM]
    if len(word) <= PIECE_LENGTH or is_unspaced(word):
        return [word]
    return [word[at : at + PIECE_LENGTH] for at in range(len(word) - PIECE_LENGTH + 1)]


def _stemmer(language: str) -> Stemmer:
    # Threads must not share a stemmer.
    if (known := getattr(_stemmers, language, None)) is None:
        known = Stemmer(language)
        setattr(_stemmers, language, known)
    return known
