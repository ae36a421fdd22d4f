"""A passage as HTML: every character of the source is text, and no tag or attribute comes from a document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.shared.widgets.passage.html import beginning_html, passage_html
from rag import config
from tests.pages.support.read_html import Seen, letters

TAGS = {"div", "p", "strong", "em", "code", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "mark"}
ATTRIBUTES = {"style", "tabindex", "role", "aria-label"}
MARKS = set("#*`~|-+•: \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0")
HOSTILE = config.ROOT.parent / "shared" / "hostile"
WRITTEN_HERE = (
    "<script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
    "**<svg onload=alert(1)>**",
    "`<b>`",
    "```\n</code></div><script>alert(1)</script>\n```",
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    "| <a href='javascript:alert(1)'>x</a> | b |\n|---|---|\n| <iframe src=//evil> | **<u>** |",
    "<b>: <i>; onclick: x\n<b>: <i>; onclick: y",
    "[a](javascript:alert(1)) ![b](http://evil.example/x.png) <http://evil.example>",
    "- <style>@import url(//evil)</style>\n1. <math><mi//xlink:href='data:x,'>",
    "<!-- comment --> <?pi?> <!DOCTYPE x> <![CDATA[x]]>",
    ":material/home: :red[x] :smile: $x^2$ \\(y\\) &lt;b&gt; &#60;i&#62;",
)
_PIECES = st.sampled_from(
    ["#", "# ", "**", "*", "***", "`", "```", "```py\n", "~~~", "|", " | ", "|---|", "---", "- ", "+ ", "1. ", "2) ",
     "\n", "\n\n", "  ", "    ", "\t", "\\", "a: b; c: d", "; ", ": ", "<b>", "</div>", "&amp;", "word",
     "ab12", "é", "日本", "🦉", "_"]
)  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=40).map("".join))


def check_safe(body: str) -> Seen:
    """Fail on a tag or attribute that the renderer does not write itself, or on values that it does not write."""
    seen = Seen(body)
    assert set(seen.tags) <= TAGS
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES
    assert {value for name, value in seen.attributes if name == "aria-label"} <= {"Table", "Code"}
    assert not [value for _, value in seen.attributes if value and re.search(r"url|//|script|expression|@", value)]
    assert not seen.others
    assert seen.is_nested
    return seen


def is_within(part: str, whole: str) -> bool:
    """Whether the characters of `part` are in `whole` in this order."""
    rest = iter(whole)
    return all(character in rest for character in part)


@settings(max_examples=600)
@given(texts)
def test_nothing_but_marks_is_left_out_and_nothing_is_added_or_moved(text: str):
    text = text.replace("; ", " ;")  # Rows of columns and values move the names of columns: see below.
    seen = check_safe(passage_html(text))
    shown = "".join(part for part in seen.text if not part.isspace())
    assert letters(shown) == letters(text)
    assert is_within(shown, text)
    lost = list(text)
    for character in shown:
        lost.remove(character)
    assert set(lost) <= MARKS | {character for character in lost if character.isspace()}


@settings(max_examples=600)
@given(texts, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=4))
def test_highlights_are_at_their_places(text: str, spans: list[tuple[int, int]]):
    """Each character gets a number of its own, so that a highlighted one tells where it was."""
    body = passage_html(text, spans)
    check_safe(body)
    marked = "".join(Seen(part).text for part in re.findall(r"<mark [^>]*>(.*?)</mark>", body, re.DOTALL))
    inside = "".join(c for at, c in enumerate(text) if any(a <= at < b for a, b in spans))
    if "; " in text:
        assert set(letters(marked)) <= set(letters(inside))
        return
    assert letters(marked) == letters(inside)
    assert Seen(body).text == Seen(passage_html(text)).text


@settings(max_examples=300)
@given(texts, st.integers(1, 60))
def test_a_beginning_is_a_beginning(text: str, length: int):
    seen = check_safe(beginning_html(text, length))
    if len(text.strip()) <= length:
        assert seen.text == Seen(passage_html(text)).text
    else:
        assert is_within(letters(seen.text), letters(text.lstrip()[:length]))


cells = st.text("abc 12.,<>&é日-()", min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
names = st.lists(st.text("abcdeXYZ", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)


@given(names.flatmap(lambda columns: st.tuples(st.just(columns), st.lists(
    st.lists(cells, min_size=len(columns), max_size=len(columns)), min_size=2, max_size=5))))  # fmt: skip
def test_rows_of_columns_and_values_are_a_table(table: tuple[list[str], list[list[str]]]):
    columns, rows = table
    text = "\n".join("; ".join(f"{name}: {cell}" for name, cell in zip(columns, row, strict=True)) for row in rows)
    shown = Seen(passage_html(f"Before\n{text}\n\nAfter")).text.split("\n")
    cells_shown = [part for part in shown if part]
    assert cells_shown == ["Before", *columns, *(cell for row in rows for cell in row), "After"]


@pytest.mark.parametrize("text", WRITTEN_HERE)
def test_hostile_texts_stay_text(text: str):
    seen = check_safe(passage_html(text, [(0, 5)]))
    assert sorted(letters(seen.text)) == sorted(letters(text)) or ": <i>; onclick" in text


def hostile_lines() -> list[str]:
    lists = [HOSTILE / "xss-payloads" / "xss-payload-list.txt", HOSTILE / "naughty-strings" / "blns.txt"]
    pages = (HOSTILE / "payloads-all-the-things").glob("*.*ml")
    texts = [path.read_text("utf-8", "replace") for path in (*lists, *pages)]
    naughty = json.loads((HOSTILE / "naughty-strings" / "blns.json").read_text("utf-8"))
    return [*texts, *(line for text in texts for line in text.splitlines()), *naughty]


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the folder of hostile files is not here")
def test_collected_hostile_strings_are_never_markup():
    lines = hostile_lines()
    assert len(lines) > 1_000
    for line in lines:
        for text in (
            line,
            f"# {line}",
            f"- **{line}**",
            f"| {line} | b |\n|---|---|\n| `{line}` | c |",
            f"```{line}\n",
        ):
            seen = check_safe(passage_html(text))
            if "; " not in text:
                assert letters(seen.text) == letters(text)


@pytest.mark.parametrize("path", sorted(Path(config.ROOT).glob("docs/*.md")), ids=lambda path: path.name)
def test_a_beginning_of_real_markdown_keeps_its_words(path: Path):
    text = path.read_text("utf-8")
    for length in range(40, 400, 30):
        seen = check_safe(beginning_html(text, length))
        assert letters(text).startswith(letters(seen.text))
        assert seen.text.rstrip().endswith("…")
