"""Words of an HTML text, read tag by tag: without a tree, so that no nesting and no missing end tag loses any."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_NOT_TEXT = frozenset({"script", "style", "template", "title", "head"})
_RAW_TEXT = re.compile(r"<(?:textarea|xmp|iframe|noembed|noframes|plaintext|!\[)|\0", re.IGNORECASE)
_COMMENT_END = re.compile(r"--\s*>")
_SURE_TAG = re.compile(
    r"</[a-z][^<>]*>|"
    r"""<[a-z][^\s<>/"'=]*(?:\s+[^\s<>/"'=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s<>"'=`]+))?)*\s*/?>""",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<[^<>]*>?")
_MOST_OPEN = 1_000
_HEAD_ONLY = frozenset({"meta", "link", "base"})


def words_of_html(html: str) -> list[str]:
    """The words that stand in the text of a page or a part of one, hidden or not, without scripts, styles and title."""
    if html.count("<") > 2 * html.count(">") + _MOST_OPEN:
        # The parser would be slow on so many tags that never end.
        return _ANY_TAG.sub(" ", html).split()
    reader = _Words()
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces).split()


def most_words_of_html(html: str) -> int | None:
    """An upper bound of the number of `words_of_html`, which is much quicker: it also counts scripts and comments.

    None if a bound is not known, because what looks like a tag may be text: in a form's text area, for example.
    """
    comment = html.rfind("<!--")
    if _RAW_TEXT.search(html) or (comment >= 0 and not _COMMENT_END.search(html, comment + 4)):
        return None
    # What is left of tags may part words, too.
    text = _SURE_TAG.sub(" ", html).replace("<", " <").replace(">", "> ")
    return len(unescape(text).split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag parts words; text in a script, a style or a title is no text of the page."""
        self.pieces.append(" ")
        if self._inside == "head" and tag not in _NOT_TEXT | _HEAD_ONLY | {"noscript"}:
            self._inside = ""
        if tag in _NOT_TEXT and self._inside in ("", "head"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """End what is no text."""
        self.pieces.append(" ")
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if self._inside in ("", "head"):
            self.pieces.append(data)
