"""Write the blocks of an OpenDocument text: paragraphs, headings, lists, tables, frames, notes and comments."""

from __future__ import annotations

from xml.etree import ElementTree

from rag.documents.readers.books.hypertext import formula_text
from rag.documents.readers.opendocument.lines import LineReader, OpenRemark, comment
from rag.documents.readers.opendocument.names import CHART, DRAW, MATH, OFFICE, SVG, TABLE, TEXT, count_of
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.opendocument.styles import BULLET, ListCount, OpenStyles
from rag.documents.readers.opendocument.tables import open_grid, table_cells
from rag.documents.readers.writing.flow import MOST_DEPTH, NEW_PAGE, TextFlow, cell_lines, plain

_LEFT_OUT = frozenset(
    {f"{TEXT}tracked-changes", f"{OFFICE}forms", f"{TEXT}sequence-decls", f"{TEXT}variable-decls", f"{OFFICE}scripts"}
    | {f"{TEXT}user-field-decls", f"{SVG}title", f"{SVG}desc", f"{OFFICE}event-listeners", f"{DRAW}image-map"}
    | {f"{DRAW}glue-point", f"{TABLE}desc", f"{TABLE}title"}
)


class BlockWriter:
    """Writes the blocks of one document to `flow`."""

    def __init__(self, parts: OpenParts, flow: TextFlow) -> None:
        self._parts = parts
        self._flow = flow
        self._styles = OpenStyles(parts)
        self._lines = LineReader(parts, self._styles)
        self._outline = ListCount(self._styles.outline)
        self._finished: dict[str, ListCount] = {}

    @property
    def styles(self) -> OpenStyles:
        """The document's styles."""
        return self._styles

    def write(self, container: ElementTree.Element, depth: int = 0) -> None:
        """Write the blocks of a body, a section, a frame or a cell."""
        if depth > MOST_DEPTH:
            self._flow.paragraph(plain(" ".join(container.itertext())))
            return
        for element in container:
            tag = element.tag
            if not isinstance(tag, str) or tag in _LEFT_OUT:
                continue
            if tag in (f"{TEXT}p", f"{TEXT}h"):
                self._paragraph(element, depth)
            elif tag == f"{TEXT}list":
                self._list(element, depth, None, 1)
            elif tag == f"{TABLE}table":
                self._table(element, depth)
            elif tag == f"{TEXT}soft-page-break":
                self._flow.new_page()
            elif tag == f"{OFFICE}annotation":
                self._flow.paragraph(self._remark(comment(element), depth))
            elif tag.startswith(DRAW):
                self._drawing(element, depth)
            elif tag == f"{TEXT}section" and element.get(f"{TEXT}display") == "none":
                self._parts.hidden_words += len(" ".join(element.itertext()).split())
            elif not tag.endswith("-source"):
                self.write(element, depth + 1)

    def cell_text(self, cell: ElementTree.Element) -> str:
        """The text of a cell of a sheet; most hold one paragraph without any markup."""
        if len(cell) == 1 and cell[0].tag == f"{TEXT}p" and not len(cell[0]):
            return " ".join(plain(cell[0].text or "").split())
        return self.lines_of(cell)

    def shape_text(self, shape: ElementTree.Element) -> str:
        """The paragraphs of a shape, a group or a frame, or what its object or picture says."""
        return self._drawing_lines(shape, 0).replace(NEW_PAGE, "")

    def lines_of(self, container: ElementTree.Element, depth: int = 0) -> str:
        """The blocks of a cell, a note or a header as paragraphs, a line each."""
        if depth > MOST_DEPTH:
            return plain(" ".join(container.itertext()))
        lines: list[str] = []
        for element in container:
            tag = element.tag
            if not isinstance(tag, str) or tag in _LEFT_OUT or tag == f"{OFFICE}annotation":
                continue
            if tag in (f"{TEXT}p", f"{TEXT}h"):
                lines += self._plain_lines(element, depth)
            elif tag == f"{TEXT}list":
                lines += self._list_lines(element, depth, None, 1)
            elif tag == f"{TABLE}table":
                lines.append(self._inner_table(element, depth))
            elif tag.startswith(DRAW):
                lines.append(self._drawing_lines(element, depth))
            else:
                lines.append(self.lines_of(element, depth + 1))
        return "\n".join(line for line in lines if line)

    def _paragraph(self, element: ElementTree.Element, depth: int, mark: str = "", level: int = 0) -> None:
        name = element.get(f"{TEXT}style-name", "")
        before, after = self._styles.breaks(name)
        if before and not self._flow.is_empty:
            self._flow.new_page()
        line = self._lines.line(element)
        outline = count_of(element, f"{TEXT}outline-level") if element.tag == f"{TEXT}h" else 0
        outline = outline or int(not level and self._styles.is_title(name))
        if outline and line.text.replace(NEW_PAGE, "").strip():
            number = mark if mark != BULLET else ""
            if element.tag == f"{TEXT}h" and not mark and element.get(f"{TEXT}is-list-header") != "true":
                number = self._outline.next(outline) if outline in self._styles.outline else ""
            self._flow.heading(f"{number} {line.text}", outline)
            for remark in line.remarks:
                self._flow.paragraph(self._remark(remark, depth))
        else:
            notes = "".join(f"\n{note}" for remark in line.remarks if (note := self._remark(remark, depth)))
            if level:
                self._flow.item(f"{line.text}{notes}", mark, level - 1)
            else:
                self._flow.paragraph(f"{line.text}{notes}")
        for drawn in line.drawn:
            self._drawing(drawn, depth)
        if after:
            self._flow.new_page()

    def _plain_lines(self, element: ElementTree.Element, depth: int, mark: str = "") -> list[str]:
        line = self._lines.line(element)
        notes = " ".join(f"({self._remark(remark, depth)})" for remark in line.remarks)
        # In a cell or on a slide, a bullet says nothing.
        shown = mark if mark != BULLET and line.text.strip() else ""
        text = " ".join(filter(None, (shown, line.text.strip(), notes)))
        return [text, *(self._drawing_lines(drawn, depth) for drawn in line.drawn)]

    def _remark(self, remark: OpenRemark, depth: int) -> str:
        text = " ".join(self.lines_of(remark.content, depth + 1).replace(NEW_PAGE, "").split())
        return f"{remark.label}: {text}" if text else ""

    def _opened(self, element: ElementTree.Element, outer: ListCount | None, level: int) -> ListCount:
        """The count of a list: that of the list around it, of the list that it continues, or a new one."""
        name = element.get(f"{TEXT}style-name", "")
        levels = self._styles.list_levels(name)
        if outer is not None:
            return outer if levels is None or levels == outer.levels else ListCount(levels, dict(outer.counts))
        continued = element.get(f"{TEXT}continue-list", "")
        if not continued and element.get(f"{TEXT}continue-numbering") == "true":
            continued = name
        return (self._finished.get(continued) if continued else None) or ListCount(levels or {})

    def _items(
        self, element: ElementTree.Element, outer: ListCount | None, level: int
    ) -> tuple[ListCount, list[tuple[str, ElementTree.Element]]]:
        """The items of a list with their marks; items that hold only a list have none of their own."""
        count = self._opened(element, outer, level)
        if outer is None:
            self._finished[element.get(f"{TEXT}style-name", "")] = count
            self._finished[element.get("{http://www.w3.org/XML/1998/namespace}id", "")] = count
        return count, [(_kind(item), item) for item in element if item.tag in _ITEMS]

    def _list(self, element: ElementTree.Element, depth: int, outer: ListCount | None, level: int) -> None:
        if depth > MOST_DEPTH:
            self._flow.paragraph(plain(" ".join(element.itertext())))
            return
        count, items = self._items(element, outer, level)
        for kind, item in items:
            mark = self._mark(item, count, level, kind)
            for block in item:
                if block.tag in (f"{TEXT}p", f"{TEXT}h"):
                    self._paragraph(block, depth, mark, level)
                    mark = ""
                elif block.tag == f"{TEXT}list":
                    self._list(block, depth + 1, count, level + 1)
                elif isinstance(block.tag, str) and block.tag != f"{TEXT}number":
                    holder = ElementTree.Element("holder")
                    holder.append(block)
                    self.write(holder, depth + 1)

    def _list_lines(self, element: ElementTree.Element, depth: int, outer: ListCount | None, level: int) -> list[str]:
        if depth > MOST_DEPTH:
            return [plain(" ".join(element.itertext()))]
        count, items = self._items(element, outer, level)
        lines: list[str] = []
        for kind, item in items:
            mark = self._mark(item, count, level, kind)
            for block in item:
                if block.tag in (f"{TEXT}p", f"{TEXT}h"):
                    lines += self._plain_lines(block, depth, mark)
                    mark = ""
                elif block.tag == f"{TEXT}list":
                    lines += self._list_lines(block, depth + 1, count, level + 1)
        return lines

    def _mark(self, item: ElementTree.Element, count: ListCount, level: int, kind: str) -> str:
        has_text = any(block.tag in (f"{TEXT}p", f"{TEXT}h") for block in item)
        if kind == "header" or not has_text:
            return ""
        stated = item.get(f"{TEXT}start-value", "")
        return count.next(level, int(stated) if stated.isascii() and stated[:9].isdigit() else None)

    def _table(self, element: ElementTree.Element, depth: int) -> None:
        before, _ = self._styles.breaks(element.get(f"{TABLE}style-name", ""))
        if before and not self._flow.is_empty:
            self._flow.new_page()
        if sum(1 for _ in element.iter(f"{TABLE}table-cell")) > 1:
            texts: list[str] = []

            def read(cell: ElementTree.Element) -> str:
                texts.append(self.lines_of(cell, depth + 1))
                return texts[-1]

            try:
                grid = open_grid(element, read)
            except ValueError:
                # Too many cells for a grid.
                self._flow.paragraph("\n\n".join(filter(None, texts)))
                return
            if grid.width > 1:
                self._flow.table(grid)
                return
        # A table of one column arranges text.
        for cell in table_cells(element):
            self.write(cell, depth + 1)

    def _inner_table(self, element: ElementTree.Element, depth: int) -> str:
        try:
            return cell_lines(open_grid(element, lambda cell: self.lines_of(cell, depth + 1)))
        except ValueError:
            return plain(" ".join(element.itertext()))

    def _drawing(self, element: ElementTree.Element, depth: int) -> None:
        """A frame or shape: its paragraphs as blocks, else what its object or picture says."""
        if _holds_text(element):
            self.write(element, depth + 1)
        else:
            self._flow.paragraph(self._said(element))

    def _drawing_lines(self, element: ElementTree.Element, depth: int) -> str:
        return self.lines_of(element, depth + 1) if _holds_text(element) else self._said(element)

    def _said(self, element: ElementTree.Element) -> str:
        """What an object shows (a formula, a chart), or the description of a picture."""
        for item in element.iter(f"{DRAW}object"):
            root = self._parts.embedded(item)
            text = self._object_text(root) if root is not None else ""
            if text:
                return text
        said = [" ".join("".join(item.itertext()).split()) for item in element.iter() if item.tag in _DESCRIPTIONS]
        return plain(f"Picture: {' - '.join(filter(None, said))}") if any(said) else ""

    def _object_text(self, root: ElementTree.Element) -> str:
        formula = next(root.iter(f"{MATH}math"), None)
        if formula is not None or root.tag.rpartition("}")[2] == "math":
            return plain(formula_text(root if formula is None else formula))
        chart = next(root.iter(f"{CHART}chart"), None)
        if chart is None:
            return ""
        lines = [self.lines_of(title) for title in chart.iter(f"{CHART}title")]
        for table in chart.iter(f"{TABLE}table"):
            lines.append(self._inner_table(table, 0))
        return "\n".join(filter(None, lines))


_ITEMS = (f"{TEXT}list-item", f"{TEXT}list-header")
_DESCRIPTIONS = (f"{SVG}title", f"{SVG}desc")


def _kind(item: ElementTree.Element) -> str:
    return "header" if item.tag == f"{TEXT}list-header" else "item"


def _holds_text(element: ElementTree.Element) -> bool:
    return any(item.tag in (f"{TEXT}p", f"{TEXT}h") and "".join(item.itertext()).strip() for item in element.iter())
