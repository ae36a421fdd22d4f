"""Markdown and plain text: front matter as labels, comments out, fences within fences, divided words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.documents.parsed import markdown_headings
from rag.documents.readers.markup.plain import join_divided
from rag.types import ChunkingSpec, Document
from tests.support.fakes import WordEmbedder
from tests.support.formats.source_words import missing

GUIDE = """---
title: Deploy guide
tags: [ops, deploy]
author:
  name: Kim
date: 2025-04-01
draft: false
---

# Deploy

Run this:

```bash
# install the tool
```

<!-- internal: do not publish -->

Write `<!-- a comment -->` so.

| step | time |
|------|------|
| one  | 5 min |

~~~~python
```
# inside a longer fence
~~~~

````
```
# also inside
```
````

# Real heading after
end
"""
LABELS = (
    ("title", "Deploy guide"),
    ("tags", "ops, deploy"),
    ("author.name", "Kim"),
    ("date", "2025-04-01"),
    ("draft", "False"),
)


def paths(document: Document) -> list[str]:
    return [heading.path for heading in document.headings]


def test_front_matter_is_labels_and_no_text():
    document = load_document("guide.md", GUIDE.encode())
    assert document.rows[0].fields == LABELS
    assert (document.rows[0].start, document.rows[0].end) == (0, len(document.text))
    assert document.text.startswith("# Deploy\n")
    assert "Kim" not in document.text


def test_every_chunk_has_the_labels_of_the_front_matter():
    document = load_document("guide.md", GUIDE.replace("end", "end " * 300).encode())
    embedder = WordEmbedder()
    chunks = chunk_document(document, ChunkingSpec(max_tokens=60), embedder.window, embedder.tokenizer)
    assert len(chunks) > 3
    assert {chunk.fields for chunk in chunks} == {LABELS}
    assert {chunk.heading for chunk in chunks} == {"Deploy", "Real heading after"}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('+++\ntitle = "Boats"\n[extra]\nweight = 3\n+++\n\ntext', (("title", "Boats"), ("extra.weight", "3"))),
        ("---\r\ntitle: Boats\r\n---\r\ntext", (("title", "Boats"),)),
        ("---\n: [broken\n---\ntext", ()),
        ("---\nOnly a line\n---\ntext", ()),
        ("text\n\n---\ntitle: x\n---\n", ()),
    ],
)
def test_front_matter_in_toml_and_what_is_none(text, labels):
    document = load_document("a.md", text.encode())
    assert [row.fields for row in document.rows] == ([labels] if labels else [])
    assert missing(text.replace("title", "", 1), [document]) == []


def test_comments_are_left_out_and_said_but_not_in_code():
    document = load_document("guide.md", GUIDE.encode())
    assert "internal" not in document.text
    assert document.notes == ("Comments were left out (4 words: 'internal: do not publish').",)
    assert "`<!-- a comment -->`" in document.text


def test_a_comment_in_a_block_of_code_with_code_in_it_stays():
    text = "```\n`x` <!-- kept -->\n```\n\n<!-- gone --> `y` <!-- open"
    document = load_document("a.md", text.encode())
    assert document.text == "```\n`x` <!-- kept -->\n```\n\n `y` <!-- open"
    assert "gone" in document.notes[0]


def test_signs_in_fences_within_fences_are_no_headings():
    assert paths(load_document("guide.md", GUIDE.encode())) == ["Deploy", "Real heading after"]


def test_no_word_of_a_guide_is_dropped_in_silence():
    assert missing(GUIDE, [load_document("guide.md", GUIDE.encode())]) in ([], ["false"])


LINES = st.lists(
    st.sampled_from(["# A", "## B", "text", "", "```", "````", "~~~", "~~~~", "```py", "# C", "    # code"]),
    max_size=14,
)


@given(LINES)
def test_headings_are_those_of_a_markdown_parser(lines):
    text = "\n".join(lines)
    tokens = MarkdownIt().parse(text)
    expected = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    assert [heading.path.rpartition(" > ")[2] for heading in markdown_headings(text)] == expected


def test_a_comment_in_a_plain_text_is_no_heading_but_a_title_that_stands_apart_is():
    text = "# Title\n\n## Part\n\nbody\n# a remark\nmore\n\n# Second\n\nend"
    assert paths(load_document("a.txt", text.encode())) == ["Title", "Title > Part", "Second"]


@pytest.mark.parametrize(
    "text", ["# Copyright\n# Generated\n\nport = 1", "#!/bin/sh\n\n# tools\n\nls\n", "a\n\n# x\nport = 1"]
)
def test_comments_of_a_file_without_a_suffix_are_no_headings(text):
    assert load_document("settings", text.encode()).headings == ()


@pytest.mark.parametrize(
    "name", ["Dockerfile", "Dockerfile.dev", "Makefile", "a.yaml", "a.toml", "a.ini", "app.log", "a.sh", "a.py", ".env"]
)
def test_a_comment_in_settings_logs_and_code_is_no_heading(name):
    text = "# base image\n\nFROM debian:stable\n\n# tools\n\nRUN apt-get update\n"
    document = load_document(name, text.encode())
    assert document.headings == ()
    assert document.text == text.strip()
    assert document.notes == ()


def test_divided_words_are_joined_only_if_the_text_shows_how():
    text = (
        "An example is price-determining.\nThis exam-\nple shows a price-\ndetermining part and a well-\nknown one.\n"
        "The years 1990-\n1995 and Müller-\nMeier stay."
    )
    joined = join_divided(text)
    assert "This example shows a price-determining part" in joined
    assert "a well-\nknown one" in joined
    assert "1990-\n1995" in joined
    assert "Müller-\nMeier" in joined


@given(st.lists(st.sampled_from(["exam-", "ple", "example", "well-", "known", "a"]), max_size=8))
def test_joining_changes_no_letter(words):
    text = "\n".join(words)
    assert "".join(join_divided(text).split()).replace("-", "") == "".join(words).replace("-", "")


def test_the_context_line_has_the_title_and_the_short_labels_of_the_front_matter():
    document = load_document("guide.md", GUIDE.replace("end", "end " * 300).encode())
    embedder = WordEmbedder()
    spec = ChunkingSpec(max_tokens=60, context=True)
    chunks = chunk_document(document, spec, embedder.window, embedder.tokenizer)
    assert {chunk.context for chunk in chunks} >= {
        "Deploy guide > Real heading after > tags: ops, deploy; author.name: Kim"
    }
    assert all(chunk.context.startswith("Deploy guide") for chunk in chunks)


def test_front_matter_above_a_table_labels_its_rows():
    document = load_document("t.md", b"---\nowner: Kim\n---\n| a | b |\n|---|---|\n| x | y |\n| z | w |\n")
    embedder = WordEmbedder()
    chunks = chunk_document(document, ChunkingSpec(), embedder.window, embedder.tokenizer)
    assert [chunk.fields for chunk in chunks] == [(("owner", "Kim"),)]
    assert chunks[0].text == "a: x; b: y\na: z; b: w"
