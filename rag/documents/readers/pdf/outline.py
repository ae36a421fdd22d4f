"""The outline (bookmarks) of a PDF: titles with their levels, pages and heights, and the lines that they name."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.documents.parsed import clean
from rag.documents.tables.printed import PrintedLine

if TYPE_CHECKING:
    import pypdfium2

_MOST_ENTRIES = 20_000
_DEEPEST = 15
_LONGEST_TITLE = 250
_MOST_LINES = 3
"""A title may take so many lines."""
_NUMBER = re.compile(r"^(?:chapter|section|part|appendix|kapitel|teil|abschnitt|anhang)?[\divxlc.]{1,12}(?=[^\W\d])")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A title of the outline: its level from 1, its page from 0, and where on it, in points, if the file says so."""

    level: int
    title: str
    page: int
    height: float | None = None


def read_outline(document: pypdfium2.PdfDocument) -> list[Entry]:
    """The entries of the outline that lead to a page, in order; none if the outline is damaged."""
    from pypdfium2 import raw

    entries: list[Entry] = []
    seen: set[int] = set()

    def take(item: object, level: int) -> None:
        while item and len(seen) < _MOST_ENTRIES and level <= _DEEPEST:
            place = ctypes.cast(item, ctypes.c_void_p).value or 0  # type: ignore[arg-type]
            if place in seen:
                return
            seen.add(place)
            entry = _entry(document, item, level)
            if entry:
                entries.append(entry)
            take(raw.FPDFBookmark_GetFirstChild(document.raw, item), level + 1)
            item = raw.FPDFBookmark_GetNextSibling(document.raw, item)

    take(raw.FPDFBookmark_GetFirstChild(document.raw, None), 1)
    return entries


def _entry(document: pypdfium2.PdfDocument, item: object, level: int) -> Entry | None:
    from pypdfium2 import raw

    title = _title(item)
    target = raw.FPDFBookmark_GetDest(document.raw, item)
    if not target:
        action = raw.FPDFBookmark_GetAction(item)
        target = raw.FPDFAction_GetDest(document.raw, action) if action else None
    page = raw.FPDFDest_GetDestPageIndex(document.raw, target) if target else -1
    if page < 0 or not title:
        return None
    known = [ctypes.c_int() for _ in range(3)]
    x, y, zoom = (ctypes.c_float() for _ in range(3))
    found = raw.FPDFDest_GetLocationInPage(
        target, *(ctypes.byref(one) for one in known), *(ctypes.byref(one) for one in (x, y, zoom))
    )
    return Entry(level, title, page, float(y.value) if found and known[1].value and y.value > 0 else None)


def _title(item: object) -> str:
    from pypdfium2 import raw

    size = raw.FPDFBookmark_GetTitle(item, None, 0)
    if not 2 < size < 10_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFBookmark_GetTitle(item, buffer, size)
    text = clean(buffer.raw[: size - 2].decode("utf-16-le", "replace"))
    return " ".join(text.split())[:_LONGEST_TITLE]


def lines_of(entries: Sequence[Entry], blocks: Sequence[Sequence[PrintedLine]]) -> Iterator[tuple[int, list[int]]]:
    """For each entry whose title stands on the page, its place in `entries` and the ids of the lines that say it."""
    if not entries:
        return
    said = [[(line, plain(line.text)) for line in block if line.segments[0].words] for block in blocks]
    taken: set[int] = set()
    for place, entry in enumerate(entries):
        wanted = plain(entry.title)
        if not wanted:
            continue
        found = [run for run in _runs(said, wanted) if not taken.intersection(map(id, run))]
        if not found:
            continue
        nearest: Callable[[list[PrintedLine]], float] = _distance(entry)
        best = min(found, key=nearest)
        taken.update(map(id, best))
        yield place, [id(line) for line in best]


def _distance(entry: Entry) -> Callable[[list[PrintedLine]], float]:
    """How well a run of lines fits an entry: near the height that it leads to, else with large letters."""
    height = entry.height
    if height is None:
        return lambda run: -run[0].height
    return lambda run: abs(height - run[0].middle)


def _runs(blocks: Sequence[Sequence[tuple[PrintedLine, str]]], wanted: str) -> Iterator[list[PrintedLine]]:
    """The runs of lines that say a title, with or without its number; each line is given with its plain text."""
    bare = _NUMBER.sub("", wanted) or wanted
    for block in blocks:
        for at in range(len(block)):
            said = ""
            for end in range(at, min(at + _MOST_LINES, len(block))):
                said += block[end][1]
                if said == wanted or (said.endswith(bare) and _NUMBER.sub("", said) == bare):
                    yield [line for line, _ in block[at : end + 1]]
                if len(said) > len(wanted) + 12:
                    break


def plain(title: str) -> str:
    """A title without case, spaces and signs, for comparison."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", title).casefold())
