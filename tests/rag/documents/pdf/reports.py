"""Long reports for tests and measurements: headings, paragraphs in one or two columns, tables, headers and footers.

Each report knows what a reader would say about it: the heading above each sentence, and its page.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.rag.documents.pdf.writer import Bookmark, Page, Pdf, width

_WORD = re.compile(r"\w+")
_SYLLABLES = _WORD.findall("bar ven tor mil san der kol ris ter fan gel hop lum nat por qui sed tal vor wes")
_COMMON = _WORD.findall("the of and to in is for that with on as are by this from at it was")
_NAMES = _WORD.findall("Tides Cranes Moorings Ferries Locks Buoys Quays Pilots Dredging Fuel Nets Ice Tolls Crews")


@dataclass
class Report:
    """A report: its file, its headings with their paths, its sentences with heading and page, from 1."""

    content: bytes = b""
    paths: list[str] = field(default_factory=list)
    sentences: list[tuple[str, str, int]] = field(default_factory=list)
    n_pages: int = 0


@dataclass(frozen=True)
class Kind:
    """What a report has: how it states its headings, and how its pages are laid out."""

    states: str = "sizes"
    """"outline", "tags", "both", or "sizes" for letters that are larger and bold."""
    columns: int = 1
    header: bool = True
    contents: bool = False
    tables: bool = True
    n_chapters: int = 4
    n_sections: int = 3
    n_paragraphs: int = 5
    seed: int = 1


class _Typesetter:
    """Sets one report, page by page."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.random = random.Random(kind.seed)
        self.pdf = Pdf()
        self.report = Report()
        self.words = [self._word() for _ in range(900)]
        self.gap = 24.0
        self.measure = (468 - self.gap * (kind.columns - 1)) / kind.columns
        self.marked: Page | None = None
        self.page: Page = self._new_page()

    def _word(self) -> str:
        if self.random.random() < 0.35:
            return self.random.choice(_COMMON)
        return "".join(self.random.choice(_SYLLABLES) for _ in range(self.random.randint(1, 4)))

    def _new_page(self) -> Page:
        self.page = self.pdf.page()
        number = len(self.pdf.pages)
        if self.kind.header:
            self.page.text(72, 752, "Harbour Report 2026", 9)
            self.page.text(300, 36, str(number), 9)
        self.column, self.y, self.top = 0, 700.0, 700.0
        return self.page

    @property
    def left(self) -> float:
        return 72 + self.column * (self.measure + self.gap)

    def room(self, height: float) -> None:
        """Go to the next column, or page, if less than `height` is left."""
        if self.y - height < 72:
            self.column += 1
            self.y = self.top
            if self.column == self.kind.columns:
                self._new_page()

    def heading(self, level: int, title: str, path: str) -> None:
        size = {0: 24.0, 1: 18.0, 2: 13.0}[level] if self.kind.columns == 1 else {0: 24.0, 1: 14.0, 2: 12.0}[level]
        self.room(5 * size)
        if self.y < self.top:
            self.y -= size
        stated = self.kind.states
        if stated in ("outline", "both"):
            place = Bookmark(level, title, len(self.pdf.pages) - 1, self.y + size)
            self.pdf.outline.append(place)
        if stated in ("tags", "both"):
            self.pdf.tags.append((f"H{level}", len(self.pdf.pages) - 1, self.page.begin(f"H{level}")))
        is_plain = stated in ("outline", "tags")
        self.page.text(self.left, self.y, title, 10 if is_plain else size, bold=not is_plain)
        if stated in ("tags", "both"):
            self.page.end()
        self.report.paths.append(path)
        self.y -= 1.4 * size + 6

    def paragraph(self, path: str, n_sentences: int) -> None:
        texts = [self._sentence() for _ in range(n_sentences)]
        tokens = [(token, at) for at, text in enumerate(texts) for token in text.split()]
        pages: dict[int, int] = {}
        line: list[tuple[str, int]] = []
        for token in [*tokens, None]:
            if token and width(" ".join([*(one for one, _ in line), token[0]]), 10) <= self.measure:
                line.append(token)
                continue
            self.room(12)
            self._line(line)
            for _, at in line:
                pages.setdefault(at, len(self.pdf.pages))
            line = [token] if token else []
        self._end_mark()
        self.report.sentences += [(text, path, pages[at]) for at, text in enumerate(texts)]
        self.y -= 8

    def _line(self, line: list[tuple[str, int]]) -> None:
        if self.kind.states in ("tags", "both") and self.marked is not self.page:
            self._end_mark()
            self.marked = self.page
            self.pdf.tags.append(("P", len(self.pdf.pages) - 1, self.page.begin("P")))
        self.page.text(self.left, self.y, " ".join(one for one, _ in line), 10)
        self.y -= 12

    def _end_mark(self) -> None:
        """End the paragraph's marked content on the page where it stands."""
        if self.marked is not None:
            self.marked.end()
        self.marked = None

    def _sentence(self) -> str:
        words = [self.random.choice(self.words) for _ in range(self.random.randint(8, 16))]
        number = len(self.report.sentences)
        return f"{words[0].capitalize()} {' '.join(words[1:])} {number}x{self.random.randint(100, 999)}."

    def table(self) -> None:
        self.room(130)
        step = self.measure / 4
        self.y -= 6
        for row in range(8):
            cells = ["Boat", "Days", "Price", "Owner"] if row == 0 else [
                self.random.choice(self.words)[:9].capitalize() or "Moor", str(self.random.randint(1, 30)),
                f"{self.random.randint(10, 900)}.50", self.random.choice(self.words)[:9].capitalize(),
            ]  # fmt: skip
            for at, cell in enumerate(cells):
                self.page.text(self.left + 3 + at * step, self.y, cell, 9)
            self.y -= 14
        top = self.y + 8 * 14 + 10
        for row in range(9):
            self.page.line(self.left, top - 14 * row, self.left + self.measure, top - 14 * row)
        for at in range(5):
            self.page.line(self.left + at * step, top - 14 * 8, self.left + at * step, top)
        self.y -= 12

    def contents(self, titles: list[tuple[int, str]]) -> None:
        self.page.text(72, 640, "Contents", 18 if self.kind.states in ("sizes", "both") else 10)
        for at, (level, title) in enumerate(titles[:40]):
            y = 600 - 14 * at
            self.page.text(72 + 12 * level, y, title, 10)
            self.page.text(520, y, str(2 + at), 10)
            start = 72 + 12 * level + width(title, 10) + 6
            self.page.text(start, y, "." * int((515 - start) / 2.78), 10)
        self._new_page()


