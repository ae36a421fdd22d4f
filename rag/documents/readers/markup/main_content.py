"""Find what of a web page is not its content: cookie notices, navigation, side columns, footers, hidden text.

A part is left out only if the page itself marks it as such (by its element, role, id or class) and trafilatura, a
library that extracts the main text of pages, leaves it out too. In doubt everything is kept: on short pages, on pages
of tables, and if more than half of the words would go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from rag.documents.parsed import clean, left_out
from rag.documents.readers.markup.html_words import most_words_of_html, words_of_html

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGEST_PAGE = 5_000_000
"""Characters of a page; a larger one is no article."""
_FEWEST_WORDS = 20
"""Words of a main text that is clear enough."""
_MOST_LEFT_OUT, _IN_TABLES, _SAME_WORDS = 0.5, 0.5, 0.98
_RUN = 3
_NOT_KEPT = 0.2
"""A part is not in the main text if at most this share of its runs of three words is."""
_NOT_TEXT = frozenset({"script", "style", "template", "head", "title"})
_IN_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"})
_NEVER_HIDDEN = _NOT_TEXT | _IN_TABLE - {"table"} | {"html", "body"}
_OF_ARTICLE = frozenset({"article", "main", "section"})
_ROLES = {
    "navigation": "Navigation was",
    "contentinfo": "The footer was",
    "complementary": "A side column was",
    "search": "A search form was",
    "dialog": "A dialog was",
}
_TAGS = {"nav": "Navigation was", "aside": "A side column was"}
_OF_PAGE = {"footer": "The footer was", "header": "The page's header was"}
_CLASSES = (
    ("A cookie notice was", {"cookie", "cookies", "consent", "gdpr", "cookiebar", "cookiebanner"}),
    ("Navigation was", {"nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "topnav", "skip", "pager"}),
    ("The footer was", {"footer", "colophon"}),
    ("A side column was", {"sidebar", "aside", "related", "widget"}),
    ("Advertising was", {"ad", "ads", "advert", "advertisement", "promo", "sponsored", "newsletter", "subscribe"}),
    ("Links for sharing were", {"share", "sharing", "social"}),
)
_PART = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NOT_WRITTEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HIDDEN_TEXT, _WITHOUT_SCRIPTS = "Text that the page hides was", "Text for browsers without scripts was"


@dataclass(frozen=True, slots=True)
class MainContent:
    """A page without what is not its content, and notes that say what was left out, with its first words."""

    html: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """An element that may be left out: why, and its words."""

    why: str
    element: HtmlElement
    words: Sequence[str]


def main_content(html: str, *, is_page: bool = True) -> MainContent:
    """The page without hidden text and, if it is clear what its main text is, without navigation and the like.

    Args:
        is_page: false for a part of a page or an e-mail, of which only hidden text is left out.
    """
    root = _parsed(html) if len(html) <= _LARGEST_PAGE else None
    if root is None:
        return MainContent(html)
    total = len(_words(root))
    _show(_opened_by_click(root))
    hidden = list(_hidden_parts(root))
    if 2 * sum(len(part.words) for part in hidden) > total:
        # A script would show it.
        _show([one for part in hidden for one in part.element.iter() if _is_hidden(one)])
        hidden = []
    parts = [*hidden, *(_apart_from_main(root, html, total, hidden) if is_page else ())]
    if not parts and not root.xpath("//@data-shown"):
        return MainContent(html)
    for part in parts:
        _drop(part.element)
    return MainContent(_written(root), tuple(_notes(parts)))


def _drop(element: HtmlElement) -> None:
    """Take an element out; the texts that come together do so without signs that lxml reads, but does not write."""
    parent, previous = element.getparent(), element.getprevious()
    if element.tail:
        element.tail = _NOT_WRITTEN.sub("", element.tail)
    if previous is not None and previous.tail:
        previous.tail = _NOT_WRITTEN.sub("", previous.tail)
    elif previous is None and parent is not None and parent.text:
        parent.text = _NOT_WRITTEN.sub("", parent.text)
    element.drop_tree()


def _parsed(html: str) -> HtmlElement | None:
    """The page's root; None if the parser loses words of it, as in a page that is nested too deeply."""
    from lxml import etree
    from lxml.html import HTMLParser, fromstring

    try:
        root = fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    count, most = len(_words(root)), most_words_of_html(html)
    if most is None or count < _SAME_WORDS * most:
        most = len(words_of_html(html))
    return root if count >= _SAME_WORDS * most else None


def _written(root: HtmlElement) -> str:
    from lxml.html import tostring

    return clean(str(tostring(root, encoding="unicode")))


def _words(element: HtmlElement) -> list[str]:
    """The words in an element, without scripts and styles."""
    if element.tag in _NOT_TEXT:
        return []
    return " ".join(_texts()(element)).split()


@cache
def _texts() -> Callable[[HtmlElement], list[str]]:
    """The texts in an element, as plain strings: lxml's own kind makes an object of each text's parent."""
    from lxml.etree import XPath

    skipped = "".join(f"[not(ancestor::{tag})]" for tag in sorted(_NOT_TEXT))
    found: Callable[[HtmlElement], list[str]] = XPath(
        f".//text()[not(parent::comment())]{skipped}", smart_strings=False
    )
    return found


