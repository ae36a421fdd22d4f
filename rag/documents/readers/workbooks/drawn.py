"""Read what stands on the sheets of Excel workbooks besides cells: text boxes, shapes, charts' titles, page headers.

The elements: ECMA-376, part 1, section 20.5 (drawings) and 18.3.1.39 (headers).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from rag.documents.parsed import clean
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.office_xml.drawings import described, drawing_text
from rag.documents.readers.office_xml.relations import relations_of, transitional
from rag.documents.readers.zip_packages import read_part

_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_PAGE_NUMBER = re.compile(r"&(?:[PN]|\[PAGES?\])", re.IGNORECASE)
_CODE = re.compile(
    r'&(?:"[^"]*"|\[[A-Z]{1,9}\]|[0-9]{1,3}|K[0-9A-F]{6}|K[0-9]{2}[+-][0-9]{3}|[LCRPNDTFAZGBIUSXYEOH]|(&))',
    re.IGNORECASE,
)
_PART = re.compile(r"&[LCR]", re.IGNORECASE)


def drawn_texts(package: zipfile.ZipFile, part: str) -> Iterator[str]:
    """The texts on a sheet in file order: shapes, the titles of charts, SmartArt, the descriptions of pictures."""
    for relation in relations_of(package, part).values():
        content = read_part(package, relation.part) if relation.kind == "drawing" else b""
        if not content:
            continue
        root = parse_xml(transitional(content))
        yield from _shapes(root)
        for inner in relations_of(package, relation.part).values():
            inside = read_part(package, inner.part) if inner.kind in ("chart", "chartEx", "diagramData") else b""
            text = clean(drawing_text(parse_xml(transitional(inside)))) if inside else ""
            if text:
                yield f"Chart: {text}" if inner.kind != "diagramData" else text


def _shapes(root: ElementTree.Element) -> Iterator[str]:
    stack = [root]
    while stack:
        element = stack.pop()
        if element.tag == f"{_MC}AlternateContent":
            choice = element.find(f"{_MC}Choice")
            stack += [choice] if choice is not None else list(element)[:1]
        elif element.tag == f"{_XDR}txBody":
            yield clean(drawing_text(element))
        else:
            if element.tag == f"{_XDR}cNvPr":
                yield clean(described(element.get("descr", "")))
            stack.extend(reversed(element))


def header_text(kind: str, code: str) -> str:
    """A page header or footer ("oddHeader") without its codes for fonts and fields; empty if no word is left."""
    # "Page 3 of 7" says nothing about the sheet.
    said = (part for part in _PART.split(code) if not _PAGE_NUMBER.search(part))
    parts = (" ".join(_CODE.sub(lambda match: match[1] or "", part).split()) for part in said)
    text = clean(" | ".join(filter(None, parts)))
    return f"{'Header' if kind.endswith('Header') else 'Footer'}: {text}" if any(map(str.isalpha, text)) else ""
