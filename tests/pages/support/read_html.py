"""Read HTML as a browser does: its words, and every tag and attribute that it has."""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = {"div", "p", "li", "ul", "ol", "table", "tr", "th", "td"}


class Seen(HTMLParser):
    """What a parser finds: the text, each block on a line of its own; tags; attributes with their values; the rest."""

    def __init__(self, body: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.others: list[str] = []
        self.open: list[str] = []
        self.is_nested = True
        self.feed(body)
        self.close()
        self.is_nested &= not self.open

    @property
    def text(self) -> str:
        """The text without tags, and with a line break where a block ends."""
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_nested &= bool(self.open) and self.open.pop() == tag
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def letters(text: str) -> str:
    """The letters and digits of a text, which are never marks of Markdown: equal for a passage and what is shown."""
    return "".join(filter(str.isalnum, text))
