"""Read presentations (PPTX, ODP): slides become pages, titles headings; tables, charts and notes become text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from rag.documents.parsed import Parsed, Section, join_pages, name_some
from rag.documents.readers.broken_xml import parse_until_damage
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.office_xml.drawings import chart_parts, described, drawing_text
from rag.documents.readers.office_xml.relations import main_part, relations_of, transitional
from rag.documents.readers.opendocument.blocks import BlockWriter
from rag.documents.readers.opendocument.lines import comment
from rag.documents.readers.opendocument.names import DRAW, OFFICE, PRESENTATION, TABLE
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.opendocument.tables import open_grid
from rag.documents.readers.opendocument.texts import left_out
from rag.documents.readers.writing.flow import TextFlow
from rag.documents.readers.writing.slides import Block, slide_notes, slide_section, with_footers
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.documents.tables.grid import Cell, Grid, grid_of
from rag.documents.tables.text import marked, write_table
from rag.errors import DocumentError

# XML namespaces.
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Kinds of placeholders on a slide: titles; slide number, date, footer, and the picture of the slide above its notes.
_TITLES = ("title", "ctrTitle")
_WITHOUT_CONTENT = ("sldNum", "dt", "sldImg")
_FOOTERS = ("ftr", "hdr")
_DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError, LookupError)


def read_pptx(name: str, content: bytes) -> Parsed:
    """The slides of a PowerPoint presentation in presentation order.

    A damaged slide is left out and named in a note.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    sections: list[Section] = []
    damaged: list[str] = []
    cut: list[str] = []
    hidden: list[str] = []
    with open_package(name, content) as package:
        try:
            parts = _slide_parts(package)
            people = _people(package)
        except _DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in PowerPoint and save it again.") from error
        footers: dict[str, None] = {}
        for number, part in enumerate(parts, start=1):
            try:
                slide, is_cut = parse_until_damage(transitional(read_part(package, part)))
                blocks = _pptx_blocks(package, part, slide, people, footers)
                is_hidden = slide.get("show", "1") in ("0", "false")
                sections.append(slide_section(number, blocks, is_hidden=is_hidden))
                hidden += [str(number)] if is_hidden else []
                cut += [str(number)] if is_cut else []
            except _DAMAGE:
                sections.append(Section(""))
                damaged.append(str(number))
    notes = list(slide_notes(hidden, damaged))
    notes += [f"Damaged slides were read up to the damage: slide {name_some(cut)}."] if cut else []
    return with_footers(join_pages(sections, tuple(notes)), footers)


