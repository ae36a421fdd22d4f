"""Numbers of the list items of a Word document, as Word shows them: "1.2", "a)", "iii.".

The elements: ECMA-376, part 1, section 17.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.word.names import W, is_on, number, value
from rag.documents.readers.word.styles import ListPlace
from rag.documents.readers.writing.flow import plain
from rag.documents.readers.writing.list_numbers import letters, roman

BULLET = "-"
_PLACE = re.compile(r"%([1-9])")
MOST_NUMBER = 1_000_000
"""Where a list may start."""
_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": letters,
    "upperLetter": lambda count: letters(count).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda count: roman(count).upper(),
    "decimalZero": lambda count: f"{count:02d}",
    "none": lambda count: "",
}


@dataclass(frozen=True, slots=True)
class Level:
    """How a level of a list counts: its format, the text around the numbers ("%1.%2"), and where it starts."""

    kind: str
    text: str
    start: int
    is_decimal: bool


@dataclass(frozen=True, slots=True)
class CountedList:
    """The levels of a list from 0; lists of one `count_id` count on together, unless they restart at a number."""

    count_id: str
    levels: dict[int, Level]
    restarts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the items of a document's lists; `mark` is to be called once for each item, in order."""

    def __init__(self, lists: Mapping[str, CountedList]) -> None:
        self._lists = lists
        self._counts: dict[str, dict[int, int]] = {}
        self._restarted: set[str] = set()

    def mark(self, place: ListPlace) -> str:
        """The number of the next item at this place; a hyphen for a bullet, empty if the item shows none."""
        found = self._lists.get(place.number_id)
        if found is None or place.level not in found.levels:
            return BULLET
        levels = found.levels
        counts = self._counts.setdefault(found.count_id, {})
        if place.number_id not in self._restarted:
            self._restarted.add(place.number_id)
            for restarted, start in found.restarts.items():
                counts[restarted] = start - 1
        level = levels[place.level]
        counts[place.level] = counts.get(place.level, level.start - 1) + 1
        for deeper in [one for one in counts if one > place.level]:
            del counts[deeper]
        if level.kind == "bullet":
            return BULLET

        def shown(match: re.Match[str]) -> str:
            one = levels.get(int(match[1]) - 1, level)
            count = counts.setdefault(int(match[1]) - 1, one.start)
            return str(count) if level.is_decimal else _FORMATS.get(one.kind, str)(count)

        return plain(_PLACE.sub(shown, level.text)).strip()


def numbering_of(root: ElementTree.Element | None) -> Numbering:
    """The lists of a document's numbering part."""
    if root is None:
        return Numbering({})
    abstract = {
        item.get(f"{W}abstractNumId", ""): {_at(level): _level(level) for level in item.findall(f"{W}lvl")}
        for item in root.findall(f"{W}abstractNum")
    }
    lists = {}
    for item in root.findall(f"{W}num"):
        list_id, restarts = value(item, "abstractNumId"), {}
        levels = dict(abstract.get(list_id, {}))
        for changed in item.findall(f"{W}lvlOverride"):
            replaced = changed.find(f"{W}lvl")
            if replaced is not None:
                levels[_at(changed)] = _level(replaced)
            start = value(changed, "startOverride")
            if start:
                restarts[_at(changed)] = number(start, most=MOST_NUMBER)
        lists[item.get(f"{W}numId", "")] = CountedList(list_id, levels, restarts)
    return Numbering(lists)


def _at(element: ElementTree.Element) -> int:
    return number(element.get(f"{W}ilvl", "0"), most=8)


def _level(element: ElementTree.Element) -> Level:
    return Level(
        value(element, "numFmt") or "decimal",
        value(element, "lvlText"),
        number(value(element, "start"), 1, MOST_NUMBER),
        is_on(element, "isLgl"),
    )
