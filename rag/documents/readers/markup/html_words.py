"""Words of an HTML text, read tag by tag: without a tree, so that no nesting and no missing end tag loses any."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_NOT_TEXT = frozenset({"script", "style", "template", "title", "head"})
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
