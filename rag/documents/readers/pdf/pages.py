"""Read what a page of a PDF prints, with places: characters and rules, by PDFium."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.documents.tables.printed import Character, Rule

if TYPE_CHECKING:
    import pypdfium2

_MOST_CHARACTERS = 20_000
_MOST_OBJECTS = 20_000
_THIN = 2.5
"""Points up to which a rectangle is a rule."""
_SHORTEST = 4.0
_FEWEST_RULES = 5
_FEWEST_ROWS = 3


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """All of a page's characters in the order of its text, without spaces; and its rules.

    `characters` has None for those that are not printed, such as a hyphen at the end of a line that the text joins.
    """

    text: str
    characters: tuple[Character, ...]
    rules: tuple[Rule, ...]


def printed_pages(content: bytes) -> Iterator[PrintedPage | None]:
    """Each page of a PDF; None for a page that shows no sign of a table, so that its characters are not read.

    Ends early if the PDF is damaged or encrypted.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return
    try:
        for number in range(len(document)):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                yield None
                continue
            yield _page(page)
            page.close()
    finally:
        document.close()


def _page(page: pypdfium2.PdfPage) -> PrintedPage | None:
    from pypdfium2 import raw

    text = page.get_textpage()
    try:
        count = raw.FPDFText_CountChars(text.raw)
        if not 0 < count <= _MOST_CHARACTERS:
            return None
        rules = tuple(_rules(page))
        if len(rules) < _FEWEST_RULES and not _has_columns(text):
            return None
        return _read(text, count, rules)
    finally:
        text.close()


def _has_columns(text: pypdfium2.PdfTextPage) -> bool:
    """Whether three or more lines have pieces of text with a gap between them."""
    spans = [text.get_rect(number) for number in range(text.count_rects())]
    if len(spans) < 2 * _FEWEST_ROWS:
        return False
    rows = 0
    spans.sort(key=lambda span: (-(span[1] + span[3]), span[0]))
    line: list[tuple[float, float, float, float]] = []
    for span in [*spans, (0.0, -1e9, 0.0, -1e9)]:
        height = max(line[0][3] - line[0][1], 1.0) if line else 1.0
        if line and abs((line[0][1] + line[0][3]) - (span[1] + span[3])) / 2 > 0.6 * height:
            ordered = sorted(line)
            rows += any(after[0] - before[2] > 0.4 * height for before, after in pairwise(ordered))
            line = []
        line.append(span)
    return rows >= _FEWEST_ROWS


def _read(text: pypdfium2.PdfTextPage, count: int, rules: tuple[Rule, ...]) -> PrintedPage:
    from pypdfium2 import raw

    letters: list[str] = []
    characters: list[Character] = []
    box = raw.FS_RECTF()
    pointer = ctypes.byref(box)
    is_apart = False
    for index in range(count):
        letter = chr(raw.FPDFText_GetUnicode(text.raw, index))
        if letter.isspace() or letter == "\0":
            is_apart = True
            continue
        if raw.FPDFText_GetLooseCharBox(text.raw, index, pointer) and box.right > box.left:
            bottom, top = sorted((box.bottom, box.top))
            characters.append(Character(len(letters), letter, box.left, bottom, box.right, top, is_apart))
        letters.append(letter)
        is_apart = False
    return PrintedPage("".join(letters), tuple(characters), rules)


def _rules(page: pypdfium2.PdfPage) -> Iterator[Rule]:
    """The rules of a page: thin rectangles, the sides of others, and lines."""
    from pypdfium2 import raw

    for number in range(min(raw.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
        item = raw.FPDFPage_GetObject(page.raw, number)
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_PATH:
            yield from _path_rules(item)


def _path_rules(path: object) -> Iterator[Rule]:
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(path, ctypes.byref(matrix))
    points: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(min(raw.FPDFPath_CountSegments(path), 400)):
        segment = raw.FPDFPath_GetPathSegment(path, number)
        raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            yield from _figure_rules(points)
            points = []
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            return
        points.append(point)
        if raw.FPDFPathSegment_GetClose(segment) and points[0] != points[-1]:
            points.append(points[0])
    yield from _figure_rules(points)


def _figure_rules(points: list[tuple[float, float]]) -> Iterator[Rule]:
    """The rules of one figure: one for a thin rectangle, else one for each straight side."""
    if len(points) < 2:
        return
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom, top = min(y for _, y in points), max(y for _, y in points)
    if min(right - left, top - bottom) <= _THIN:
        if right - left > top - bottom and right - left > _SHORTEST:
            middle = (bottom + top) / 2
            yield Rule(left, middle, right, middle)
        elif top - bottom > _SHORTEST:
            middle = (left + right) / 2
            yield Rule(middle, bottom, middle, top)
        return
    for (x1, y1), (x2, y2) in pairwise(points):
        if abs(x1 - x2) < 0.5 and abs(y1 - y2) > _SHORTEST:
            yield Rule(x1, min(y1, y2), x1, max(y1, y2))
        elif abs(y1 - y2) < 0.5 and abs(x1 - x2) > _SHORTEST:
            yield Rule(min(x1, x2), y1, max(x1, x2), y1)
