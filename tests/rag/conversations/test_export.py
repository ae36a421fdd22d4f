"""What a person takes away: JSON with everything, and Markdown in which all that was said stays text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.answering.types import LabelledAnswer, Timings, Turn
from rag.conversations.export import from_json, to_json, to_markdown
from rag.errors import CollectionError
from rag.servers.types import Usage
from rag.types import Finding, Hit
from tests.support.turns import TEXTS, any_turns, made_answer, made_hit, made_turn

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from("`*_#<>[]()!&\\~|=-+. "))
MARKUP = st.lists(
    LINE
    | st.sampled_from(["# x", "> x", "- x", "1. x", "```", "~~~", "===", "---", "<script>", "    x", "|a|b|", "\t- x"]),
    max_size=6,
).map("\n".join)
HOSTILE = [
    "# Heading", "Title\n===", "- item\n* item\n+ item\n1. item\n2) item", "> quote", "```\ncode\n```", "    code",
    "\tcode", "---", "***", "[link](javascript:alert(1))", "![x](http://evil/x.png)", "<img src=x onerror=alert(1)>",
    "<!-- -->", "&lt;b&gt; &amp;", "`code` **bold** _it_ ~~no~~", "http://evil.example www.evil.example a@b.example",
    "[1]: http://evil", "[^1]: note", "|a|b|\n|-|-|\n|1|2|", "\\# \\\\", "line  \nbreak\\\nend",
    "text\n\n    <script>alert(1)</script>", "$x$ :smile: {{7*7}}", "1.", "1.\nx", "-\nx", "a\n-", "a\n--", "x\n- - -",
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.lists(any_turns(), max_size=3))
def test_json_gives_back_the_whole_conversation(title, turns):
    back = from_json(to_json(title, turns))
    assert (back.title, list(back.turns)) == (title, turns)


def test_json_is_readable():
    text = to_json("Owls", [made_turn("Où ?")])
    assert json.loads(text)["turns"][0]["turn"]["question"] == "Où ?"
    assert '"title": "Owls"' in text
    assert '"question": "Où ?"' in text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', "[" * 100_000])
def test_other_files_are_no_conversation(text):
    with pytest.raises(CollectionError, match="This is not an exported conversation: "):
        from_json(text)


def test_json_of_a_newer_version_or_with_a_damaged_turn_is_refused():
    whole = json.loads(to_json("Owls", [made_turn()]))
    with pytest.raises(CollectionError, match="newer version"):
        from_json(json.dumps({**whole, "version": 2}))
    with pytest.raises(CollectionError, match="A stored answer is damaged"):
        from_json(json.dumps({**whole, "turns": [{"version": 1}]}))


MARKDOWN = r"""# My owls

## When do owls hunt?

Searched for: owls at night

Owls hunt at night. [1] They read books. [?]

A note.

[?] No passage supports this sentence.

Written by ollama:gemma3:270m in 1.5 s, 9 tokens, asked 2026-11-20 10:00 UTC.

[1] owls\.md, page 3, Birds \> Owls, similarity 0.75

```text
Owls hunt at night.
```

[2] owls\.md, Birds \> Owls, similarity 0.38

```text
Ships sail.
```

## Why?

### Model A

(no answer)

The server went away.

Written by ollama:gemma3:270m in 0.0 s. It broke off.

### Model B

Searched for: owls at night

Owls hunt at night. [1] They read books. [?]

A note.

[?] No passage supports this sentence.

Written by ollama:gemma3:270m in 1.5 s, 9 tokens, asked 2026-11-20 10:00 UTC.

[1] owls\.md, page 3, Birds \> Owls, BM25 score 0.75

```text
Owls hunt at night.
```

[2] owls\.md, Birds \> Owls, BM25 score 0.38

