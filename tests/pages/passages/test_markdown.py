"""Markdown as a tree: against markdown-it-py for whole documents, and worked cases for passages that were cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pages.shared.widgets.passage.markdown import parse
from pages.shared.widgets.passage.nodes import Element, Leaf, Node, leaves
from rag import config

DOCUMENTS = [*sorted(config.ROOT.glob("docs/*.md")), config.ROOT / "README.md", config.ROOT / "CONTRIBUTING.md"]


def found(nodes: Sequence[Node], kind: str) -> Iterator[Element]:
    for node in nodes:
        if isinstance(node, Element):
            if node.kind == kind:
                yield node
            yield from found(node.children, kind)


def read(text: str, *nodes: Node) -> str:
    return "".join(text[leaf.start : leaf.end] for leaf in leaves(nodes))


def all_of(text: str, kind: str) -> list[str]:
    return [read(text, one) for one in found(parse(text), kind)]


def bare(text: str) -> str:
    """Without the marks of bold, italic and code, and with single spaces."""
    return " ".join(re.sub(r"[*`\\]", "", text).split())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_are_those_of_a_markdown_library(path: Path):
    text = path.read_text("utf-8")
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(text)
    pairs = list(pairwise(tokens))

    def contents(opening: str) -> list[str]:
        return [bare(inner.content) for token, inner in pairs if token.type == opening]

    assert [bare(one) for one in all_of(text, "heading")] == contents("heading_open")
    assert [bare(one) for one in all_of(text, "name")] == contents("th_open")
    assert [bare(one) for one in all_of(text, "cell")] == contents("td_open")
    fences = [token for token in tokens if token.type == "fence"]
    assert [read(text, one.children[-1]).strip() for one in found(parse(text), "fenced")] == [
        token.content.strip() for token in fences
    ]
    assert len(all_of(text, "item")) == sum(token.type == "list_item_open" for token in tokens)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_bold_italic_and_code_are_those_of_a_markdown_library(path: Path):
    text = path.read_text("utf-8")
    spans: dict[str, list[str]] = {"strong": [], "emphasis": [], "code": []}
    for token in MarkdownIt("commonmark", {"html": False}).enable("table").parse(text):
        open_spans: list[tuple[str, list[str]]] = []
        for child in token.children or []:
            if child.type in ("strong_open", "em_open"):
                open_spans.append(("strong" if child.type == "strong_open" else "emphasis", []))
            elif child.type in ("strong_close", "em_close"):
                kind, parts = open_spans.pop()
                spans[kind].append(" ".join("".join(parts).split()))
            elif child.type == "code_inline":
                spans["code"].append(" ".join(child.content.split()))
            for _, parts in open_spans:
                parts.append(child.content or ("\n" if child.type == "softbreak" else ""))
    inline_code = [one for one in parse(text) if not (isinstance(one, Element) and one.kind == "fenced")]
    assert [" ".join(read(text, one).split()) for one in found(inline_code, "code")] == spans["code"]
    for kind in ("strong", "emphasis"):
        assert sorted(bare(one) for one in all_of(text, kind)) == sorted(map(bare, spans[kind]))


@pytest.mark.parametrize(
    "text",
    ["2*3*4", "2**10 and 3**2", "a * b * c", "snake_case __init__ _x_", "**open", "`open", r"\*no\*", "*", "****", 
     "* * *", "---", "#hashtag", "####### seven", "5 | 6", "a: b", "> quoted", "name: a; city: b", "x*y*"],
)  # fmt: skip
def test_what_is_no_mark_stays_text(text: str):
    assert parse(text) == (Element("paragraph", (Leaf(0, len(text)),)),)


def test_bold_italic_and_both():
    text = "**a *b* c** ***d*** **強調**です *e*, `f **g**` ``h`i``"
    assert all_of(text, "strong") == ["a b c", "d", "強調"]
    assert all_of(text, "emphasis") == ["b", "d", "e"]
    assert all_of(text, "code") == ["f **g**", "h`i"]


def test_lists_keep_their_levels_and_their_numbers():
    text = "- a\n  - b\n    more of b\n- c\n\n- d\n3. e\n7. f\nafter"
    (bullets, numbers, after) = parse(text)
    assert [read(text, one) for one in bullets.children] == ["ab\n    more of b", "c", "d"]
    assert [read(text, one) for one in found(bullets.children, "bullets")] == ["b\n    more of b"]
    assert [read(text, one) for one in numbers.children] == ["3. e", "7. f"]
    assert read(text, after) == "after"


def test_lists_in_lists_without_end_are_read():
    text = "\n".join("  " * depth + f"- {depth}" for depth in range(2_000))
    assert len(all_of(text, "item")) == 2_000


def kinds(text: str) -> list[str]:
    return [node.kind for node in parse(text)]


def test_a_passage_that_begins_or_ends_inside_code():
    assert all_of("x = 1\n```\nText.", "fenced") == ["Text."]  # It cannot be told, so it is read as in Markdown.
    assert kinds("x = 1\n# comment\n```\n") == ["fenced"]
    text = "x = 1\n```\nText.\n```py\ny = 2"
    assert kinds(text) == ["fenced", "paragraph", "fenced"]
    assert all_of(text, "code") == ["x = 1", "y = 2"]
    assert all_of("Text.\n\n~~~ sh\nls -l\n\n# all", "code") == ["ls -l\n\n# all"]


def test_a_passage_that_begins_or_ends_inside_a_table():
    for text in ("| 1 | 2 |\n| 3 | 4 |\nText.", "|---|---|\n| 1 | 2 |\n| 3 | 4 |\nText.", "1 | 2\n3 | 4\nText."):
        assert all_of(text, "cell") == ["1", "2", "3", "4"]
        assert kinds(text) == ["table", "paragraph"]
    assert all_of("Text.\n| a | b |\n|---|---|", "name") == ["a", "b"]
    assert all_of("| a | b |", "cell") == ["a", "b"]
    assert all_of("| a \\| b | c |\n|---|---|\n| 1 | 2 | 3 |\n| 4 |", "cell") == ["1", "2", "3", "4", "", ""]


def test_rows_with_the_same_columns_are_a_table():
    text = "a: 1; b: x, y; c: 12:30\na: 2; c: 9\nNote: no table; or: is it"
    table, paragraph = parse(text)
    assert [read(text, one) for one in found([table], "name")] == ["a", "b", "c"]
    assert [read(text, one) for one in found([table], "cell")] == ["1", "x, y", "12:30", "2", "", "9"]
    assert read(text, paragraph).startswith("Note")
    unnamed = "Leeds; area: 5; people: 7\nYork; area: 2; people: 3"
    assert all_of(unnamed, "name") == ["", "area", "people"]
    assert all_of(unnamed, "cell")[:3] == ["Leeds", "5", "7"]
    assert kinds("a: 1; b: 2\nb: 1; a: 2") == ["paragraph"]
