"""Read the text of one paragraph of a Word document: runs, fields, symbols, links, changes, and what is anchored in it.

The elements: ECMA-376, part 1, sections 17.3 (runs), 17.13 (changes, comments), 17.16 (fields).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.office_xml.drawings import described, drawn_paragraph
from rag.documents.readers.word.equations import equation_text
from rag.documents.readers.word.names import DIAGRAM, MC, VML, A, C, M, R, W, is_on, number, path, value
from rag.documents.readers.word.parts import Remark, WordParts
from rag.documents.readers.writing.flow import MOST_DEPTH, NEW_PAGE, plain, with_link
from rag.documents.readers.writing.symbols import symbol

LEFT_OUT = frozenset(
    {
        f"{W}{tag}"
        for tag in ("del", "moveFrom", "instrText", "delInstrText", "delText", "pPr", "rPr", "sdtPr", "rubyPr")
    }
)
"""What a paragraph holds besides its text: deleted text, the codes of fields, properties."""
_SIGNS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}tab": "\t", f"{W}ptab": "\t"}
_DRAWN = (f"{W}drawing", f"{W}pict", f"{W}object")


@dataclass(slots=True)
class Line:
    """A paragraph's text, the contents of the text boxes in it, the texts of its drawings, and its notes."""

    pieces: list[str] = field(default_factory=list)
    boxes: list[ElementTree.Element] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, with NEW_PAGE at page breaks."""
        return "".join(self.pieces)


def alternative(element: ElementTree.Element) -> ElementTree.Element | None:
    """Of the alternatives for newer and older programs, the first; both have the same text."""
    choice = element.find(f"{MC}Choice")
    return choice if choice is not None else element.find(f"{MC}Fallback")


def words_of(element: ElementTree.Element) -> str:
    """The words below an element without any structure."""
    return plain(" ".join(item.text or "" for item in element.iter(f"{W}t")))


class LineReader:
    """Reads paragraphs of one document; the notes and comments that they refer to are taken out of its parts."""

    def __init__(self, parts: WordParts) -> None:
        self._parts = parts
        self._special: dict[str, Callable[[ElementTree.Element, Line], None]] = {
            f"{W}t": self._text,
            f"{W}br": self._break,
            f"{W}lastRenderedPageBreak": self._shown_break,
            f"{W}sym": self._symbol,
            f"{W}footnoteReference": self._note,
            f"{W}endnoteReference": self._note,
            f"{W}commentReference": self._comment,
            f"{W}fldChar": self._form_field,
            f"{M}oMath": self._equation,
            **dict.fromkeys(_DRAWN, self._drawing),
        }

    def line(self, paragraph: ElementTree.Element) -> Line:
        """The text of a paragraph and what is anchored in it."""
        line = Line()
        self._add_children(paragraph, line, 0)
        return line

    def _add_children(self, element: ElementTree.Element, line: Line, depth: int) -> None:
        if depth > MOST_DEPTH:
            line.pieces.append(words_of(element))
            return
        for child in element:
            tag = child.tag
            if tag in LEFT_OUT:
                continue
            special = self._special.get(tag)
            if special:
                special(child, line)
            elif tag in _SIGNS:
                line.pieces.append(_SIGNS[tag])
            elif tag == f"{W}r":
                self._run(child, line, depth)
            elif tag == f"{MC}AlternateContent":
                chosen = alternative(child)
                if chosen is not None:
                    self._add_children(chosen, line, depth + 1)
            elif tag == f"{W}rt":
                line.pieces.append("(")
                self._add_children(child, line, depth + 1)
                line.pieces.append(")")
            else:
                start = len(line.pieces)
                self._add_children(child, line, depth + 1)
                if tag == f"{W}hyperlink" and (target := self._parts.links.get(child.get(f"{R}id", ""))):
                    line.pieces[start:] = [with_link("".join(line.pieces[start:]), target)]

    def _run(self, run: ElementTree.Element, line: Line, depth: int) -> None:
        properties = run.find(f"{W}rPr")
        if properties is not None and self._is_hidden(properties):
            self._parts.hidden_words += len(words_of(run).split())
            return
        start = len(line.pieces)
        self._add_children(run, line, depth + 1)
        for at in range(start, len(line.pieces)):
            if any("\uf000" <= sign <= "\uf0ff" for sign in line.pieces[at]):
                line.pieces[at] = self._with_symbols(line.pieces[at], properties)

    def _is_hidden(self, properties: ElementTree.Element) -> bool:
        if properties.find(path("vanish")) is not None:
            return is_on(properties, "vanish")
        return self._parts.styles.is_hidden(value(properties, "rStyle"))

    def _with_symbols(self, text: str, properties: ElementTree.Element | None) -> str:
        """Text in a symbol font, whose characters the file stores as codes of the font."""
        fonts = properties.find(path("rFonts")) if properties is not None else None
        font = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or "Symbol" if fonts is not None else "Symbol"
        return "".join(self._shown(font, ord(sign)) if "\uf000" <= sign <= "\uf0ff" else sign for sign in text)

    def _shown(self, font: str, code: int) -> str:
        found = symbol(font, code)
        self._parts.symbols += not found
        return found

    def _text(self, element: ElementTree.Element, line: Line) -> None:
        line.pieces.append(plain(element.text or ""))

    def _break(self, element: ElementTree.Element, line: Line) -> None:
        is_page = element.get(f"{W}type") == "page"
        line.pieces.append(NEW_PAGE if is_page and not self._parts.shows_pages else "\n")

    def _shown_break(self, element: ElementTree.Element, line: Line) -> None:
        line.pieces.append(NEW_PAGE)

    def _symbol(self, element: ElementTree.Element, line: Line) -> None:
        code = element.get(f"{W}char", "")
        is_code = 0 < len(code) <= 6 and all(digit in "0123456789abcdefABCDEF" for digit in code)
        line.pieces.append(self._shown(element.get(f"{W}font", ""), int(code, 16) if is_code else 0))

    def _note(self, element: ElementTree.Element, line: Line) -> None:
        kind = element.tag.removeprefix(W).removesuffix("Reference")
        found = self._parts.notes.pop((kind, element.get(f"{W}id", "")), None)
        line.remarks += [found] if found else []

    def _comment(self, element: ElementTree.Element, line: Line) -> None:
        found = self._parts.comments.pop(element.get(f"{W}id", ""), None)
        line.remarks += [found] if found else []

    def _form_field(self, element: ElementTree.Element, line: Line) -> None:
        """The state of a check box, or the chosen entry of a list, in a form of the older kind."""
        data = element.find(path("ffData"))
        box = data.find(path("checkBox")) if data is not None else None
        if box is not None:
            name = "checked" if box.find(path("checked")) is not None else "default"
            line.pieces.append("☒" if is_on(box, name) else "☐")
        choices = data.find(path("ddList")) if data is not None else None
        if choices is not None:
            entries = [entry.get(f"{W}val", "") for entry in choices.findall(path("listEntry"))]
            chosen = number(value(choices, "result") or value(choices, "default"))
            line.pieces.append(plain(entries[chosen]) if chosen < len(entries) else "")

    def _equation(self, element: ElementTree.Element, line: Line) -> None:
        line.pieces.append(plain(equation_text(element)))

    def _drawing(self, element: ElementTree.Element, line: Line) -> None:
        """What is drawn: text boxes, shapes with text, charts, diagrams, and the description of a picture."""
        stack = [element]
        while stack:
            item = stack.pop()
            if item.tag == f"{W}txbxContent":
                line.boxes.append(item)
                continue
            if item.tag == f"{MC}AlternateContent":
                chosen = alternative(item)
                stack += [chosen] if chosen is not None else []
                continue
            line.drawn += filter(None, [plain(self._drawn(item))])
            stack.extend(reversed(item))

    def _drawn(self, item: ElementTree.Element) -> str:
        if item.tag.endswith("}docPr"):
            return described(item.get("descr", ""))
        if item.tag == f"{A}p":
            return drawn_paragraph(item)
        if item.tag == f"{C}chart":
            return self._parts.chart(item.get(f"{R}id", ""))
        if item.tag == f"{DIAGRAM}relIds":
            return self._parts.diagram(item.get(f"{R}dm", ""))
        return item.get("string", "") if item.tag == f"{VML}textpath" else ""
