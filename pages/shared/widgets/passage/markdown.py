"""Markdown as a tree over its text: headings, lists, tables, fenced code and paragraphs; everything else is text.

A small part of CommonMark and of GitHub's tables, written here because a highlight needs the place of each character
in the source, which Markdown libraries do not tell within a line. Paragraphs keep their line breaks. Numbered items
keep their numbers as text, so that none changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pages.shared.widgets.passage.inline import inline
from pages.shared.widgets.passage.lines import Line, lines_of
from pages.shared.widgets.passage.nodes import Element, Kind, Leaf, Node
from pages.shared.widgets.passage.tables import table_at

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")
_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})[ \t]*")
_ITEM = re.compile(r"([ \t]*)(?:([-*+•])[ \t]+|(?=\d{1,9}[.)][ \t]))(?=\S)")
_RULE = re.compile(r"[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*")
_DEEPEST = 6
"""Levels of lists; items further in stay on the last."""


def parse(text: str) -> tuple[Node, ...]:
    """The passage as blocks, in the order of its text."""
    lines = lines_of(text)
    blocks: list[Node] = []
    number = 0
    if closing := _closing_fence(lines):
        blocks.append(_fenced(lines[:closing], None))
        number = closing + 1
    while number < len(lines):
        if lines[number].is_blank:
            number += 1
            continue
        block, number = _block(text, lines, number)
        blocks.append(block)
    return tuple(blocks)


def _block(text: str, lines: Sequence[Line], number: int) -> tuple[Node, int]:
    """The block that begins with a line, and the number of the line after it."""
    line = lines[number]
    if fence := _FENCE.match(line.text):
        return _fence_block(lines, number, fence)
    if heading := _HEADING.match(line.text):
        start, end = line.start + heading.end(), line.start + _end_of_heading(line.text)
        return Element("heading", inline(text, start, max(start, end))), number + 1
    if found := table_at(text, lines, number):
        return found
    if _item(line):
        return _list(text, lines, number)
    last = number + 1
    while last < len(lines) and not lines[last].is_blank and not _begins_block(text, lines, last):
        last += 1
    end = lines[last - 1].start + len(lines[last - 1].text.rstrip())
    return Element("paragraph", inline(text, line.start, end)), last


def _end_of_heading(line: str) -> int:
    """Where the text of a heading ends: before the signs that may close it, if white space is before them."""
    whole = line.rstrip()
    bare = whole.rstrip("#")
    return len(bare.rstrip()) if bare[-1:].isspace() else len(whole)


def _begins_block(text: str, lines: Sequence[Line], number: int) -> bool:
    line = lines[number]
    return bool(
        _FENCE.match(line.text) or _HEADING.match(line.text) or _item(line) or table_at(text, lines, number)
    )  # fmt: skip


def _closes(line: Line, fence: str) -> bool:
    mark = line.text.strip()
    return len(mark) >= len(fence) and mark == fence[0] * len(mark)


def _fence_block(lines: Sequence[Line], number: int, fence: re.Match[str]) -> tuple[Node, int]:
    """Fenced code up to the fence that closes it, or to the end of the passage."""
    last = number + 1
    while last < len(lines) and not _closes(lines[last], fence[1]):
        last += 1
    line = lines[number]
    start, end = line.start + fence.end(), line.start + len(line.text.rstrip())
    language = Leaf(start, end) if end > start else None
    return _fenced(lines[number + 1 : last], language), last + 1


def _fenced(lines: Sequence[Line], language: Leaf | None) -> Element:
    said: tuple[Node, ...] = (Element("language", (language,)),) if language else ()
    code = (Leaf(lines[0].start, lines[-1].end),) if lines and lines[-1].end > lines[0].start else ()
    return Element("fenced", (*said, Element("code", code)))


def _closing_fence(lines: Sequence[Line]) -> int:
    """The number of the fence that closes code which began before the passage; 0 if there is none.

    If a fence is left open, then the passage ends inside code, or it began there. It began there if its last line is
    the open fence, or if code would have a fence with a language in it, because only an opening fence names one.
    """
    fences = [(number, found) for number, line in enumerate(lines) if (found := _FENCE.match(line.text))]
    if not fences:
        return 0
    is_open, swallowed, opened = "", False, 0
    for number, fence in fences:
        if not is_open:
            is_open, opened = fence[1], number
        elif _closes(lines[number], is_open):
            is_open = ""
        else:
            swallowed = swallowed or fence[1][0] == is_open[0]
    is_last = all(line.is_blank for line in lines[opened + 1 :])
    first, mark = fences[0]
    return first if is_open and (is_last or swallowed) and _closes(lines[first], mark[1]) else 0


@dataclass(slots=True)
class _Item:
    """An item of a list: how far in its mark is, whether it has a number, and the span of its text."""

    indent: int
    is_numbered: bool
    start: int
    end: int


def _item(line: Line) -> _Item | None:
    found = _ITEM.match(line.text)
    if not found or _RULE.fullmatch(line.text):
        return None
    indent = len(found[1].expandtabs(4))
    return _Item(indent, not found[2], line.start + found.end(), line.start + len(line.text.rstrip()))


def _list(text: str, lines: Sequence[Line], number: int) -> tuple[Node, int]:
    """A list with the lists in it. Lines that are indented further than an item's mark belong to the item."""
    items: list[_Item] = []
    last = number
    while number < len(lines):
        line = lines[number]
        item = _item(line)
        if item and (not items or item.indent > items[0].indent or item.is_numbered == items[0].is_numbered):
            items.append(item)
        elif item or (line.is_blank and not _continues(lines, number, items)):
            break
        elif not line.is_blank:
            indent = len(line.text.expandtabs(4)) - len(line.text.expandtabs(4).lstrip())
            if indent <= items[-1].indent or _FENCE.match(line.text) or _HEADING.match(line.text):
                break
            items[-1].end = line.start + len(line.text.rstrip())
        number += 1
        last = number
    return _nested(text, items, 1), last


def _continues(lines: Sequence[Line], number: int, items: Sequence[_Item]) -> bool:
    """Whether the list goes on after a blank line: with an item of the same kind."""
    while number < len(lines) and lines[number].is_blank:
        number += 1
    item = _item(lines[number]) if number < len(lines) else None
    return item is not None and (item.indent > items[0].indent or item.is_numbered == items[0].is_numbered)


def _nested(text: str, items: Sequence[_Item], level: int) -> Element:
    """Items as a list; those further in than the item above them are a list in that item."""
    kind: Kind = "numbers" if items[0].is_numbered else "bullets"
    children: list[Node] = []
    number = 0
    while number < len(items):
        item, inner = items[number], number + 1
        while level < _DEEPEST and inner < len(items) and items[inner].indent > item.indent + 1:
            inner += 1
        content = inline(text, item.start, item.end)
        if inner > number + 1:
            content = (*content, _nested(text, items[number + 1 : inner], level + 1))
        children.append(Element("item", content))
        number = inner
    return Element(kind, tuple(children))
