"""Text in drawings of Office files (DrawingML): shapes, SmartArt, and charts as tables.

The elements: ECMA-376, part 1, section 21.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from rag.documents.readers.office_xml.charts import chart_grid, chart_title
from rag.documents.tables.grid import Grid

_PATH = re.compile(r"[a-z]:[\\/]|\\\\|file:", re.IGNORECASE)
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def drawing_text(element: ElementTree.Element) -> str:
    """The paragraphs below a DrawingML element, one per line."""
    lines = (drawn_paragraph(paragraph) for paragraph in element.iter(f"{_A}p"))
    return "\n".join(line for line in lines if line)


def drawn_paragraph(paragraph: ElementTree.Element) -> str:
    """One paragraph of a DrawingML element, with the fields and equations in it."""
    pieces = []
    stack = [paragraph]
    while stack:
        run = stack.pop()
        if run.tag == f"{_A}br":
            pieces.append("\n")
        elif run.tag in (f"{_A}t", f"{_M}t"):
            pieces.append(run.text or "")
        elif run.tag != f"{_MC}Fallback":
            stack.extend(reversed(run))
    return "".join(pieces).strip()


def described(stated: str) -> str:
    """The description of a picture as text; empty if it is only a name, or the path of the picture's file."""
    text = " ".join(stated.split())
    return f"Picture: {text}" if " " in text and not _PATH.match(text) else ""


def chart_parts(root: ElementTree.Element) -> tuple[str, Grid]:
    """A chart's title and its values; without values, the names of its series and categories as the title."""
    grid = chart_grid(root)
    if grid.cells:
        return chart_title(root), grid
    found = [drawing_text(root)]
    for holder in (f"{_C}tx", f"{_C}cat"):
        found += [value.text or "" for place in root.iter(holder) for value in place.iter(f"{_C}v")]
    return "\n".join(dict.fromkeys(line.strip() for line in found if line.strip())), grid
