"""Styles of a DOC file: which are headings, belong to lists or hide text; and its fonts. [MS-DOC], section 2.9.271."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.documents.readers.compound import number
from rag.documents.readers.word.binary.header import Part, WordFile
from rag.documents.readers.word.binary.properties import (
    ParagraphShape,
    RunShape,
    paragraph_shape,
    run_shape,
)
from rag.documents.readers.word.styles import ListPlace

_NO_PARENT = 0xFFF
_TITLE = 62
_NO_HEADING = 9
_MOST_STYLES = 4095
_MOST_PARENTS = 20
_PARAGRAPH = 1
_FONT_NAME = 39


@dataclass(frozen=True, slots=True)
class _Style:
    built_in: int
    parent: int
    paragraph: ParagraphShape
    run: RunShape


class Styles:
    """The styles of a document by their number."""

    def __init__(self, file: WordFile) -> None:
        content = file.part(Part.STYLES)
        size = number(content, 0, 2)
        count, base = number(content, 2, 2), number(content, 4, 2)
        at = 2 + size
        self._styles: list[_Style | None] = []
        self._levels: dict[tuple[int, int], int] = {}
        self._places: dict[tuple[int, int, int], ListPlace | None] = {}
        for _ in range(min(count, _MOST_STYLES)):
            length = number(content, at, 2)
            entry = content[at + 2 : at + 2 + length]
            self._styles.append(_style(entry, base, file.data) if len(entry) > base >= 6 else None)
            # Each begins at an even place.
            at += 2 + length + length % 2

    def heading_level(self, shape: ParagraphShape) -> int:
        """The level of a heading, from 1; 0 if the paragraph is none. A title has level 1."""
        key = (shape.style, shape.outline)
        if key not in self._levels:
            self._levels[key] = self._heading_level(shape)
        return self._levels[key]

    def _heading_level(self, shape: ParagraphShape) -> int:
        if shape.outline >= 0:
            return _level(shape.outline)
        for style in self._with_parents(shape.style):
            if style.paragraph.outline >= 0:
                return _level(style.paragraph.outline)
            if 1 <= style.built_in <= _NO_HEADING:
                return style.built_in
            if style.built_in == _TITLE:
                return 1
        # The first nine are always those of headings, also where the file does not define them.
        return shape.style if 1 <= shape.style <= _NO_HEADING and not self._find(shape.style) else 0

    def list_place(self, shape: ParagraphShape) -> ListPlace | None:
        """The list that a paragraph belongs to by itself or by its style."""
        key = (shape.style, shape.list_id, shape.list_level)
        if key not in self._places:
            self._places[key] = self._list_place(shape)
        return self._places[key]

    def _list_place(self, shape: ParagraphShape) -> ListPlace | None:
        list_id, level = shape.list_id, shape.list_level
        for style in self._with_parents(shape.style):
            list_id = style.paragraph.list_id if list_id < 0 else list_id
            level = style.paragraph.list_level if level < 0 else level
        return ListPlace(str(list_id), max(level, 0)) if list_id > 0 else None

    def hides(self, style: int) -> bool:
        """Whether a style hides its text."""
        found = next(self._with_parents(style), None)
        return found is not None and found.run.hidden in (1, 0x81)

    def _find(self, number_of_style: int) -> _Style | None:
        return self._styles[number_of_style] if number_of_style < len(self._styles) else None

    def _with_parents(self, number_of_style: int) -> Iterator[_Style]:
        for _ in range(_MOST_PARENTS):
            style = self._find(number_of_style)
            if style is None:
                return
            yield style
            number_of_style = style.parent


def _style(entry: bytes, base: int, data: bytes) -> _Style:
    """A style from its entry: its fixed part, its name, then the properties of its paragraphs and characters."""
    kind, parent = number(entry, 2, 2) & 0xF, number(entry, 2, 2) >> 4
    at = base + 2 + 2 * (number(entry, base, 2) + 1)
    lists = []
    for _ in range(number(entry, 4, 2) & 0xF):
        length = number(entry, at, 2)
        lists.append(entry[at + 2 : at + 2 + length])
        at += 2 + length + length % 2
    shape = ParagraphShape()
    if kind == _PARAGRAPH and lists:
        shape = paragraph_shape(0, lists.pop(0)[2:], data)
    run = run_shape(lists[0]) if kind <= 2 and lists else RunShape()
    return _Style(number(entry, 0, 2) & _NO_PARENT, parent, shape, run)


def _level(outline: int) -> int:
    return outline + 1 if outline < _NO_HEADING else 0


def font_names(file: WordFile) -> list[str]:
    """The names of the fonts by their number."""
    content = file.part(Part.FONTS)
    names, at = [], 4
    for _ in range(number(content, 0, 2)):
        length = number(content, at, 1)
        name = content[at + 1 : at + 1 + length][_FONT_NAME:]
        names.append(name[: len(name) // 2 * 2].decode("utf-16-le", "replace").split("\0")[0])
        at += 1 + length
        if at >= len(content):
            break
    return names
