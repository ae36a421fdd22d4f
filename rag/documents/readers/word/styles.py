"""Styles of a Word document: which paragraphs are headings, and which belong to lists.

The elements: ECMA-376, part 1, section 17.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from rag.documents.readers.word.names import W, is_on, number, path, value

_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)
_NO_HEADING = 9
"""The outline level of body text."""
_MOST_PARENTS = 20


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Which list of the numbering part a paragraph belongs to, and at which level, from 0."""

    number_id: str
    level: int


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    parent: str
    properties: ElementTree.Element | None
    is_hidden: bool


class Styles:
    """The styles of a document by their id."""

    def __init__(self, root: ElementTree.Element | None) -> None:
        self._styles: dict[str, _Style] = {}
        for item in root.iter(f"{W}style") if root is not None else ():
            properties = item.find(f"{W}pPr")
            hidden = is_on(item, "rPr/vanish")
            one = _Style(value(item, "name"), value(item, "basedOn"), properties, hidden)
            self._styles[item.get(f"{W}styleId", "")] = one

    def heading_level(self, paragraph: ElementTree.Element) -> int:
        """The level of a heading, from 1; 0 if the paragraph is none. A title has level 1."""
        properties = paragraph.find(f"{W}pPr")
        stated = value(properties, "outlineLvl")
        if stated:
            return _level(stated)
        for style in self._with_parents(value(properties, "pStyle")):
            stated = value(style.properties, "outlineLvl")
            if stated:
                return _level(stated)
            named = _HEADING.fullmatch(style.name)
            if named:
                return int(named[1])
            if style.name.lower() == "title":
                return 1
        # A style that the file does not define still has its usual name.
        named = _HEADING.fullmatch(value(properties, "pStyle"))
        return int(named[1]) if named else 0

    def list_place(self, paragraph: ElementTree.Element) -> ListPlace | None:
        """The list that a paragraph belongs to by itself or by its style."""
        properties = paragraph.find(f"{W}pPr")
        found = _place(properties)
        if found is None:
            styles = self._with_parents(value(properties, "pStyle"))
            found = next((place for style in styles if (place := _place(style.properties))), None)
        return found if found and found.number_id != "0" else None

    def is_hidden(self, style_id: str) -> bool:
        """Whether a style hides its text."""
        return style_id in self._styles and self._styles[style_id].is_hidden

    def _with_parents(self, style_id: str) -> Iterator[_Style]:
        for _ in range(_MOST_PARENTS):
            style = self._styles.get(style_id)
            if style is None:
                return
            yield style
            style_id = style.parent


def _level(stated: str) -> int:
    level = number(stated, _NO_HEADING)
    return level + 1 if level < _NO_HEADING else 0


def _place(properties: ElementTree.Element | None) -> ListPlace | None:
    found = properties.find(path("numPr")) if properties is not None else None
    number_id = value(found, "numId")
    return ListPlace(number_id, number(value(found, "ilvl"), most=8)) if number_id else None
