"""Read the charts of a presentation: categories, series and values as a table.

The elements: ECMA-376, part 1, section 21.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree

from rag.documents.readers.workbooks.number_formats import shown
from rag.documents.tables.grid import Grid

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MOST_POINTS = 20_000


def chart_title(root: ElementTree.Element) -> str:
    """The title of a chart; empty without one."""
    return _words(root.find(f".//{_C}chart/{_C}title"))


def chart_grid(root: ElementTree.Element) -> Grid:
    """The values of a chart: a row for each category, a column for each series, and a header row.

    Of a chart with values on both axes, a row for each point. Empty if the file holds no values.
    """
    series = list(root.iter(f"{_C}ser"))
    if any(one.find(f"{_C}xVal") is not None for one in series):
        return _points(series)
    categories: dict[int, str] = {}
    for one in series:
        categories |= _values(one.find(f"{_C}cat"))
    columns = [_values(one.find(f"{_C}val")) for one in series]
    if not any(columns):
        return Grid(())
    named = [_name(one, number) for number, one in enumerate(series, start=1)]
    axis = next((words for found in root.iter(f"{_C}catAx") if (words := _words(found.find(f"{_C}title")))), "category")
    numbers = sorted({number for column in (categories, *columns) for number in column})
    rows = [
        (categories.get(number, str(number + 1)), *(column.get(number, "") for column in columns)) for number in numbers
    ]
    return Grid(((axis, *named), *rows), 1)


def _points(series: list[ElementTree.Element]) -> Grid:
    rows = []
    for number, one in enumerate(series, start=1):
        across, up, sizes = (_values(one.find(f"{_C}{tag}")) for tag in ("xVal", "yVal", "bubbleSize"))
        name = _name(one, number)
        rows += [(name, across.get(point, ""), up[point], sizes.get(point, "")) for point in sorted(up)]
    return Grid((("series", "x", "y", "size"), *rows), 1) if rows else Grid(())


def _name(series: ElementTree.Element, number: int) -> str:
    holder = series.find(f"{_C}tx")
    names = [found.text or "" for found in holder.iter(f"{_C}v")] if holder is not None else []
    return " ".join(" ".join(names).split()) or f"series {number}"


def _values(holder: ElementTree.Element | None) -> dict[int, str]:
    """The cached values below an element by their number, as the chart shows them.

    Categories in several levels are joined, the outer one first.
    """
    if holder is None:
        return {}
    levels = [dict(_cached(level)) for level in holder.iter(f"{_C}lvl")]
    if not levels:
        return dict(_cached(holder))
    found: dict[int, str] = {}
    outer: dict[int, str] = {}
    for level in reversed(levels):
        last = ""
        for number in sorted(levels[0]):
            last = level.get(number, last)
            outer[number] = f"{outer.get(number, '')} {last}".strip()
        found = dict(outer)
    return found


def _cached(holder: ElementTree.Element) -> Iterator[tuple[int, str]]:
    code = next((found.text or "" for found in holder.iter(f"{_C}formatCode")), "")
    is_number = any(True for _ in holder.iter(f"{_C}numCache")) or any(True for _ in holder.iter(f"{_C}numLit"))
    for point in holder.iter(f"{_C}pt"):
        number, text = point.get("idx", ""), (point.findtext(f"{_C}v") or "").strip()
        if text and number.isascii() and number.isdigit() and int(number) < _MOST_POINTS:
            yield int(number), _shown(text, point.get("formatCode", code)) if is_number else text


def _shown(text: str, code: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return shown(value, code) if math.isfinite(value) else text


def _words(holder: ElementTree.Element | None) -> str:
    return " ".join("".join(run.text or "" for run in holder.iter(f"{_A}t")).split()) if holder is not None else ""
