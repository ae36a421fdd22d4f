"""Read the rules that a page of a PDF draws: thin rectangles, the sides of others, and straight lines."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.documents.tables.printed import Rule

if TYPE_CHECKING:
    import pypdfium2

_MOST_OBJECTS = 20_000
_MOST_SEGMENTS = 400
_THIN = 2.5
"""Points up to which a rectangle is a rule."""
_SHORTEST = 4.0
_FEWEST_RULES = 5
"""Fewer rules form no table."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a page draws besides text."""

    rules: tuple[Rule, ...]
    has_picture: bool
    is_drawn: bool


def page_rules(page: pypdfium2.PdfPage) -> Drawn:
    """The rules of a page, none if there are too few for a table; and whether it shows pictures or anything at all."""
    from pypdfium2 import raw

    rules: list[Rule] = []
    has_picture = False
    count = raw.FPDFPage_CountObjects(page.raw)
    for number in range(min(count, _MOST_OBJECTS)):
        item = raw.FPDFPage_GetObject(page.raw, number)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            rules += _path_rules(item)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            has_picture = True
    return Drawn(tuple(rules) if len(rules) >= _FEWEST_RULES else (), has_picture, count > 0)


def _path_rules(path: object) -> Iterator[Rule]:
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(path, ctypes.byref(matrix))
    points: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(min(raw.FPDFPath_CountSegments(path), _MOST_SEGMENTS)):
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
