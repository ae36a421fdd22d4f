"""The main path in a real browser: sample -> map -> neighbors -> a cited answer."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser.app_server import CHROMIUM, launch, running_app
from tests.conftest import lacking


@pytest.fixture
def page() -> Iterator[object]:
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    environment = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9"}
    with running_app(environment) as address, launch() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        yield page


def test_from_the_sample_to_a_cited_answer(page):
    page.wait_for_selector(".js-plotly-plot .gl-container canvas", timeout=90_000)
    assert page.get_by_text("Trust this map?").is_visible()
    page.get_by_role("link", name="Neighbors").click()
    box = page.get_by_role("textbox", name="Text to find neighbors of")
    box.fill("the snake swallowed its prey")
    box.press("Enter")
    page.get_by_text("similarity").first.wait_for(timeout=60_000)
    page.get_by_role("link", name="Chat").click()
    question = page.get_by_placeholder("Ask the collection")
    question.fill("How many days of paid leave do full-time staff have?")
    question.press("Enter")
    page.get_by_text("tokens read").wait_for(timeout=120_000)
    assert "[1]" in page.get_by_test_id("stChatMessage").last.inner_text()
    page.get_by_test_id("stExpander").first.click()
    assert page.get_by_text("The passage nearest to the sentence").is_visible()
    assert page.get_by_test_id("stException").count() == 0
