"""A passage as HTML from a short list of elements, its text escaped, so that nothing of a document can run or load.

All tags and styles are written here; of the document there is only escaped text between them. There are no links, no
images and no addresses, and Streamlit's directives, formulas and names of emoji have no meaning in HTML.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from pages.shared.widgets.marked_text import Span, cut
from pages.shared.widgets.passage.markdown import parse
from pages.shared.widgets.passage.nodes import Kind, Leaf, Node, beginning, leaves

Painter = Callable[[int, int], str]
"""The characters [start, end) of a text as escaped HTML, with their highlights."""

_MARK = "background:rgba(230,159,0,.32);color:inherit;border-radius:3px"
_LINE = "1px solid color-mix(in srgb,currentColor 25%,transparent)"
_SHADE = "color-mix(in srgb,currentColor 8%,transparent)"
_MONO = "font-family:monospace;font-size:.875em;color:inherit;padding:0;background:none"
_LIST = "margin:0 0 .5em;padding-left:1.5em"
_CELL = f"border:{_LINE};padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:break-word;max-width:24em"
_SCROLLS = 'tabindex="0" role="region" style="overflow-x:auto;margin:0 0 .5em;max-width:100%;'
_TAGS: dict[Kind, tuple[str, str]] = {
    "heading": ('<p style="margin:0 0 .35em"><strong>', "</strong></p>"),
    "paragraph": ('<p style="margin:0 0 .5em;white-space:pre-wrap">', "</p>"),
    "strong": ("<strong>", "</strong>"),
    "emphasis": ("<em>", "</em>"),
    "code": (f'<code style="{_MONO};white-space:inherit;overflow-wrap:inherit">', "</code>"),
    "fenced": (
        f'<div {_SCROLLS}background:{_SHADE};border-radius:4px;padding:.5em .7em;white-space:pre;'
        'overflow-wrap:normal" aria-label="Code">',
        "</div>",
    ),
    "language": ('<p style="margin:0;opacity:.75;font-size:.8em">', "</p>"),
    "bullets": (f'<ul style="{_LIST};list-style:disc">', "</ul>"),
    "numbers": (f'<ol style="{_LIST};list-style:none">', "</ol>"),
    "item": ('<li style="margin:0;padding:0;white-space:pre-wrap">', "</li>"),
    "table": (
        f'<div {_SCROLLS}" aria-label="Table"><table style="border-collapse:collapse;margin:0">',
        "</table></div>",
    ),
    "head": ("<thead>", "</thead>"),
    "body": ("<tbody>", "</tbody>"),
    "row": ("<tr>", "</tr>"),
    "name": (f'<th style="{_CELL};font-weight:600">', "</th>"),
    "cell": (f'<td style="{_CELL}">', "</td>"),
}  # fmt: skip


def show_passage(text: str, spans: Sequence[Span] = ()) -> None:
    """Show a passage of a document with its headings, lists, tables and code; the spans of its text are highlighted."""
    st.html(passage_html(text, spans))


def show_beginning(text: str, length: int) -> None:
    """Show the beginning of a passage, cut at a word, with an ellipsis if there is more."""
    st.html(beginning_html(text, length))


def passage_html(text: str, spans: Sequence[Span] = (), *, after: str = "") -> str:
    """A passage as HTML; the spans of its text are highlighted.

    Args:
        after: a sign shown behind the last word, such as that of a text that is still being written.
    """
    return _with_sign(parse(text), text, spans, after)


def beginning_html(text: str, length: int) -> str:
    """The beginning of a passage as HTML: at most `length` characters of its text, and an ellipsis if it has more."""
    start = len(text) - len(text.lstrip())
    if len(text.rstrip()) - start <= length:
        return passage_html(text)
    head = text[: start + length]
    end = len(head) if text[start + length].isspace() else len(head.rsplit(None, 1)[0])
    return _with_sign(beginning(parse(text), end), text, (), " …")


def _with_sign(nodes: Sequence[Node], text: str, spans: Sequence[Span], sign: str) -> str:
    """The tree as HTML with a sign behind its last leaf."""
    paint = _highlighted(text, spans)
    if not sign:
        return painted(nodes, paint)
    last = max((leaf.end for leaf in leaves(nodes)), default=-1)
    shown = html.escape(sign)

    def paint_with_sign(start: int, end: int) -> str:
        return f"{paint(start, end).rstrip()}{shown}" if end == last else paint(start, end)

    return painted(nodes, paint_with_sign)


def painted(nodes: Iterable[Node], paint: Painter) -> str:
    """A tree as HTML; `paint` makes the HTML of each leaf."""
    parts: list[str] = []
    _write(nodes, paint, parts)
    return f'<div style="overflow-wrap:anywhere">{"".join(parts)}</div>'


def _write(nodes: Iterable[Node], paint: Painter, parts: list[str]) -> None:
    for node in nodes:
        if isinstance(node, Leaf):
            parts.append(paint(node.start, node.end))
        else:
            opening, closing = _TAGS[node.kind]
            parts.append(opening)
            _write(node.children, paint, parts)
            parts.append(closing)


def _highlighted(text: str, spans: Sequence[Span]) -> Painter:
    def paint(start: int, end: int) -> str:
        inside = [(a - start, b - start) for a, b in spans if a < end and b > start]
        return "".join(
            f'<mark style="{_MARK}">{html.escape(piece)}</mark>' if layer else html.escape(piece)
            for piece, layer in cut(text[start:end], inside)
        )

    return paint
