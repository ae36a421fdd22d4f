"""Read web pages and HTML in e-mail: main content, tables, headings, lists and code."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.documents.formats import HTML
from rag.documents.parsed import Parsed
from rag.documents.readers.html_tables import take_html_tables
from rag.documents.readers.markup.main_content import main_content
from rag.documents.readers.office import extract
from rag.documents.tables.text import TablesApart

_TABLE_TAG = re.compile(r"<(/?)(td|th|tr|table)\b[^<>]*>", re.IGNORECASE)
_ENDED_BY = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr"), "table": ()}
_TABLE_DEPTH = 60
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b([^<>]*)>")
# The parser leaves out these elements with all that is in them, though a form may hold the whole page, and others by
# words in these attributes, such as "navigation".
_DROPPED = frozenset(
    {"form", "nav", "aside", "header", "footer", "button", "select", "option", "optgroup", "textarea", "datalist"}
)
_ATTRIBUTES = re.compile(r"""\s(?:class|id|role|aria-[a-z]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_KEEP_ATTRIBUTES = frozenset({"table", "pre", "code"})


def read_html(name: str, html: str, *, is_page: bool = True) -> Parsed:
    """The text of a page with headings and the rows of its tables, and notes on what was left out.

    Args:
        is_page: false for the HTML part of an e-mail, of which only hidden text is left out.

    Raises:
        DocumentError: the page could not be read.
    """
    main = main_content(html, is_page=is_page)
    apart = TablesApart()
    shown = take_html_tables(close_cells(_TAG.sub(_neutral, main.html)), apart)
    parsed = extract(name, HTML, shown.encode("utf-8", "replace"), apart)
    return replace(parsed, notes=(*main.notes, *parsed.notes))


def _neutral(tag: re.Match[str]) -> str:
    """A tag without what makes the parser leave out its element."""
    name = tag[2].lower()
    if name in _DROPPED:
        return f"<{tag[1]}div>"
    return tag[0] if name in _KEEP_ATTRIBUTES else f"<{tag[1]}{tag[2]}{_ATTRIBUTES.sub('', tag[3])}>"


def close_cells(html: str) -> str:
    """Add the end tags of cells and rows that HTML lets authors omit; the parser drops cells without them."""
    pieces, done = [], 0
    opened: list[str] = []
    for tag in _TABLE_TAG.finditer(html):
        name = tag[2].lower()
        missing = []
        if tag[1]:
            while name in opened[-_TABLE_DEPTH:] and opened[-1] != name:
                missing.append(opened.pop())
            if opened and opened[-1] == name:
                opened.pop()
        else:
            while opened and opened[-1] in _ENDED_BY[name]:
                missing.append(opened.pop())
            opened.append(name)
        pieces += [html[done : tag.start()], *(f"</{cell}>" for cell in missing)]
        done = tag.start()
    return "".join(pieces) + html[done:]