def report(kind: Kind) -> Report:
    """A report of this kind."""
    setter = _Typesetter(kind)
    titles = _titles(kind)
    if kind.states in ("sizes", "both"):
        setter.page.text(72, 700, "The Harbours of the North", 28, bold=True)
        setter.page.text(72, 670, "Ada Brook and Ben Larch", 14)
        setter.y = setter.top = 640.0
    if kind.contents:
        setter.contents(titles)
    chapter = ""
    for level, title in titles:
        path = title if level == 1 else f"{chapter} > {title}"
        chapter = title if level == 1 else chapter
        setter.heading(level, title, path)
        for at in range(kind.n_paragraphs):
            setter.paragraph(path, setter.random.randint(3, 8))
            if kind.tables and at == 1:
                setter.table()
    made = setter.report
    made.content, made.n_pages = setter.pdf.content(), len(setter.pdf.pages)
    return made


def _titles(kind: Kind) -> list[tuple[int, str]]:
    chooser = random.Random(kind.seed + 1)

    def names() -> Iterator[str]:
        while True:
            yield f"{chooser.choice(_NAMES)} in {chooser.choice(_SYLLABLES).capitalize()}{chooser.choice(_SYLLABLES)}"

    name = names()
    titles = []
    for chapter in range(1, kind.n_chapters + 1):
        titles.append((1, f"{chapter} {next(name)}"))
        titles += [(2, f"{chapter}.{section} {next(name)}") for section in range(1, kind.n_sections + 1)]
    return titles
