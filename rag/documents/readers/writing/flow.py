"""Write a document block by block as one text: headings with their parents, paragraphs, list items, tables, pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from rag.documents.parsed import Parsed, clean
from rag.documents.tables.grid import Grid
from rag.documents.tables.text import WrittenTable, marked, row_texts, write_table
from rag.types import Heading

NEW_PAGE = "\ufdd6"
"""Marks in a block's text where a page begins: a noncharacter of Unicode, which documents do not use."""
MOST_DEPTH = 40
"""Tables in tables, boxes in boxes and so on, from which on a reader takes the words alone."""
_NONCHARACTERS: dict[int, str | None] = dict.fromkeys(range(0xFDD0, 0xFDF0))
_SOFT_HYPHEN = 0xAD
_UNSEEN = {**_NONCHARACTERS, _SOFT_HYPHEN: None, 0xA0: " ", 0x202F: " "}
_BLANK_LINES = re.compile(r"\n{3,}")
_MOST_LEVEL = 6
_ADDRESSES = ("http://", "https://", "ftp://", "mailto:")
_LONGEST_ADDRESS = 500


def plain(text: str) -> str:
    """A file's characters without those that mark places here; all spaces are alike, no soft hyphen splits a word."""
    if text.isascii() and "\r" not in text and "\0" not in text:
        return text
    return clean(text).translate(_UNSEEN)


def with_link(text: str, target: str) -> str:
    """The text of a link followed by its address, unless the text has it or it leads into the document or to a file.

    Args:
        text: what is shown.
        target: "https://example.org/a", "mailto:a@example.org", "#chapter".
    """
    address = plain(target).strip().removeprefix("mailto:")
    if not target.strip().startswith(_ADDRESSES) or not text.strip() or len(address) > _LONGEST_ADDRESS:
        return text
    shown = address.split("://")[-1].rstrip("/")
    return text if shown.lower() in text.lower() else f"{text.rstrip()} ({address}){' ' * text.endswith(' ')}"


@dataclass(slots=True)
class TextFlow:
    """A document's text as far as it is written; every block's text comes from `plain`, with NEW_PAGE at page breaks.

    Headings are written as in Markdown ("## Hotels"), and items of a list below each other.
    """

    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _pages: list[int] = field(default_factory=list)
    _headings: list[Heading] = field(default_factory=list)
    _trail: list[tuple[int, str]] = field(default_factory=list)
    _new_pages: int = 0
    _is_after_item: bool = False

    def heading(self, text: str, level: int) -> None:
        """Add a heading; levels below the sixth are written as the sixth."""
        title = " ".join(text.replace(NEW_PAGE, "").split())
        if not title:
            self.paragraph(text)
            return
        self._new_pages += text.count(NEW_PAGE)
        start = self._add(f"{'#' * min(max(level, 1), _MOST_LEVEL)} {title}")
        self._trail = [(depth, parent) for depth, parent in self._trail if depth < level] + [(level, title)]
        self._headings.append(Heading(start, " > ".join(parent for _, parent in self._trail)))

    def paragraph(self, text: str) -> None:
        """Add a paragraph, which may have several lines."""
        self._add(text)

    def item(self, text: str, mark: str, depth: int = 0) -> None:
        """Add an item of a list, below the one before it.

        Args:
            mark: its number or bullet: "1.2", "a)", "-"; empty for a further paragraph of an item.
            depth: how many lists the item's list is in.
        """
        if text.replace(NEW_PAGE, "").strip():
            pages = text[: len(text) - len(text.lstrip(NEW_PAGE + " \n"))]
            body = text[len(pages) :].strip()
            self._new_pages += pages.count(NEW_PAGE)
            indent = "  " * min(depth, _MOST_LEVEL)
            self._add(f"{indent}{mark} {body}" if mark else f"{indent}{body}", is_item=True)
        else:
            self._new_pages += text.count(NEW_PAGE)

    def table(self, grid: Grid) -> None:
        """Add a table; its rows are marked for `with_rows`."""
        pages = [number for number, row in enumerate(grid.cells) if any(NEW_PAGE in cell for cell in row)]
        cells = tuple(tuple(cell.replace(NEW_PAGE, "") for cell in row) for row in grid.cells) if pages else grid.cells
        written = write_table(replace(grid, cells=cells))
        self._add(marked(_with_pages(written, [len(cells) - number for number in pages])))

    def new_page(self) -> None:
        """Begin a page with the next block."""
        self._new_pages += 1

    def insert(self, parsed: Parsed) -> None:
        """Add another document's text with its headings, below the current heading."""
        text = parsed.text.strip()
        if not text:
            return
        left = len(parsed.text) - len(parsed.text.lstrip())
        start = self._add(_BLANK_LINES.sub("\n\n", text)) - left
        parents = [parent for _, parent in self._trail]
        for heading in parsed.headings if "\n\n\n" not in text else ():
            self._headings.append(Heading(start + heading.start, " > ".join((*parents, heading.path))))

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been written yet."""
        return not self._pieces

    def parsed(self, notes: tuple[str, ...] = ()) -> Parsed:
        """The whole text; without pages if there is one."""
        pages = (0, *self._pages) if self._pages else ()
        return Parsed("".join(self._pieces), pages, tuple(self._headings), notes=notes)

    def _add(self, text: str, *, is_item: bool = False) -> int:
        """Add a block, and return where it begins."""
        parts = text.split(NEW_PAGE)
        whole = "".join(parts)
        if not whole.strip():
            self._new_pages += len(parts) - 1
            return self._length
        left = 0 if is_item else len(whole) - len(whole.lstrip())
        body = _BLANK_LINES.sub("\n\n", whole.strip("\n") if is_item else whole.strip())
        separator = "" if not self._pieces else "\n" if is_item and self._is_after_item else "\n\n"
        start = self._length + len(separator)
        self._pages += [start] * self._new_pages
        self._new_pages = 0
        at = 0
        for part in parts[:-1]:
            at += len(part)
            self._open_page(body, at - left, start)
        self._pieces += [separator, body]
        self._length = start + len(body)
        self._is_after_item = is_item
        return start

    def _open_page(self, body: str, at: int, start: int) -> None:
        """Begin a page in a block; at the start of a line if no word of it stands before."""
        at = min(max(at, 0), len(body))
        if at >= len(body):
            self._new_pages += 1
            return
        line = body.rfind("\n", 0, at) + 1
        self._pages.append(start + (at if any(map(str.isalnum, body[line:at])) else line))


def _with_pages(table: WrittenTable, from_end: list[int]) -> WrittenTable:
    """A table with pages beginning in it, each at the row that is so many rows before its end."""
    rows = list(table.rows)
    for distance in from_end if rows else ():
        number = max(len(rows) - distance, 0)
        rows[number] = NEW_PAGE + rows[number]
    return replace(table, rows=tuple(rows))


def cell_lines(grid: Grid) -> str:
    """A table in a cell of another one, as lines."""
    return "\n".join(row_texts(grid))
