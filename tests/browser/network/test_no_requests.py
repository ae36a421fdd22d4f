"""No page asks another machine for anything when it is opened: no font, no picture, no statistics."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import map_frame

PAGES = {
    "documents": "Documents",
    "neighbors": "Neighbors",
    "search": "Search",
    "chat": "Chat",
    "vector_arithmetic": "Vector arithmetic",
    "compare_models": "Compare models",
    "data_quality": "Data quality",
    "index_benchmark": "Index benchmark",
    "models": "Models",
}


def test_no_request_leaves_the_machine(sample: Collection, page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/?collection=Sample")
    map_frame(page)
    for path, title in PAGES.items():
        page.goto(f"/{path}?collection=Sample")
        expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible(timeout=60_000)
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    # The headless browser does not fetch it, but a browser with tabs would.
    icons = page.locator("link[rel*=icon]").evaluate_all("links => links.map((link) => link.href)")
    assert icons
    assert all(urlsplit(icon).hostname == "127.0.0.1" or icon.startswith("data:") for icon in icons)
