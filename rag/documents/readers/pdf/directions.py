"""Directions of text: turn a page upright, mirror one in Hebrew or Arabic, and put letters in reading order.

After this, every page is read alike: lines run to the right and follow each other downwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.documents.tables.printed import Rule, Word

_TO_THE_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
"""Hebrew, Arabic, Syriac, Thaana and their neighbors, with presentation forms."""
_LETTER = re.compile(r"[^\W\d_]")
_FORMS = re.compile("[\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdff\ufe70-\ufefc]+")
"""Ligatures, and the forms of Arabic letters at the ends of words: pictures of letters, which no query has."""
_CLUSTER = re.compile(
    "[^\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670][\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]*"
)
_HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Soft hyphens, and signs without a width."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Turned:
    """The words and rules of a page, turned so that lines run to the right, and the page's own box."""

    words: tuple[Word, ...]
    rules: tuple[Rule, ...]
    edges: Box


def logical(text: str, *, is_reversed: bool) -> str:
    """A word in reading order, without hidden signs and with plain letters for ligatures.

    Args:
        is_reversed: the letters stand from left to right on the page in the order given. If the word is Hebrew or
            Arabic, it is then stored the wrong way.
    """
    if text.isascii():
        return text
    if is_reversed and _TO_THE_LEFT.search(text) and len(text) > 1:
        # Combining marks follow their letter, also in a word that is turned.
        text = "".join(reversed(_CLUSTER.findall(text))) if _CLUSTER.match(text) else text[::-1]
    text = _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return _HIDDEN.sub("", text)


def turned(words: Sequence[Word], rules: tuple[Rule, ...], angle: int, edges: Box) -> Turned:
    """The words with their boxes as seen when the page is turned by `angle` (0, 90, 180 or 270 degrees).

    Args:
        words: in the page's own points. Those without any visible letter are left out.
        rules: likewise.
        edges: the page's own box.
    """
    to_the_left = sum(len(one.text) for one in words if _runs_left(one.text))
    if not angle and not to_the_left:
        return Turned(tuple(one for one in words if one.text), rules, edges)
    turn = _TURNS[angle]
    mirrors = 2 * to_the_left > sum(len(one.text) for one in words if _LETTER.search(one.text))
    place: Callable[[Box], Box] = (lambda box: _mirrored(turn(box))) if mirrors else turn
    placed = []
    for one in words:
        if one.text:
            left, bottom, right, top = place((one.left, one.bottom, one.right, one.top))
            # Numbers run like Latin words.
            is_against = _runs_left(one.text) != mirrors
            placed.append(Word(one.number, one.text, left, bottom, right, top, one.style, is_against))
    drawn = tuple(Rule(*place((rule.left, rule.bottom, rule.right, rule.top))) for rule in rules)
    return Turned(tuple(placed), drawn, place(edges))


def _runs_left(text: str) -> bool:
    return not text.isascii() and _TO_THE_LEFT.search(text) is not None


def _mirrored(box: Box) -> Box:
    left, bottom, right, top = box
    return -right, bottom, -left, top


_TURNS: dict[int, Callable[[Box], Box]] = {
    0: lambda box: box,
    90: lambda box: (box[1], -box[2], box[3], -box[0]),
    180: lambda box: (-box[2], -box[3], -box[0], -box[1]),
    270: lambda box: (-box[3], box[0], -box[1], box[2]),
}
