"""Read presentations (PPTX, ODP): slides become pages, titles headings; tables, charts and notes become text."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree

from rag.documents.parsed import Parsed, Section, clean, join_pages, name_some
from rag.documents.readers.charts import chart_grid, chart_title
from rag.documents.readers.markup import parse_xml
from rag.documents.readers.open_tables import TABLE, open_grid, open_text
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import marked, write_table
from rag.errors import DocumentError

# XML namespaces.
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
# Kinds of placeholders on a slide: titles; slide number, date, footer, and the picture of the slide above its notes.
_TITLES = ("title", "ctrTitle")
_WITHOUT_CONTENT = ("sldNum", "dt", "ftr", "sldImg")
_DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError)


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    is_title: bool = False


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    part: str


def read_pptx(name: str, content: bytes) -> Parsed:
    """The slides of a PowerPoint presentation in presentation order.

    A damaged slide is left out and named in a note.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    sections, damaged = [], []
    with open_package(name, content) as package:
        try:
            parts = _slide_parts(package)
        except _DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in PowerPoint and save it again.") from error
        for number, part in enumerate(parts, start=1):
            try:
                sections.append(_section(number, _pptx_blocks(package, part)))
            except _DAMAGE:
                sections.append(Section(""))
                damaged.append(str(number))
    note = f"Damaged slides were left out: slide {name_some(damaged)}." if damaged else ""
    return join_pages(sections, (note,) if note else ())


def read_odp(name: str, content: bytes) -> Parsed:
    """The slides of an OpenDocument presentation.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    with open_package(name, content) as package:
        try:
            root = parse_xml(read_part(package, "content.xml"))
        except _DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in Impress and save it again.") from error
    slides = enumerate(root.iter(f"{_DRAW}page"), start=1)
    return join_pages([_section(number, _odp_blocks(slide)) for number, slide in slides])


def _section(number: int, blocks: Iterable[_Block]) -> Section:
    """A slide's text from its blocks; a slide without a title is named by its number."""
    kept = [_Block(clean(block.text).strip(), block.is_title) for block in blocks]
    kept = [block for block in kept if block.text]
    title = next((" ".join(block.text.split()) for block in kept if block.is_title), f"Slide {number}")
    return Section("\n\n".join(block.text for block in kept), title if kept else "")


def _slide_parts(package: zipfile.ZipFile) -> list[str]:
    main = "ppt/presentation.xml"
    relations = _relations(package, main)
    listed = parse_xml(read_part(package, main)).iter(f"{_P}sldId")
    return [relations[key].part for slide in listed if (key := slide.get(f"{_R}id", "")) in relations]


def _relations(package: zipfile.ZipFile, part: str) -> dict[str, _Relation]:
    """The parts that a part refers to, by relation id; external links are ignored."""
    folder, file = posixpath.split(part)
    content = read_part(package, f"{folder}/_rels/{file}.rels")
    relations = {}
    for item in parse_xml(content) if content else ():
        if item.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, item.get("Target", ""))).lstrip("/")
            relations[item.get("Id", "")] = _Relation(item.get("Type", "").rpartition("/")[2], target)
    return relations


def _pptx_blocks(package: zipfile.ZipFile, part: str) -> list[_Block]:
    blocks = _drawn_blocks(parse_xml(read_part(package, part)))
    for relation in _relations(package, part).values():
        content = read_part(package, relation.part)
        if not content:
            continue
        if relation.kind == "chart":
            blocks.append(_Block(_chart_text(parse_xml(content))))
        elif relation.kind == "diagramData":
            blocks.append(_Block(_drawing_text(parse_xml(content))))
        elif relation.kind == "notesSlide":
            notes = "\n".join(block.text for block in _drawn_blocks(parse_xml(content)))
            blocks.append(_Block(f"Notes: {notes}" if notes.strip() else ""))
    return blocks


def _drawn_blocks(root: ElementTree.Element) -> list[_Block]:
    """Shapes and tables in file order, with those in groups, but without slide numbers, dates and footers."""
    blocks = []
    for element in root.iter():
        if element.tag == f"{_P}sp":
            place = element.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
            kind = "" if place is None else place.get("type", "")
            if kind not in _WITHOUT_CONTENT:
                blocks.append(_Block(_drawing_text(element), kind in _TITLES))
        elif element.tag == f"{_A}tbl":
            blocks.append(_Block(marked(write_table(_drawn_grid(element)))))
    return blocks


def _drawing_text(element: ElementTree.Element) -> str:
    """The paragraphs below a DrawingML element, one per line."""
    lines = []
    for paragraph in element.iter(f"{_A}p"):
        pieces = ("\n" if run.tag == f"{_A}br" else run.text or "" for run in paragraph.iter() if _is_run(run))
        lines.append("".join(pieces).strip())
    return "\n".join(line for line in lines if line)


def _is_run(element: ElementTree.Element) -> bool:
    return element.tag in (f"{_A}t", f"{_A}br")


def _drawn_grid(table: ElementTree.Element) -> Grid:
    cells = []
    for number, row in enumerate(table.iter(f"{_A}tr")):
        for column, cell in enumerate(row.iter(f"{_A}tc")):
            # A cell that a merged one covers is there, but marked.
            if not cell.get("hMerge") and not cell.get("vMerge"):
                rows, columns = _span(cell.get("rowSpan")), _span(cell.get("gridSpan"))
                cells.append(Cell(number, column, _drawing_text(cell), rows, columns))
    return grid_of(cells)


def _span(stated: str | None) -> int:
    return max(int(stated), 1) if stated and stated.isascii() and stated.isdigit() else 1


def _chart_text(root: ElementTree.Element) -> str:
    """A chart's title and its values, a category a line; without values, the names of its series and categories."""
    grid = chart_grid(root)
    if grid.cells:
        return "\n\n".join(filter(None, (chart_title(root), marked(write_table(grid)))))
    found = [_drawing_text(root)]
    for holder in (f"{_C}tx", f"{_C}cat"):
        found += [value.text or "" for place in root.iter(holder) for value in place.iter(f"{_C}v")]
    return "\n".join(dict.fromkeys(line.strip() for line in found if line.strip()))


def _odp_blocks(slide: ElementTree.Element) -> list[_Block]:
    blocks = []
    for element in slide:
        if element.tag == f"{_PRESENTATION}notes":
            notes = open_text(element)
            blocks.append(_Block(f"Notes: {notes}" if notes else ""))
            continue
        is_title = element.get(f"{_PRESENTATION}class") == "title"
        table = next(element.iter(f"{TABLE}table"), None)
        text = open_text(element) if table is None else marked(write_table(open_grid(table)))
        blocks.append(_Block(text, is_title))
    return blocks
