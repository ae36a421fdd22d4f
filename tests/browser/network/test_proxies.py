"""Proxies in the environment that lead nowhere: every page works, and a local server answers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import App, app_process, new_context
from tests.support.scripted_ollama import HEALTHY, scripted_server, streamed

DEAD = {
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
TITLES = {
    "documents": "Documents",
    "": "Map",
    "neighbors": "Neighbors",
    "search": "Search",
    "vector_arithmetic": "Vector arithmetic",
    "compare_models": "Compare models",
    "data_quality": "Data quality",
    "index_benchmark": "Index benchmark",
    "models": "Models",
    "chat": "Chat",
}


@pytest.fixture
def app(sample: Collection) -> Iterator[App]:
    """The app as started in a shell with these proxies, and an Ollama server on this machine."""
    answers = {
        **HEALTHY,
        "/api/version": (200, {"version": "1.2.3"}),
        "/api/ps": (200, {"models": []}),
        "/api/chat": streamed("Full-time staff have 29 days of paid leave."),
    }
    environment = {name: value for name, value in os.environ.items() if name.lower() not in ("no_proxy", "all_proxy")}
    with (
        scripted_server(answers) as server,
        app_process({**environment, **DEAD, "OLLAMA_HOST": server.address}) as running,
    ):
        yield running


def test_every_page_works_with_a_local_server(app: App, browser):
    page: Page = new_context(browser, base_url=app.address).new_page()
    for address, title in TITLES.items():
        page.goto(f"/{address}?collection=Sample")
        expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
        # Streamlit draws a badge with help twice, once without being seen.
        chips = page.get_by_test_id("stSidebar").get_by_text("1 chat model").filter(visible=True)
        expect(chips.first).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.get_by_test_id("stException").count() == 0
    field = page.get_by_placeholder("Ask about your documents")
    expect(field).to_be_enabled()
    field.fill("How many days of leave?")
    field.press("Enter")
    expect(page.get_by_text(re.compile("29 days of paid leave")).last).to_be_visible()
    page.context.close()
