"""Marks within a line of Markdown: **bold**, *italic* and `code`.

This is a part of CommonMark, and stricter: an asterisk next to a letter or digit on its outer side, as in 2*3*4, is
not a mark, because most passages were never written as Markdown. Everything else stays text: links, images, HTML,
underscores, and a backslash, which still takes the meaning from the asterisk or the backtick after it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from pages.shared.widgets.passage.nodes import Element, Leaf, Node

_RUN = re.compile(r"\\[*`]|`+|\*+")
_FIRST_CJK = "\u2e80"
"""From here on are scripts that write words without spaces, so that marks stand next to letters."""
_BOLD, _LONGEST = 2, 3


class _Scan:
    """The runs of marks in a span of a text that are not inside code, and the code."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.code: list[tuple[int, int, int]] = []
        self.openers: list[tuple[int, int]] = []
        self.closers: dict[int, list[int]] = {}
        self._read()

    def _read(self) -> None:
        runs = [(run.start(), run.end(), run[0]) for run in _RUN.finditer(self.text, self.start, self.end)]
        ticks: dict[int, list[int]] = {}
        for at, _, run in runs:
            if run[0] == "`":
                ticks.setdefault(len(run), []).append(at)
        position = self.start
        for at, after, run in runs:
            if at < position:
                continue
            position = after
            if run[0] == "`":
                same = ticks[len(run)]
                found = bisect_left(same, after)
                if found < len(same):
                    position = same[found] + len(run)
                    self.code.append((at, position, len(run)))
            elif run[0] == "*" and len(run) <= _LONGEST:
                self._note_asterisks(at, after)

    def _note_asterisks(self, at: int, after: int) -> None:
        before = self.text[at - 1] if at > self.start else " "
        behind = self.text[after] if after < self.end else " "
        if not behind.isspace() and not _joins(before):
            self.openers.append((at, after - at))
        if not before.isspace() and not _joins(behind):
            self.closers.setdefault(after - at, []).append(at)

    def closer(self, length: int, after: int, end: int) -> int:
        """Where the next run of so many asterisks that can close begins; -1 if there is none before `end`."""
        places = self.closers.get(length, [])
        found = bisect_left(places, after)
        return places[found] if found < len(places) and places[found] + length <= end else -1


def _joins(character: str) -> bool:
    return character < _FIRST_CJK and character.isalnum()


def inline(text: str, start: int, end: int) -> tuple[Node, ...]:
    """What a span of the text holds: leaves, bold, italic and code; the marks of these are left out."""
    return tuple(_nodes(_Scan(text, start, end), start, end))


def _nodes(scan: _Scan, start: int, end: int) -> Iterator[Node]:
    """The nodes of [start, end). At most three deep: within a run's reach no run of its length can close."""
    position = start
    while position < end:
        at, kind, length, stop = _next_mark(scan, position, end)
        if at > position:
            yield Leaf(position, at)
        if kind == "code":
            yield Element("code", (Leaf(at + length, stop - length),))
        elif kind == "emphasis":
            inner = tuple(_nodes(scan, at + length, stop - length))
            if length != _BOLD:  # one asterisk is italic, two are bold, three are both
                inner = (Element("emphasis", inner),)
            yield inner[0] if length == 1 else Element("strong", inner)
        position = stop


def _next_mark(scan: _Scan, position: int, end: int) -> tuple[int, str, int, int]:
    """The next mark from `position`: where it is, what it is, its length, and where it ends; `end` if there is none."""
    first = (end, "", 0, end)
    code = bisect_left(scan.code, (position, 0, 0))
    if code < len(scan.code) and scan.code[code][1] <= end:
        at, stop, length = scan.code[code]
        first = (at, "code", length, stop)
    for number in range(bisect_left(scan.openers, (position, 0)), len(scan.openers)):
        at, length = scan.openers[number]
        if at >= first[0]:
            break
        closer = scan.closer(length, at + length + 1, end)
        if closer >= 0:
            return at, "emphasis", length, closer + length
    return first
