"""A passage's tree as data for a component in the browser, which makes elements of it and never HTML."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from pages.shared.widgets.marked_text import Piece, Span, cut
from pages.shared.widgets.passage.markdown import parse
from pages.shared.widgets.passage.nodes import Leaf, Node, leaves

Message = list[object] | Mapping[str, object]
"""A leaf as a list, or an element as its kind and its children."""


def as_message(nodes: Sequence[Node], leaf: Callable[[int, int], list[object]]) -> list[Message]:
    """The tree; `leaf` makes the data for the characters [start, end) of the text."""
    return [
        leaf(node.start, node.end)
        if isinstance(node, Leaf)
        else {"kind": node.kind, "children": as_message(node.children, leaf)}
        for node in nodes
    ]


def cut_at_leaves(text: str, nodes: Sequence[Node], *layers: Sequence[Span]) -> list[Piece]:
    """The text as pieces that join to the whole text, none of which is partly in a leaf; layers count as in `cut`."""
    spans = [(leaf.start, leaf.end) for leaf in leaves(nodes)]
    return [(piece, max(layer - 1, 0)) for piece, layer in cut(text, spans, *layers)]


def passage_message(text: str, *layers: Sequence[Span]) -> Mapping[str, object]:
    """A passage for the browser: pieces that join to its text, and its tree, whose leaves are [first, end) of them."""
    nodes = parse(text)
    pieces = cut_at_leaves(text, nodes, *layers)
    starts = [0, *accumulate(len(piece) for piece, _ in pieces)]

    def leaf(start: int, end: int) -> list[object]:
        return [bisect_left(starts, start), bisect_left(starts, end)]

    return {"pieces": pieces, "tree": as_message(nodes, leaf)}
