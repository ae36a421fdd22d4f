"""Bounds of numbers: whether a text gives a number as the least ("at least 5") or as the most ("up to 5")."""

from __future__ import annotations

import re
from typing import Literal

from rag.text.stated_numbers import StatedNumber

Bound = Literal["least", "most", ""]

_LEAST_BEFORE = re.compile(
    r"\b(?:at least|(?:no|not) (?:less|fewer|lower|earlier|shorter|sooner) than|minimum(?: of)?|"
    r"(?<!\bno )(?<!\bnot )(?:more|longer|greater|higher|later) than|exceed(?:s|ing)?|"
    r"mindestens|wenigstens|mehr als|au moins|plus de|al menos|más de|almeno|minstens)\s+(?:the |a |an )?$",
    re.I,
)
_MOST_BEFORE = re.compile(
    r"\b(?:at most|up to|(?:no|not) (?:more|later|longer|greater|higher) than|maximum(?: of)?|"
    r"(?<!\bno )(?<!\bnot )(?:less|fewer|lower|shorter|earlier) than|within|"
    r"höchstens|maximal|bis zu|weniger als|au plus|moins de|como máximo|menos de|al massimo|"
    r"hoogstens)\s+(?:the |a |an )?$",
    re.I,
)
_LEAST_AFTER = re.compile(r"\W+(?:\w+\W+)?(?:or|and) (?:more|over|above|longer|older|higher|later)\b", re.I)
_MOST_AFTER = re.compile(r"\W+(?:\w+\W+)?(?:or|and) (?:less|fewer|under|below|shorter|younger|lower|earlier)\b", re.I)
_REACH = 40


def bound_at(text: str, number: StatedNumber) -> tuple[Bound, str]:
    """Which bound the number is in the text, and the words that say so; both are empty if it is none."""
    first = max(number.start - _REACH, 0)
    for bound, before, after in (("least", _LEAST_BEFORE, _LEAST_AFTER), ("most", _MOST_BEFORE, _MOST_AFTER)):
        found = before.search(text[first : number.start]) or after.match(text, number.end)
        if found:
            return ("least" if bound == "least" else "most"), found[0].strip(" ,.")
    return "", ""
