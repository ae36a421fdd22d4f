"""Templates of exported files: texts are escaped, a missing value is an error, the policy names style and script."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from rag.map.export.templates import render, render_page, trusted


class Text(HTMLParser):
    """All text of a page, its references resolved."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    (folder / "text.jinja").write_text("<p title='{{ text }}'>{{ text }}</p>")
    (folder / "text_on_a_page.jinja").write_text(
        '{% extends "page.html.jinja" %}{% block body %}<p>{{ text }}</p>{% endblock %}'
    )
    (folder / "whole.jinja").write_text(
        '{% extends "page.html.jinja" %}{% block body %}<script>{{ script }}</script>{% endblock %}'
    )
    return folder


def read(html: str) -> Text:
    reader = Text()
    reader.feed(html)
    reader.close()
    return reader


def digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_is_shown_as_it_is(folder, text):
    reader = read(render(folder, "text.jinja", {"text": text}))
    assert (reader.tags, reader.text) == (["p"], text)


def test_what_no_file_can_hold_is_replaced(folder):
    html = render_page(folder, "text_on_a_page.jinja", {"text": "a\x00b\ud800c"}, title="\ud800", style="")
    html.encode()
    assert "<p>a\ufffdb\ufffdc</p>" in html
    assert "<title>\ufffd</title>" in html


def test_markup_of_this_program_is_inserted_as_it_is(folder):
    assert "<b>x</b>" in render(folder, "text.jinja", {"text": trusted("<b>x</b>")})


def test_a_name_without_a_value_is_an_error(folder):
    with pytest.raises(UndefinedError, match="'text' is undefined"):
        render(folder, "text.jinja", {})


def test_the_policy_allows_this_style_and_this_script_only(folder):
    style, script = "p { color: red }", "'<>'; 1 && 2"
    html = render_page(folder, "whole.jinja", {}, title="t", style=style, script=script)
    assert f"<style>{style}</style>" in html
    assert f"<script>{script}</script>" in html
    policy = html.partition('Policy" content="')[2].partition('"')[0].replace("&#39;", "'").split("; ")
    assert policy == [
        "default-src 'none'", f"style-src {digest(style)}", f"script-src {digest(script)}", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip


def test_without_a_script_the_policy_allows_none(folder):
    html = render_page(folder, "whole.jinja", {}, title="t", style="p { color: red }")
    assert "script-src" not in html
    assert "default-src" in html