def read_odp(name: str, content: bytes) -> Parsed:
    """The slides of an OpenDocument presentation.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    parts = OpenParts.of(name, content, "Impress")
    writer = BlockWriter(parts, TextFlow())
    slides = enumerate(parts.content.iter(f"{DRAW}page"), start=1)
    sections = [slide_section(number, _odp_blocks(slide, writer)) for number, slide in slides]
    return join_pages(sections, tuple(left_out(parts)))


def _slide_parts(package: zipfile.ZipFile) -> list[str]:
    main = main_part(package, "ppt/presentation.xml")
    relations = relations_of(package, main)
    listed = parse_xml(transitional(read_part(package, main))).iter(f"{_P}sldId")
    return [relations[key].part for slide in listed if (key := slide.get(f"{_R}id", "")) in relations]


def _people(package: zipfile.ZipFile) -> dict[str, str]:
    """The authors of comments by their id."""
    found = {}
    for relation in relations_of(package, main_part(package, "ppt/presentation.xml")).values():
        if relation.kind in ("commentAuthors", "authors"):
            content = read_part(package, relation.part)
            for item in parse_xml(content) if content else ():
                found[item.get("id", "")] = " ".join(item.get("name", "").split())
    return found


def _pptx_blocks(
    package: zipfile.ZipFile, part: str, slide: ElementTree.Element, people: dict[str, str], footers: dict[str, None]
) -> list[Block]:
    """The texts of a slide: those drawn on it, those of the charts and diagrams on it, its notes and comments."""
    blocks = list(_drawn_blocks(slide, footers))
    for relation in relations_of(package, part).values():
        if relation.kind not in ("chart", "chartEx", "diagramData", "notesSlide", "comments"):
            continue
        content = read_part(package, relation.part)
        if not content:
            continue
        root = parse_xml(transitional(content))
        if relation.kind in ("chart", "chartEx"):
            blocks.append(Block(_chart_text(root)))
        elif relation.kind == "diagramData":
            blocks.append(Block(drawing_text(root)))
        elif relation.kind == "notesSlide":
            notes = "\n".join(block.text for block in _drawn_blocks(root, footers))
            blocks.append(Block(f"Notes: {notes}" if notes.strip() else ""))
        else:
            blocks += [Block(text) for text in _comments(root, people)]
    return blocks


def _comments(root: ElementTree.Element, people: dict[str, str]) -> Iterator[str]:
    """The comments on a slide and the replies to them, in both forms that PowerPoint writes."""
    for item in root.iter():
        kind = item.tag.rpartition("}")[2]
        if kind not in ("cm", "reply"):
            continue
        older = next((child.text or "" for child in item if child.tag == f"{_P}text"), "")
        newer = "\n".join(drawing_text(child) for child in item if child.tag.endswith("}txBody"))
        text = " ".join((older or newer).split())
        author = people.get(item.get("authorId", ""), "")
        if text:
            yield f"Comment by {author}: {text}" if author else f"Comment: {text}"


def _drawn_blocks(root: ElementTree.Element, footers: dict[str, None]) -> Iterator[Block]:
    """Shapes and tables in file order, with those in groups; slide numbers and dates are left out.

    Footers go to `footers`, since they stand on every slide.
    """
    stack = [root]
    while stack:
        element = stack.pop()
        if element.tag == f"{_MC}AlternateContent":
            # The same for newer and older programs.
            choice = element.find(f"{_MC}Choice")
            chosen = choice if choice is not None else element.find(f"{_MC}Fallback")
            stack += [chosen] if chosen is not None else []
        elif element.tag == f"{_A}tbl":
            yield Block(marked(write_table(_drawn_grid(element))))
        elif element.tag == f"{_P}sp":
            place = element.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
            kind = "" if place is None else place.get("type", "")
            if kind in _FOOTERS:
                footers[" ".join(drawing_text(element).split())] = None
            elif kind not in _WITHOUT_CONTENT:
                yield Block(drawing_text(element), kind in _TITLES)
        else:
            if element.tag == f"{_P}cNvPr":
                yield Block(described(element.get("descr", "")))
            stack.extend(reversed(element))


def _drawn_grid(table: ElementTree.Element) -> Grid:
    cells = []
    for number, row in enumerate(table.iter(f"{_A}tr")):
        for column, cell in enumerate(row.iter(f"{_A}tc")):
            # A cell that a merged one covers is there, but marked.
            if not cell.get("hMerge") and not cell.get("vMerge"):
                rows, columns = _span(cell.get("rowSpan")), _span(cell.get("gridSpan"))
                cells.append(Cell(number, column, drawing_text(cell), rows, columns))
    return grid_of(cells)


def _span(stated: str | None) -> int:
    return max(int(stated), 1) if stated and stated.isascii() and stated.isdigit() else 1


def _chart_text(root: ElementTree.Element) -> str:
    """A chart's title and its values, a category a line; without values, the names of its series and categories."""
    title, grid = chart_parts(root)
    return "\n\n".join(filter(None, (title, marked(write_table(grid)) if grid.cells else "")))


def _odp_blocks(slide: ElementTree.Element, writer: BlockWriter) -> Iterator[Block]:
    for element in slide:
        if element.tag == f"{PRESENTATION}notes":
            notes = writer.lines_of(element)
            yield Block(f"Notes: {notes}" if notes else "")
        elif element.tag == f"{OFFICE}annotation":
            remark = comment(element)
            yield Block(f"{remark.label}: {writer.lines_of(element)}")
        else:
            table = element.find(f"{TABLE}table") if element.tag == f"{DRAW}frame" else None
            is_title = element.get(f"{PRESENTATION}class") == "title"
            text = (
                writer.shape_text(element) if table is None else marked(write_table(open_grid(table, writer.cell_text)))
            )
            yield Block(text, is_title)
