"""Write the blocks of a Word document as text: paragraphs, headings, list items, tables, text boxes, notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from rag.documents.parsed import Parsed
from rag.documents.readers.word.lines import Line, LineReader, alternative, words_of
from rag.documents.readers.word.names import MC, R, W, path
from rag.documents.readers.word.numbering import BULLET
from rag.documents.readers.word.parts import Remark, WordParts
from rag.documents.readers.word.tables import arranges_text, row_cells, table_rows, word_grid
from rag.documents.readers.writing.flow import MOST_DEPTH, NEW_PAGE, TextFlow, cell_lines
from rag.documents.tables.grid import Grid

_SKIPPED = (f"{W}del", f"{W}moveFrom", f"{W}sdtPr", f"{W}sdtEndPr")
_BLOCKS = (f"{W}p", f"{W}tbl", f"{W}altChunk")
_ALTERNATIVES = f"{MC}AlternateContent"


def blocks_of(container: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Paragraphs, tables and embedded files in order, also those in content controls and insertions."""
    stack = list(reversed(container))
    while stack:
        child = stack.pop()
        if child.tag in _BLOCKS:
            yield child
        elif child.tag == _ALTERNATIVES:
            chosen = alternative(child)
            stack += [chosen] if chosen is not None else []
        elif child.tag not in _SKIPPED:
            stack.extend(reversed(child))


class BlockWriter:
    """Writes the blocks of one document to `flow`; `read_embedded` reads an embedded file by its relation id."""

    def __init__(self, parts: WordParts, flow: TextFlow, read_embedded: Callable[[str], Parsed]) -> None:
        self._parts = parts
        self._read_embedded = read_embedded
        self._flow = flow
        self._lines = LineReader(parts)
        self._carried = ""

    def write(self, container: ElementTree.Element, depth: int = 0) -> None:
        """Write the blocks of a body, a text box or a cell."""
        if depth > MOST_DEPTH:
            self._flow.paragraph(words_of(container))
            return
        for block in blocks_of(container):
            if block.tag == f"{W}p":
                self._paragraph(block, depth)
            elif block.tag == f"{W}tbl":
                self._table(block, depth)
            else:
                self._flow.insert(self._read_embedded(block.get(f"{R}id", "")))

    def lines_of(self, container: ElementTree.Element, depth: int = 0) -> str:
        """The blocks of a cell, a note or a header as paragraphs with a blank line between them."""
        if depth > MOST_DEPTH:
            return words_of(container)
        parts = []
        for block in blocks_of(container):
            if block.tag == f"{W}p":
                line = self._lines.line(block)
                mark = self._mark(block)
                # In a cell, a bullet says nothing.
                shown = mark if mark != BULLET and line.text.strip() else ""
                text = " ".join(filter(None, (shown, line.text.strip())))
                notes = " ".join(f"({self._remark(remark, depth)})" for remark in line.remarks)
                parts += [" ".join(filter(None, (text, notes)))]
                parts += [self.lines_of(box, depth + 1) for box in line.boxes]
                parts += line.drawn
            elif block.tag == f"{W}tbl":
                parts.append(self._inner_table(block, depth + 1))
        return "\n\n".join(part for part in map(str.strip, parts) if part)

    def write_rest(self) -> None:
        """Write the notes and comments that no paragraph refers to."""
        rest = [*self._parts.notes.values(), *self._parts.comments.values()]
        self._parts.notes.clear()
        self._parts.comments.clear()
        for remark in rest:
            self._flow.paragraph(self._remark(remark, 0))

    def _paragraph(self, paragraph: ElementTree.Element, depth: int) -> None:
        line = self._lines.line(paragraph)
        if paragraph.find(path("pPr/rPr/del")) is not None:
            # The end of the paragraph was deleted: its text goes on in the next one.
            self._carried += line.text
            line = Line([], line.boxes, line.drawn, line.remarks)
        else:
            line.pieces.insert(0, self._carried)
            self._carried = ""
            self._write_line(paragraph, line, depth)
            line = Line([], line.boxes, line.drawn)
        self._write_remarks(line.remarks, depth)
        for box in line.boxes:
            self.write(box, depth + 1)
        for text in line.drawn:
            self._flow.paragraph(text)

    def _write_line(self, paragraph: ElementTree.Element, line: Line, depth: int) -> None:
        text, mark = line.text, self._mark(paragraph)
        level = self._parts.styles.heading_level(paragraph)
        if level and text.replace(NEW_PAGE, "").strip():
            self._flow.heading(f"{'' if mark == BULLET else mark} {text}", level)
            self._write_remarks(line.remarks, depth)
            return
        notes = "".join(f"\n{note}" for remark in line.remarks if (note := self._remark(remark, depth)))
        place = self._parts.styles.list_place(paragraph)
        if place and mark:
            self._flow.item(f"{text.strip(' ')}{notes}", mark, place.level)
        else:
            self._flow.paragraph(f"{text.rstrip()}{notes}")

    def _write_remarks(self, remarks: list[Remark], depth: int) -> None:
        for remark in remarks:
            self._flow.paragraph(self._remark(remark, depth))

    def _mark(self, paragraph: ElementTree.Element) -> str:
        place = self._parts.styles.list_place(paragraph)
        return self._parts.numbering.mark(place) if place else ""

    def _remark(self, remark: Remark, depth: int) -> str:
        text = " ".join(self.lines_of(remark.content, depth + 1).replace(NEW_PAGE, "").split())
        return f"{remark.label}: {text}" if text else ""

    def _table(self, table: ElementTree.Element, depth: int) -> None:
        if arranges_text(table):
            for row in table_rows(table):
                for cell in row_cells(row):
                    self.write(cell, depth + 1)
            return
        texts: list[str] = []
        try:
            self._flow.table(self._grid(table, depth, texts))
        except ValueError:
            # Too many cells for a grid.
            self._flow.paragraph("\n\n".join(filter(None, texts)))

    def _inner_table(self, table: ElementTree.Element, depth: int) -> str:
        texts: list[str] = []
        try:
            return cell_lines(self._grid(table, depth, texts))
        except ValueError:
            return "\n\n".join(filter(None, texts))

    def _grid(self, table: ElementTree.Element, depth: int, texts: list[str]) -> Grid:
        def read(cell: ElementTree.Element) -> str:
            texts.append(self.lines_of(cell, depth + 1))
            return texts[-1]

        return word_grid(table, read)
