"""The main path in a real browser: sample -> map -> neighbors -> a cited answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_server import map_frame, new_context, running_app


@pytest.fixture
def page_of_new_server(browser: Browser) -> Iterator[Page]:
    """The app in a process that no other test uses, with an empty data folder and without Ollama."""
    environment = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9", "EXPLORER_VECTOR_CACHE_MB": "0"}
    with running_app(environment) as address:
        page = new_context(browser, viewport={"width": 1400, "height": 900}, base_url=address).new_page()
        yield page
        page.context.close()


def test_a_link_to_a_page_works_on_a_server_that_just_started(page_of_new_server: Page):
    page = page_of_new_server
    page.goto("/neighbors?query=money+in+the+bank")
    box = page.get_by_role("textbox", name="Find texts similar to")
    expect(box).to_have_value("money in the bank")
    page.get_by_text("similarity 0.").first.wait_for()
    assert page.url.partition("?")[0].endswith("/neighbors")


def test_from_the_sample_to_a_cited_answer(page):
    page.goto("/")
    map_frame(page)
    assert page.get_by_role("button", name="Map quality").is_visible()
    page.get_by_role("link", name="Neighbors").click()
    box = page.get_by_role("textbox", name="Find texts similar to")
    box.fill("the snake swallowed its prey")
    box.press("Enter")
    page.get_by_text("similarity").first.wait_for()
    page.get_by_role("link", name="Chat").click()
    question = page.get_by_placeholder("Ask about your documents")
    question.fill("How many days of paid leave do full-time staff have?")
    question.press("Enter")
    page.get_by_text("tokens read").wait_for()
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("[1]")
    page.get_by_text(re.compile(r"^All \d+ retrieved passages$")).click()
    expect(page.get_by_text("leave-and-benefits.html").first).to_be_visible()
    expect(page.get_by_text("29 days").last).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
