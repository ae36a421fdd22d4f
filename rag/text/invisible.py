"""Invisible characters: remove those that only get in the way of words, and tell whether a text shows anything.

Soft hyphens, zero-width spaces, word joiners and byte order marks are removed, since a word with one of them inside is
not found. Joiners that change how letters look (Persian, Hindi, emoji) and marks of writing direction stay.
"""

from __future__ import annotations

import re
import unicodedata

# A soft hyphen at the end stays: the text may be a line, whose last word the next line completes.
_IN_THE_WAY = re.compile(r"\u00ad(?:[ \t]*\n[ \t]*(?=[^\W\d_])|(?!\s*\Z))|[\u200b\u2060\ufeff]")
# Scripts that put no spaces between words, so that a zero-width space may stand there instead.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""


def without_invisible(text: str) -> str:
    """The text without soft hyphens (a word that one divides at a line's end is joined) and zero-width spaces."""
    if text.isascii() or not _IN_THE_WAY.search(text):
        return text
    return _IN_THE_WAY.sub(lambda found: _kept(text, found), text)


def _kept(text: str, found: re.Match[str]) -> str:
    around = text[max(found.start() - 1, 0) : found.end() + 1]
    return "\u200b" if found[0] == "\u200b" and _UNSPACED.search(around) else ""


def is_visible(text: str) -> bool:
    """Whether a text has a character that is seen: a letter, a digit, a sign; no space, joiner or control character."""
    return any(not _is_invisible(character) for character in text)


def _is_invisible(character: str) -> bool:
    if character.isspace() or character in _BLANK:
        return True
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Zl", "Zp", "Zs") or (category == "Mn" and "\ufe00" <= character <= "\ufe0f")
