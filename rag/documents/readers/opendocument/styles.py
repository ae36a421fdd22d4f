"""Styles of OpenDocument texts: page breaks, titles, hidden text, and how lists and headings are numbered.

The elements: OpenDocument 1.3, part 3, sections 16 (styles) and 19.880 (numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.opendocument.names import FO, STYLE, TABLE, TEXT, count_of
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.writing.list_numbers import letters, roman

BULLET = "-"
_FORMATS: dict[str, Callable[[int], str]] = {
    "1": str,
    "a": letters,
    "A": lambda count: letters(count).upper(),
    "i": roman,
    "I": lambda count: roman(count).upper(),
}
_MOST_PARENTS = 20


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level of a list is numbered; without a format it has bullets."""

    form: str
    prefix: str
    suffix: str
    shown: int
    start: int
    is_bullet: bool


@dataclass(slots=True)
class ListCount:
    """An open list: how its levels are numbered, and how far each has counted."""

    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)

    def next(self, level: int, start: int | None = None) -> str:
        """The mark of the next item at a level, from 1; empty if its items show none."""
        one = self.levels.get(level)
        if one is None:
            return BULLET
        first = one.start if start is None else start
        self.counts[level] = first if start is not None or level not in self.counts else self.counts[level] + 1
        for deeper in [other for other in self.counts if other > level]:
            del self.counts[deeper]
        if one.is_bullet:
            return BULLET
        if one.form not in _FORMATS:
            return f"{one.prefix}{one.suffix}".strip()
        numbers = []
        for shown in range(max(level - one.shown + 1, 1), level + 1):
            other = self.levels.get(shown, one)
            if other.form in _FORMATS:
                numbers.append(_FORMATS[other.form](self.counts.setdefault(shown, other.start)))
        return f"{one.prefix}{'.'.join(numbers)}{one.suffix}".strip()


class OpenStyles:
    """The styles of a document by name."""

    def __init__(self, parts: OpenParts) -> None:
        self._styles: dict[str, ElementTree.Element] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        self.outline: dict[int, _Level] = {}
        self.hidden_tables: set[str] = set()
        for root in parts.roots():
            for item in root.iter(f"{STYLE}style"):
                self._styles[item.get(f"{STYLE}name", "")] = item
                if any(one.get(f"{TABLE}display") == "false" for one in item.iter(f"{STYLE}table-properties")):
                    self.hidden_tables.add(item.get(f"{STYLE}name", ""))
            for item in root.iter(f"{TEXT}list-style"):
                self._lists[item.get(f"{STYLE}name", "")] = _levels(item)
            for item in root.iter(f"{TEXT}outline-style"):
                self.outline = {level: one for level, one in _levels(item).items() if one.form}

    def list_levels(self, name: str) -> dict[int, _Level] | None:
        """The levels of a list style; None if it is not defined."""
        return self._lists.get(name)

    def breaks(self, name: str) -> tuple[bool, bool]:
        """Whether a page begins before a paragraph or table of this style, and after it."""
        before = after = False
        style = self._styles.get(name)
        if style is not None and style.get(f"{STYLE}master-page-name"):
            before = True
        for one in self._with_parents(name):
            for item in one:
                before = before or item.get(f"{FO}break-before") == "page"
                after = after or item.get(f"{FO}break-after") == "page"
        return before, after

    def is_title(self, name: str) -> bool:
        """Whether a paragraph of this style is the document's title."""
        return name == "Title" or any(
            one.get(f"{STYLE}parent-style-name") == "Title" for one in self._with_parents(name)
        )

    def hides(self, name: str) -> bool:
        """Whether a style hides its text."""
        style = self._styles.get(name)
        return style is not None and any(
            item.get(f"{TEXT}display") == "none" for item in style.iter(f"{STYLE}text-properties")
        )

    def _with_parents(self, name: str) -> Iterator[ElementTree.Element]:
        for _ in range(_MOST_PARENTS):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = style.get(f"{STYLE}parent-style-name", "")


def _levels(style: ElementTree.Element) -> dict[int, _Level]:
    found = {}
    for item in style:
        found[count_of(item, f"{TEXT}level")] = _Level(
            item.get(f"{STYLE}num-format", ""),
            item.get(f"{STYLE}num-prefix", ""),
            item.get(f"{STYLE}num-suffix", ""),
            count_of(item, f"{TEXT}display-levels"),
            count_of(item, f"{TEXT}start-value"),
            not item.tag.endswith(("number", "outline-level-style")),
        )
    return found