```text
Ships sail.
```
"""


def found_by_words(hit: Hit, *, bm25: float | None = None) -> Hit:
    """The hit as word search finds it: its score is BM25's, or its cosine as well."""
    return replace(hit, found_by=(Finding("keyword", hit.rank, hit.score if bm25 is None else bm25),))


def test_markdown_of_a_conversation():
    answer = made_answer("Q")
    keyword = replace(answer, prompt=replace(answer.prompt, hits=tuple(map(found_by_words, answer.prompt.hits))))
    broken = replace(
        keyword, question="Why?", query="Why?", text="", supports=(), dependences=(), notes=(),
        usage=Usage(None, None, "broken"), problem="The server went away.", timings=Timings(), asked_at="",
        prompt=replace(keyword.prompt, hits=(), left_out=()),
    )  # fmt: skip
    turns = [made_turn(), Turn("Why?", (LabelledAnswer("Model A", broken), LabelledAnswer("Model B", keyword)))]
    assert to_markdown("My owls", turns) == MARKDOWN


def test_a_cosine_is_called_a_similarity_whichever_search_found_the_passage():
    answer = made_answer("Q")
    hits = tuple(found_by_words(hit, bm25=7.31) for hit in answer.prompt.hits)
    words = replace(answer, prompt=replace(answer.prompt, hits=hits), settings=replace(answer.settings, mode="keyword"))
    text = to_markdown("Owls", [Turn("Q", (LabelledAnswer("", words),))])
    assert "similarity 0.75" in text
    assert "BM25" not in text


def shown(text: str) -> list[tuple[str, str]]:
    """What a Markdown reader makes of it: kind and text of each block, raising where it is anything but text."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    blocks, kind = [], ""
    for token in reader.parse(text):
        assert token.type in {"heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "fence"}
        if token.type.endswith("_open"):
            kind = token.tag
        if token.type == "fence":
            blocks.append(("fence", token.content))
        if token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special", "hardbreak", "softbreak"}
            breaks = ("\n" if child.type.endswith("break") else child.content for child in token.children)
            blocks.append((kind, "".join(breaks)))
    return blocks


def plain(text: str) -> str:
    return " ".join(text.replace("\0", "\ufffd").split())


def turn_of(text: str) -> Turn:
    hit = made_hit(1, text or "x", name=text or "x")
    hit = replace(hit, chunk=replace(hit.chunk, heading=text))
    answer = made_answer(text)
    answer = replace(
        answer, text=text, supports=(), dependences=(), notes=(), hits=(hit,), model=text,
        prompt=replace(answer.prompt, hits=(hit,), left_out=()), problem=text,
    )  # fmt: skip
    return Turn(text, (LabelledAnswer(text, answer),))


def require_text(text: str) -> None:
    blocks = shown(to_markdown(text, [turn_of(text)]))
    assert [block for kind, block in blocks if kind == "fence"] == [f"{text or 'x'}\n".replace("\0", "\ufffd")]
    assert all(plain(block) == plain(text) for kind, block in blocks if kind in ("h1", "h2", "h3"))
    assert [kind for kind, _ in blocks].count("h2") <= 1
    said = plain(" ".join(block for kind, block in blocks if kind == "p"))
    assert plain(text) in said
    assert said.endswith("similarity 0.75")


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_stays_text(text):
    require_text(text)


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_any_text_stays_text(text):
    require_text(text)


def test_a_mark_does_not_make_a_link_of_what_follows():
    answer = made_answer("Q", "Owls hunt.(http://evil.example) They read.")
    blocks = shown(to_markdown("t", [Turn("Q", (LabelledAnswer("", answer),))]))
    assert ("p", "Owls hunt. [1](http://evil.example) They read. [?]") in blocks


def test_line_breaks_and_indents_of_an_answer_are_kept():
    blocks = shown(to_markdown("t", [turn_of("def owl():\n    hoot()\n\nlast")]))
    assert ("p", "def owl():\n\u00a0\u00a0\u00a0\u00a0hoot()") in blocks
    assert ("p", "last") in blocks