def _hidden_parts(root: HtmlElement) -> Iterator[_Part]:
    """Elements that no browser shows; a row or cell of a table stays, so that its columns do."""
    for element in _outermost(root, _is_hidden):
        words = _words(element)
        if words:
            yield _Part(_WITHOUT_SCRIPTS if element.tag == "noscript" else _HIDDEN_TEXT, element, words)


def _is_hidden(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in _NEVER_HIDDEN:
        return False
    is_hidden = "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")) is not None
    return is_hidden or element.tag == "noscript"


def _opened_by_click(root: HtmlElement) -> list[HtmlElement]:
    """Hidden elements that a reader of the page can open, such as the answers of a list of questions, and tabs."""
    links = root.xpath("//@aria-controls | //@data-target | //@data-bs-target | //@href[starts-with(., '#')]")
    ids = {one for link in links for one in str(link).replace("#", " ").split()}
    return [one for one in root.iter() if _is_hidden(one) and (one.get("id") in ids or one.get("role") == "tabpanel")]


def _show(elements: Sequence[HtmlElement]) -> None:
    """Keep the text of hidden elements, which the parser would leave out without a word."""
    for element in elements:
        element.attrib.pop("hidden", None)
        element.attrib.pop("style", None)
        element.attrib["data-shown"] = "1"
        element.tag = "div"


def _outermost(root: HtmlElement, is_wanted: Callable[[HtmlElement], object]) -> Iterator[HtmlElement]:
    """The elements that are wanted and in no other that is, in the order of the page."""
    stack = [root]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        if element is not root and is_wanted(element):
            yield element
        else:
            stack.extend(reversed(element))


def _apart_from_main(root: HtmlElement, html: str, total: int, hidden: Sequence[_Part]) -> list[_Part]:
    """The parts that both the page and the library leave out; none in doubt."""
    gone = {part.element for part in hidden}
    found = ((_why(element), element) for element in _outermost(root, lambda one: one in gone or _why(one)))
    parts = [_Part(why, one, words) for why, one in found if one not in gone and (words := _words(one))]
    in_tables = sum(len(_words(table)) for table in root.xpath("//table[not(ancestor::table)]"))
    if not parts or in_tables > _IN_TABLES * total:
        return []
    main = _library_text(html)
    if len(main) < _FEWEST_WORDS:
        return []
    runs, text = set(_runs(main)), f" {' '.join(main)} "
    parts = [part for part in parts if not _is_in(part.words, runs, text)]
    count = sum(len(part.words) for part in (*parts, *hidden))
    return parts if count <= _MOST_LEFT_OUT * total else []


def _library_text(html: str) -> list[str]:
    """The words of the main text according to trafilatura; none if it finds no main text."""
    from trafilatura import extract

    text = extract(html, favor_recall=True, include_comments=True, include_tables=True, with_metadata=False)
    return _folded((text or "").split())


def _folded(words: Sequence[str]) -> list[str]:
    return list(chain.from_iterable(re.findall(r"\w+", word.casefold()) for word in words))


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1))


def _is_in(words: Sequence[str], runs: set[tuple[str, ...]], text: str) -> bool:
    folded = _folded(words)
    if len(folded) < _RUN:
        return bool(folded) and f" {' '.join(folded)} " in text
    found = list(_runs(folded))
    return sum(run in runs for run in found) > _NOT_KEPT * len(found)


def _why(element: HtmlElement) -> str:
    """Why an element may be left out, as the beginning of a note; empty if it is content."""
    tag = str(element.tag)
    if tag in _NOT_TEXT or tag in _IN_TABLE or tag in ("html", "body", "main", "article"):
        return ""
    by_role = _ROLES.get(element.get("role", "").strip().lower(), "")
    why = _OF_PAGE.get(tag, "") or by_role or _TAGS.get(tag, "") or _by_class(element)
    if not why:
        return ""
    above = {one.tag for one in element.iterancestors()}
    is_content = bool(above & _IN_TABLE) or (tag in _OF_PAGE and bool(above & _OF_ARTICLE)) or _has_title(element)
    return "" if is_content else why


def _has_title(element: HtmlElement) -> bool:
    """Whether an element has the main heading or text, so that only parts of it may be left out."""
    return bool(element.xpath(".//h1 | .//main | .//article"))


def _by_class(element: HtmlElement) -> str:
    if element.tag not in ("div", "section", "ul", "ol", "p", "span", "form"):
        return ""
    if not ("id" in element.attrib or "class" in element.attrib):
        return ""
    parts = set(_PART.findall(_CAMEL.sub(" ", f"{element.get('id', '')} {element.get('class', '')}").lower()))
    return next((why for why, names in _CLASSES if names & parts), "")


def _notes(parts: Sequence[_Part]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for part in parts:
        by_reason.setdefault(part.why, []).extend(part.words)
    return (left_out(why, clean(" ".join(words))) for why, words in by_reason.items())
