"""The tree of a passage: elements of a few kinds, and leaves that are parts of its text.

A leaf is a span of the source text, never a copy of it. So a highlight of the source is a highlight of what is shown,
and nothing can be shown that is not in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "heading", "paragraph", "strong", "emphasis", "code", "fenced", "language", "bullets", "numbers", "item",
    "table", "head", "body", "row", "name", "cell",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """Characters [start, end) of the source text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a passage: its kind and what it holds, in the order in which it is shown."""

    kind: Kind
    children: tuple[Node, ...]


Node = Leaf | Element


def leaves(nodes: Iterable[Node]) -> Iterator[Leaf]:
    """The leaves of a tree, in the order in which they are shown."""
    for node in nodes:
        if isinstance(node, Leaf):
            yield node
        else:
            yield from leaves(node.children)


def beginning(nodes: Sequence[Node], end: int) -> tuple[Node, ...]:
    """The tree with nothing of the text from `end` on; elements without any of it are left out."""
    return tuple(kept for node in nodes if (kept := _before(node, end)) is not None)


def _before(node: Node, end: int) -> Node | None:
    if isinstance(node, Leaf):
        return Leaf(node.start, min(node.end, end)) if node.start < end else None
    children = beginning(node.children, end)
    is_kept = not node.children or any(leaves(children))
    return Element(node.kind, children) if is_kept else None
