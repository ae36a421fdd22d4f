"""Passages with Markdown and with payloads in a real browser: shown as headings, tables and code, and never run."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder
from tests.conftest import ReadHere

PAYLOAD = (
    '<script src="//evil.example/a.js"></script> <img src="//evil.example/a.png" onerror="alert(1)"> '
    "<svg onload=alert(2)> ![tide](//evil.example/b.png) [link](//evil.example/c) :red[tide] $x^2$ :smile:"
)
TEXT = f"""## Harbour tides {{number}}

The harbour master writes down the **tide** at *noon* with `tide --now`, boat {{number}}.

| Quay of the harbour | Height of the tide in metres | Remarks of the harbour master on the tide | Payload |
|---|---|---|---|
| North quay | 4.{{number}} | a_remark_without_any_space_that_is_longer_than_the_screen_of_a_phone | {PAYLOAD} |
| South quay | 5.{{number}} | none | as above |

- The tide of the harbour: <img src=//evil.example/d.png onerror=alert(3)>

```sh
tide --harbour {{number}} --with-a-very-long-option-that-does-not-fit-on-the-screen-of-a-phone
```
"""
PAGES = {
    "search": "search?collection=Tides&query=harbour+tide",
    "neighbors": "neighbors?collection=Tides&query=harbour+tide",
    "selected chunk": "neighbors?collection=Tides&chunk=1",
    "map": "?collection=Tides&chunk=1",
    "documents": "documents?collection=Tides&chunk=1",
}


@pytest.fixture
def tides(data_dir: Path, tmp_path: Path, embedder: Embedder) -> Collection:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.md").write_text(TEXT.replace("{number}", str(number)))
    collection = Collection.create(data_dir, "Tides", embedder.spec, ChunkingSpec(max_tokens=500, strategy="fixed"))
    assert {outcome.outcome for outcome in ingest(collection, find_files([folder]), embedder, ReadHere())} == {"added"}
    return collection


def opened(page: Page, address: str) -> Locator:
    """The passages on a page, when the page is complete."""
    page.goto(f"/{address}")
    passages = page.get_by_test_id("stHtml").filter(has_text="Harbour tides")
    passages.first.wait_for()
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    return passages


def test_a_payload_in_a_passage_is_text_and_makes_no_request(tides: Collection, page: Page):
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    for name, address in PAGES.items():
        passages = opened(page, address)
        assert "<script src=" in " ".join(passages.all_inner_texts()), name
        assert passages.locator("img, script, svg, a, iframe, style, link, object, form").count() == 0, name
        assert passages.locator("*").evaluate_all(
            "all => all.every((one) => [...one.attributes].every(({ name }) => !/^on|src|href/.test(name)))"
        ), name
    assert {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))} == {"127.0.0.1"}
    assert not faults


@pytest.mark.parametrize("name", ["search", "neighbors", "documents"])
def test_markdown_is_shown_as_headings_tables_and_code(tides: Collection, page: Page, name: str):
    passage = opened(page, PAGES[name]).first
    shown = passage.inner_text()
    assert not any(mark in shown for mark in ("##", "**tide**", "|---", "```", "`tide"))
    assert all(text in shown for text in (":red[tide]", "$x^2$", ":smile:", "[link](//evil.example/c)"))
    expect(passage.locator("th").first).to_have_text("Quay of the harbour")
    expect(passage.locator("strong").first).to_contain_text("Harbour tides")
    code = passage.locator("code").first
    expect(code).to_have_text("tide --now")
    assert "monospace" in code.evaluate("code => getComputedStyle(code).fontFamily")


def test_words_of_the_question_are_highlighted_in_tables_and_code(tides: Collection, page: Page):
    passage = opened(page, PAGES["search"]).first
    for place in ("th mark", "code mark", "strong mark", "li mark"):
        assert set(passage.locator(place).all_inner_texts()) <= {"tide", "tides", "Tides", "harbour", "Harbour"}
        assert passage.locator(place).count(), place


@pytest.mark.parametrize("name", ["search", "map", "documents"])
def test_on_a_phone_a_wide_table_scrolls_within_its_card(tides: Collection, page: Page, name: str):
    page.set_viewport_size({"width": 420, "height": 800})
    passage = opened(page, PAGES[name]).first
    table = passage.get_by_role("region", name="Table").first
    assert table.evaluate("it => it.scrollWidth > it.clientWidth")
    assert passage.evaluate("it => it.scrollWidth <= it.clientWidth + 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
