"""No page asks another machine for anything when it is opened: no font, no picture, no statistics."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from rag import config
from rag.store.collection import Collection
from tests.browser.accessibility.every_page import PAGES, open_page


def test_no_request_leaves_the_machine(sample: Collection, page: Page):
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    for path in PAGES:
        open_page(page, path)
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    # The headless browser does not fetch it, but a browser with tabs would.
    icons = page.locator("link[rel*=icon]").evaluate_all("links => links.map((link) => link.href)")
    assert icons
    assert all(urlsplit(icon).hostname == "127.0.0.1" or icon.startswith("data:") for icon in icons)


def test_every_page_of_the_app_is_looked_at():
    files = {path.stem for path in Path(config.ROOT, "pages").glob("*.py")} - {"__init__"}
    assert {path or "map" for path in PAGES} == files
