"""Find text layers that hold no words, as a wrong table of characters (ToUnicode) or bad OCR leaves them.

Text of any language in Latin letters has common short words, and a vowel in nearly every word; letters that stand for
others have neither. Other scripts are judged by signs without a meaning and by words that mix scripts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from rag.text.stems import word_set

_SIGNS = ".,;:()'\"“”’!?"
_FEWEST_CHARACTERS = 60
_FEWEST_WORDS = 12
_MEANINGLESS = frozenset(("Co", "Cn", "Cc", "Cs"))
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{3,}")
_TOKEN = re.compile(r"\S+")
_VOWELS = re.compile("[aeiouàáâãäåæèéêëìíîïòóôõöøùúûüýÿœāăąēėęěīįıōőūůűų]", re.IGNORECASE)
_CLUSTER = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
_ODD_SIGN = re.compile(r"[A-Za-z][\\\[\]^_`{|}~\x00-\x1f]|[\\\[\]^`{|}~\x00-\x1f][A-Za-z]")
_COMMON = word_set(
    "the of and to in is for that with on as are be this by from at it or an not was "
    "der die das und ist von den mit zu ein eine für auf im dem nicht des "
    "le la les de et en un une du est pour que dans par sur pas il "
    "el los las y por con se una su no es al lo como "
    "il di che per con del della non sono una "
    "o os do da em um uma não para com "
    "het een van voor niet op zijn dat och att som på av är til og på det ei ja on se että ei "
    "w z na do nie się jest je se na v ve bir ve bu için da de az egy és hogy nem si la cu care "
    "dan yang untuk dengan ini và của các lorem ipsum dolor sit amet"
)


def holds_no_words(text: str) -> bool:
    """Whether a page's text is none that a person could read; False if it is too short to tell."""
    tokens = text.split()
    counts = Counter(text)
    length = sum(map(len, tokens))
    if _is_meaningless(counts, length):
        return length > 10
    if length < _FEWEST_CHARACTERS:
        return False
    common = sum(token.strip(_SIGNS).casefold() in _COMMON for token in tokens)
    if common >= max(2, 0.02 * len(tokens)):
        return False
    letters = sum(count for letter, count in counts.items() if letter.isalpha())
    latin = _LATIN_WORD.findall(text)
    if sum(map(len, latin)) > 0.5 * letters:
        return _is_shifted(tokens, latin)
    return _mixes_scripts(text)


def _is_meaningless(counts: Counter[str], length: int) -> bool:
    """Whether many characters are for private use, not assigned, or stand for one that was not known."""
    bad = sum(
        count
        for letter, count in counts.items()
        if letter == "\ufffd" or (not letter.isspace() and unicodedata.category(letter) in _MEANINGLESS)
    )
    return bad > 0.3 * length


def _is_shifted(tokens: list[str], latin: list[str]) -> bool:
    """Whether Latin letters stand for other ones: few vowels, or words without any.

    Abbreviations in capitals have few vowels, too; capitals are judged only among signs that words do not have inside.
    """
    capitals = sum(word.isupper() for word in latin) > 0.5 * len(latin)
    if capitals and sum(_ODD_SIGN.search(token) is not None for token in tokens) < 0.05 * len(tokens):
        return False
    words = {word.casefold() for word in latin if capitals or not word.isupper()}
    if len(words) < _FEWEST_WORDS:
        return False
    without = sum(_VOWELS.search(word) is None for word in words) / len(words)
    letters = "".join(words)
    vowels = len(_VOWELS.findall(letters)) / len(letters)
    clusters = sum(_CLUSTER.search(word) is not None for word in words) / len(words)
    return vowels < 0.27 or without > 0.35 or clusters > 0.3


def _mixes_scripts(text: str) -> bool:
    """Whether most words have letters of several scripts."""
    words = [token for token in _TOKEN.findall(text) if sum(letter.isalpha() for letter in token) >= 3]
    if len(words) < _FEWEST_WORDS:
        return False
    return sum(len({_script(letter) for letter in word if letter.isalpha()}) > 2 for word in words) > 0.4 * len(words)


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name; Chinese and Japanese signs are one."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH") else name
