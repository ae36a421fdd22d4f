"""Numbers of the list items of a Word document, as Word shows them: "1.2", "a)", "iii.".

The elements: ECMA-376, part 1, section 17.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree

from rag.documents.readers.word.names import W, is_on, number, value
from rag.documents.readers.word.styles import ListPlace
from rag.documents.readers.writing.flow import plain
from rag.documents.readers.writing.list_numbers import letters, roman

BULLET = "-"
_PLACE = re.compile(r"%([1-9])")
_MOST_NUMBER = 1_000_000
_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": letters,
    "upperLetter": lambda count: letters(count).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda count: roman(count).upper(),
    "decimalZero": lambda count: f"{count:02d}",
    "none": lambda count: "",
}


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level of a list counts: its format, the text around the numbers, and where it starts."""

    kind: str
    text: str
    start: int
    is_decimal: bool


class Numbering:
    """Counts the items of a document's lists; `mark` is to be called once for each item, in order."""

    def __init__(self, root: ElementTree.Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._list_of: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._restarted: set[str] = set()
        if root is not None:
            self._read(root)

    def _read(self, root: ElementTree.Element) -> None:
        abstract = {
            item.get(f"{W}abstractNumId", ""): {_at(level): _level(level) for level in item.findall(f"{W}lvl")}
            for item in root.findall(f"{W}abstractNum")
        }
        for item in root.findall(f"{W}num"):
            key, list_id = item.get(f"{W}numId", ""), value(item, "abstractNumId")
            levels, restarts = dict(abstract.get(list_id, {})), {}
            for changed in item.findall(f"{W}lvlOverride"):
                replaced = changed.find(f"{W}lvl")
                if replaced is not None:
                    levels[_at(changed)] = _level(replaced)
                start = value(changed, "startOverride")
                if start:
                    restarts[_at(changed)] = number(start, most=_MOST_NUMBER)
            self._levels[key], self._list_of[key], self._restarts[key] = levels, list_id, restarts

    def mark(self, place: ListPlace) -> str:
        """The number of the next item at this place; a hyphen for a bullet, empty if the item shows none."""
        levels = self._levels.get(place.number_id)
        if levels is None or place.level not in levels:
            return BULLET
        counts = self._counts.setdefault(self._list_of[place.number_id], {})
        if place.number_id not in self._restarted:
            self._restarted.add(place.number_id)
            for restarted, start in self._restarts[place.number_id].items():
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


def _at(element: ElementTree.Element) -> int:
    return number(element.get(f"{W}ilvl", "0"), most=8)


def _level(element: ElementTree.Element) -> _Level:
    return _Level(
        value(element, "numFmt") or "decimal",
        value(element, "lvlText"),
        number(value(element, "start"), 1, _MOST_NUMBER),
        is_on(element, "isLgl"),
    )
