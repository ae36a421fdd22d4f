"""Every page of the app: its address, its title, and when it is drawn."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.app_server import map_frame

PAGES = {
    "": "Map",
    "documents": "Documents",
    "neighbors": "Neighbors",
    "search": "Search",
    "chat": "Chat",
    "how_it_works": "How embeddings work",
    "vector_arithmetic": "Vector arithmetic",
    "compare_models": "Compare models",
    "evaluate": "Evaluate",
    "data_quality": "Data quality",
    "index_benchmark": "Index benchmark",
    "models": "Models",
}
"""The titles of all pages, by the last part of their address."""


def open_page(page: Page, path: str) -> None:
    """Open a page of the sample collection, and wait until it is drawn."""
    page.goto(f"/{path}?collection=Sample")
    expect(page.get_by_role("heading", name=PAGES[path], exact=True, level=1)).to_be_visible()
    if not path:
        map_frame(page)
    if path == "evaluate":
        # The run that begins when the page is first opened has ended.
        page.get_by_text("Averages over").wait_for()
    wait_until_still(page)


def wait_until_still(page: Page) -> None:
    """Wait until the server has run the page to its end, and sidebar and tables are drawn.

    A page that has not begun to run is not running, either, and its empty sidebar cannot be reached by the keyboard.
    """
    page.get_by_role("navigation", name="Pages", include_hidden=True).get_by_role(
        "link", include_hidden=True
    ).first.wait_for(state="attached")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stDataFrame]')]
            .every(one => !one.checkVisibility() || one.querySelector('canvas'))"""
    )
