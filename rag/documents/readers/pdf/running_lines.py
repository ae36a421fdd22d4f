"""Running headers and footers: lines at the same place at the edge of several pages, alike but for numbers.

They are taken out of the text, where they would stand in the middle of sentences, and named in a note.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rag.documents.parsed import name_some
from rag.documents.readers.pdf.page import Page
from rag.documents.tables.printed import PrintedLine, Word, printed_lines

_MOST_LINES = 3
"""Lines of a header or a footer."""
_EDGE = 0.16
"""A header or footer is so near the edge, as a share of the page's height."""
_FEWEST_REPEATS = 2
_NEAR_PAGES = 2
"""A running line repeats on the next page, or on the one after it; titles of chapters do not."""
_SPACE = 1.25
"""The space that separates it from the text is so many times that between the text's lines."""
_LONGEST_SHOWN = 60
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_ONLY_NUMBER = re.compile(r"(?:page |seite |p\. ?|[-–—|] ?)?#(?: ?(?:of|von|de|/|\|) ?#)?(?: ?[-–—|])?")


class _Edge(NamedTuple):
    """A line at an edge of a page: what it says, with "#" for numbers, and its height, rounded."""

    says: str
    place: int


@dataclass(slots=True)
class RunningLines:
    """The headers and footers of a document, found in one slice of pages after another."""

    repeats: Counter[_Edge] = field(default_factory=Counter)
    seen: Counter[_Edge] = field(default_factory=Counter)
    apart: Counter[_Edge] = field(default_factory=Counter)
    last: dict[_Edge, int] = field(default_factory=dict)
    n_pages: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    def without(self, pages: Sequence[Page]) -> list[list[Word]]:
        """The words of each page without headers and footers."""
        edges = [(_edge_lines(page, upper=True), _edge_lines(page, upper=False)) for page in pages]
        for both in edges:
            self._count(both)
        kept = []
        for page, both in zip(pages, edges, strict=True):
            running = [line for edge in both for line in self._running(edge)]
            out = {number for line in running for number in line.numbers}
            words = [word for word in page.words if word.number not in out]
            if words:
                self._remember(running)
            # A page with nothing else has its text in that line.
            kept.append(words or list(page.words))
        return kept

    def _count(self, both: tuple[_EdgeLines, _EdgeLines]) -> None:
        """Count what stands at the edges of the next page and stood there on one of the two pages before."""
        for key in {key for edge in both for line in edge.lines for key in _keys(line)}:
            if self.n_pages - self.last.get(key, -9) <= _NEAR_PAGES:
                self.repeats[key] += 1
            self.last[key] = self.n_pages
            self.seen[key] += 1
        self.apart.update({key for edge in both for line in edge.apart() for key in _keys(line)})
        self.n_pages += 1

    def _remember(self, running: Sequence[PrintedLine]) -> None:
        for line in running:
            said = _says(line)
            self.shown.setdefault("#" if _is_number(said) else said, line.text)

    def note(self) -> tuple[str, ...]:
        """A note that names what was left out; none if nothing was."""
        if not self.shown:
            return ()
        quoted = [f"'{_shortened(text)}'" for said, text in self.shown.items() if said != "#"]
        named = name_some([*(["page numbers"] if "#" in self.shown else []), *quoted], shown=4)
        return (f"Headers and footers that repeat on the pages were left out of the text: {named}.",)

    def _running(self, edge: _EdgeLines) -> Sequence[PrintedLine]:
        """A page's running lines at one edge; lines go from the edge inwards."""
        known = 0
        for at, line in enumerate(edge.lines):
            if not any(self.repeats[key] >= _FEWEST_REPEATS for key in _keys(line)):
                break
            if _ONLY_NUMBER.fullmatch(_says(line)) or any(2 * self.apart[key] > self.seen[key] for key in _keys(line)):
                known = at + 1
        return edge.lines[:known]


@dataclass(frozen=True, slots=True)
class _EdgeLines:
    """The lines near an edge of a page, from the edge inwards, and the next two lines of the text."""

    lines: Sequence[PrintedLine]
    inner: Sequence[PrintedLine]

    def apart(self) -> Iterator[PrintedLine]:
        """The lines that have more space on their inner side than the lines of the text have between them."""
        everything = [*self.lines, *self.inner]
        for at, line in enumerate(self.lines):
            rest = everything[at + 1 : at + 3]
            space = abs(line.middle - rest[0].middle) if rest else 0.0
            usual = abs(rest[0].middle - rest[1].middle) if len(rest) > 1 else 0.0
            if not rest or (space > _SPACE * usual and space > (1 + _SPACE / 2) * line.height):
                yield line


def _edge_lines(page: Page, *, upper: bool) -> _EdgeLines:
    """The lines near one edge of a page."""
    _, bottom, _, top = page.edges
    reach = _EDGE * (top - bottom)
    limit = top - reach if upper else bottom + reach
    # Lines beyond the limit tell the usual space between lines.
    if upper:
        near = [one for one in page.words if one.top > limit - 60]
    else:
        near = [one for one in page.words if one.bottom < limit + 60]
    lines = printed_lines(near)
    lines = lines if upper else lines[::-1]
    inside = sum(line.middle > limit if upper else line.middle < limit for line in lines)
    inside = min(inside, _MOST_LINES)
    return _EdgeLines(lines[:inside], lines[inside : inside + 2])


def _keys(line: PrintedLine) -> Iterator[_Edge]:
    """What the line says at its place; heights may differ by two points."""
    said = _says(line)
    if said:
        for place in (round((line.middle - 1) / 3), round((line.middle + 1) / 3)):
            yield _Edge(said, place)


def _says(line: PrintedLine) -> str:
    return _NUMBER.sub("#", line.text.casefold())


def _is_number(said: str) -> bool:
    return said == "#" or _ONLY_NUMBER.fullmatch(said) is not None


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1].rstrip()}…"
