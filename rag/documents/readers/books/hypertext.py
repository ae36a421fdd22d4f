"""Read the XHTML of books and the HTML in documents as blocks: headings, paragraphs, lists, tables, drawings.

Well-formed XHTML is read as XML; other HTML with the rules of HTML for missing end tags. Nothing is left out but
scripts and styles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

from rag.documents.parsed import Parsed
from rag.documents.readers.html_tables import take_html_tables
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.writing.flow import MOST_DEPTH, TextFlow, plain, with_link
from rag.documents.readers.writing.list_numbers import letters, roman
from rag.documents.tables.text import TablesApart

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\?>")
_HEADING = re.compile(r"h[1-6]")
_LEFT_OUT = frozenset({"script", "style", "template", "head", "rp", "audio", "video", "iframe", "object", "metadata"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "switch",
        "case",
        "default",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
# Opening one of these ends an open element of the named kinds.
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ENDED_BY = {"li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "option": ("option",)}
_NUMBERS: dict[str, Callable[[int], str]] = {
    "a": letters,
    "A": lambda n: letters(n).upper(),
    "i": roman,
    "I": lambda n: roman(n).upper(),
}
# Characters that a page may write as references: all spaces are alike, and no soft hyphen splits a word.
_ALIKE = str.maketrans({"\xa0": " ", "\u202f": " ", "\xad": None})
_SPACE = re.compile(r"[ \t\n\r\f]+")


def read_hypertext(html: str) -> Parsed:
    """The text of a page with its headings."""
    flow = TextFlow()
    write_hypertext(html, flow)
    return flow.parsed()


def write_hypertext(html: str, flow: TextFlow, title: str = "") -> None:
    """Write the blocks of a page to `flow`.

    Args:
        title: written as a heading first if the page has text, but no heading.
    """
    apart = TablesApart()
    root = _tree(take_html_tables(plain(html), apart))
    elements = list(root.iter())
    has_heading = any(_HEADING.fullmatch(_local(element)) for element in elements)
    if title and not has_heading and any((item.text or "").strip() for item in elements):
        flow.heading(plain(title), 1)
    _Writer(flow, apart).write(root)


def drawn_text(svg: ElementTree.Element) -> str:
    """The texts of a drawing (SVG), one per line; without any, its title and description."""
    lines = [_joined(item) for item in svg.iter() if _local(item) == "text"]
    lines = lines or [_joined(item) for item in svg.iter() if _local(item) in ("title", "desc")]
    return "\n".join(filter(None, lines))


def formula_text(math: ElementTree.Element) -> str:
    """The text of a formula (MathML), without its copies in other notations; else its alternative text."""
    return " ".join(_formula(math, 0).split()) or math.get("alttext", "").strip()


def _formula(element: ElementTree.Element, depth: int) -> str:
    tag = _local(element)
    if tag in ("annotation", "annotation-xml") or depth > MOST_DEPTH:
        return ""
    children = [child for child in element if isinstance(child.tag, str)]
    parts = [_formula(child, depth + 1) for child in children]
    parts = [part for part in parts if part]
    match tag:
        case "mfrac":
            return " / ".join(parts)
        case "msup" | "mover":
            return " ^ ".join(parts)
        case "msub" | "munder":
            return " _ ".join(parts)
        case "msqrt" | "mroot":
            return f"√ ({' '.join(parts)})"
        case "mtd":
            return f"{' '.join(parts)} "
    around = "".join((element.text or "", *((child.tail or "") for child in children))).strip()
    return " ".join(filter(None, (around, *parts)))


@dataclass(slots=True)
class _List:
    """An open list: how its items are marked, and the number of the last one."""

    kind: str = ""
    count: int = 0


@dataclass(slots=True)
class _Writer:
    flow: TextFlow
    apart: TablesApart
    _pieces: list[str] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _mark: str = ""
    _pre: int = 0

    def write(self, root: ElementTree.Element) -> None:
        """Write all blocks below the root; tables whose place was lost follow at the end."""
        self._add(root, 0)
        self._end_block()
        rest = self.apart.restored("")
        if rest:
            self.flow.paragraph(rest)

    def _add(self, element: ElementTree.Element, depth: int) -> None:
        tag = _local(element)
        if tag in _LEFT_OUT:
            return
        if depth > 4 * MOST_DEPTH:
            self._pieces.append(" ".join(element.itertext()))
        elif _HEADING.fullmatch(tag):
            self._end_block()
            self.flow.heading(self._inline(element), int(tag[1]))
        elif tag in ("svg", "math", "img", "br"):
            self._pieces.append(_replaced(tag, element))
        elif tag in ("ul", "ol", "menu"):
            self._end_block()
            kind = element.get("type", "1") if tag == "ol" else ""
            start = element.get("start", "1")
            self._lists.append(_List(kind, int(start) - 1 if start.isascii() and start[:9].isdigit() else 0))
            self._children(element, depth)
            self._lists.pop()
        elif tag == "pre":
            self._end_block()
            self._pre += 1
            self._children(element, depth)
            self._pre -= 1
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "li" and self._lists:
                self._mark = self._next_mark(element)
            self._children(element, depth)
        else:
            first = len(self._pieces)
            self._children(element, depth, is_block=False)
            if tag == "a" and first <= len(self._pieces):
                self._pieces[first:] = [with_link("".join(self._pieces[first:]), element.get("href", ""))]

    def _children(self, element: ElementTree.Element, depth: int, *, is_block: bool = True) -> None:
        self._pieces.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                self._add(child, depth + 1)
            self._pieces.append(child.tail or "")
        if _local(element) == "rt":
            self._pieces = [*self._pieces[:-1], f"({self._pieces[-1]})"]
        if is_block:
            self._end_block()

    def _inline(self, element: ElementTree.Element) -> str:
        """The text of a heading on one line."""
        held, self._pieces = self._pieces, []
        self._gather(element, 0)
        text, self._pieces = "".join(self._pieces).translate(_ALIKE), held
        return " ".join(text.split())

    def _gather(self, element: ElementTree.Element, depth: int) -> None:
        tag = _local(element)
        if tag in ("svg", "math", "img", "br"):
            self._pieces.append(_replaced(tag, element))
        elif tag not in _LEFT_OUT and depth <= 4 * MOST_DEPTH:
            self._pieces += [" " if tag in _BLOCKS else "", element.text or ""]
            for child in element:
                if isinstance(child.tag, str):
                    self._gather(child, depth + 1)
                self._pieces.append(child.tail or "")

    def _next_mark(self, item: ElementTree.Element) -> str:
        one = self._lists[-1]
        stated = item.get("value", "")
        one.count = int(stated) if stated.isascii() and stated[:9].isdigit() else one.count + 1
        return f"{_NUMBERS.get(one.kind, str)(one.count)}." if one.kind else "-"

    def _end_block(self) -> None:
        """Write what has been gathered as a paragraph or as an item of the open list."""
        text, self._pieces = "".join(self._pieces).translate(_ALIKE), []
        if not text.strip():
            return
        if not self._pre:
            lines = (_SPACE.sub(" ", line).strip() for line in text.split(_LINE_BREAK))
            text = "\n".join(lines).strip()
        text = text.replace(_LINE_BREAK, "\n")
        if TablesApart.holds(text):
            self.flow.paragraph(self.apart.put_back(text))
        elif self._lists:
            self.flow.item(text, self._mark, len(self._lists) - 1)
            self._mark = ""
        else:
            self.flow.paragraph(text)


_LINE_BREAK = "\u2028"


def _replaced(tag: str, element: ElementTree.Element) -> str:
    """What stands for an element whose content is not text of the page."""
    if tag == "br":
        return _LINE_BREAK
    if tag == "img":
        return f" {element.get('alt', '')} "
    if tag == "math":
        return f" {formula_text(element)} "
    return _LINE_BREAK + drawn_text(element).replace("\n", _LINE_BREAK) + _LINE_BREAK


def _joined(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _local(element: ElementTree.Element) -> str:
    """A tag without its namespace, in lower case; empty for comments."""
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def _tree(html: str) -> ElementTree.Element:
    known = _ENTITY.sub(lambda match: _escaped(unescape(match[0])), html)
    try:
        return parse_xml(_DECLARED.sub("", known))
    except (ElementTree.ParseError, ValueError, LookupError):
        return _Builder.tree(_DECLARED.sub("", html))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


class _Builder(HTMLParser):
    """Builds a tree from HTML whose end tags may be missing or wrong."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = ElementTree.Element("html")
        self._open = [self.root]

    @classmethod
    def tree(cls, html: str) -> ElementTree.Element:
        """The root of a page."""
        builder = cls()
        builder.feed(html)
        builder.close()
        return builder.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element; it ends those that cannot hold it."""
        ends = _ENDED_BY.get(tag, ())
        ends += ("p", *_HEADINGS) if tag in _BLOCKS or tag in _HEADINGS else ()
        while len(self._open) > 1 and self._open[-1].tag in ends:
            self._open.pop()
        if len(self._open) > 4 * MOST_DEPTH and tag not in _VOID:
            return
        element = ElementTree.SubElement(self._open[-1], tag, {key: value or "" for key, value in attrs})
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element with those that are open in it; an end tag alone is ignored."""
        for number in range(len(self._open) - 1, 0, -1):
            if self._open[number].tag == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        """Add text to the open element."""
        last = self._open[-1]
        if len(last):
            last[-1].tail = (last[-1].tail or "") + data
        else:
            last.text = (last.text or "") + data
