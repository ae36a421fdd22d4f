"""The structure of a tagged PDF: which marked content of a page belongs to a heading, and its level."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

_HEADING = re.compile(r"H([1-6])?|Heading ?([1-6])", re.IGNORECASE)
_DEEPEST = 60
_MOST_ELEMENTS = 50_000
_MANY = 200
"""Children from which the search for those of a page is short; those of one page are not so far apart."""


@dataclass(frozen=True, slots=True)
class TaggedHeading:
    """A heading: its level from 1, and the numbers of the marked content that holds its words."""

    level: int
    marks: frozenset[int]


@dataclass(slots=True)
class TagReader:
    """Reads the headings of one page after another.

    An element for the whole document may have a child for each paragraph, of which PDFium gives those of one page.
    They follow each other, so the search for them begins where those of the page before were.
    """

    n_elements: int = 0
    first: dict[int, int] = field(default_factory=dict)

    def headings(self, page: pypdfium2.PdfPage) -> list[TaggedHeading]:
        """The headings of a page, as its structure tree names them."""
        from pypdfium2 import raw

        tree = raw.FPDF_StructTree_GetForPage(page.raw)
        if not tree:
            return []
        # A damaged tree may have no end.
        self.n_elements = 0
        try:
            found: list[TaggedHeading] = []
            for number in range(min(raw.FPDF_StructTree_CountChildren(tree), _MOST_ELEMENTS)):
                found += self._below(raw.FPDF_StructTree_GetChildAtIndex(tree, number), 0)
            return found
        finally:
            raw.FPDF_StructTree_Close(tree)

    def _below(self, element: object, depth: int) -> Iterator[TaggedHeading]:
        """The headings at or below an element."""
        self.n_elements += 1
        if not element or depth > _DEEPEST or self.n_elements > _MOST_ELEMENTS:
            return
        level = _level(element)
        if level:
            marks = frozenset(self._marks(element, depth))
            if marks:
                yield TaggedHeading(level, marks)
            return
        for child in self._children(element, depth):
            yield from self._below(child, depth + 1)

    def _children(self, element: object, depth: int) -> Iterator[object]:
        """The children of an element that are elements of this page."""
        from pypdfium2 import raw

        count = min(raw.FPDF_StructElement_CountChildren(element), _MOST_ELEMENTS)
        start = self.first.get(depth, 0) if count > _MANY else 0
        last = -1
        for number in (*range(start, count), *range(min(start, count))):
            child = raw.FPDF_StructElement_GetChildAtIndex(element, number)
            if child:
                if last < 0 and count > _MANY:
                    self.first[depth] = number
                last = number
                yield child
            elif last >= 0 and number - last > _MANY:
                return

    def _marks(self, element: object, depth: int) -> Iterator[int]:
        """The numbers of the marked content of an element and of those below it."""
        from pypdfium2 import raw

        self.n_elements += 1
        if depth > _DEEPEST or self.n_elements > _MOST_ELEMENTS:
            return
        single = raw.FPDF_StructElement_GetMarkedContentID(element)
        if single >= 0:
            yield single
        for number in range(min(raw.FPDF_StructElement_CountChildren(element), _MOST_ELEMENTS)):
            child = raw.FPDF_StructElement_GetChildAtIndex(element, number)
            if child:
                yield from self._marks(child, depth + 1)
                continue
            mark = raw.FPDF_StructElement_GetChildMarkedContentID(element, number)
            if mark >= 0:
                yield mark


def _level(element: object) -> int:
    """The level of a heading; 0 if the element is none."""
    from pypdfium2 import raw

    buffer = ctypes.create_string_buffer(80)
    size = raw.FPDF_StructElement_GetType(element, buffer, 80)
    if not 2 < size <= 80:
        return 0
    found = _HEADING.fullmatch(buffer.raw[: size - 2].decode("utf-16-le", "replace"))
    return int(found[1] or found[2] or 1) if found else 0
