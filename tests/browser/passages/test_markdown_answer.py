"""A Markdown answer in a real browser: its tables, lists and code are shown, and each sentence keeps its citation."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from rag import config
from tests.browser.app_server import app_process, new_context
from tests.pages.support.hand_made_answer import SENTENCES

_APP = config.ROOT / "tests" / "browser" / "answer_app" / "app.py"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with app_process({**os.environ, "PYTHONPATH": str(config.ROOT)}, str(_APP)) as app:
        page = new_context(browser, viewport={"width": 420, "height": 900}).new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.goto(f"{app.address}/?markdown=1")
        page.locator(".answer .chip").first.wait_for()
        yield page
        page.context.close()
    assert not faults


def test_headings_lists_tables_and_code_have_their_citations(page: Page):
    answer = page.locator(".answer")
    assert answer.locator(".chip").count() == len(SENTENCES)
    for place in (".heading", ".paragraph", "table td", ".numbers li", ".fenced code"):
        assert answer.locator(f"{place} .chip").count(), place
    shown = answer.inner_text()
    assert not any(mark in shown for mark in ("##", "**", "`", "|"))
    assert answer.locator("th").all_inner_texts() == ["Kind", "Days"]
    assert answer.locator("img").count() == 0
    expect(answer.locator("li").last).to_have_text("2. <img src=x onerror=alert(1)> is no picture.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_the_card_of_a_citation_shows_its_passage_with_markdown(page: Page):
    page.locator(".answer .heading .chip").focus()
    page.keyboard.press("Tab")
    passage = page.locator(".card:popover-open .passage")
    expect(passage.locator(".heading")).to_have_text("Leave")
    expect(passage).not_to_contain_text("# Leave")
    expect(passage.locator("mark").first).to_be_visible()
