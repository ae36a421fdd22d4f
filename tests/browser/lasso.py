"""Lasso selection on the map, drawn with the mouse."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.app_server import map_frame


def drag_lasso(page: Page) -> Callable[[], None]:
    """Draw a square with the lasso in the map's lower left; returns the function that releases the mouse."""
    frame = map_frame(page)
    frame.locator("[data-title='Lasso Select']").click()
    box = frame.locator("#chart .nsewdrag").first.bounding_box()
    assert box is not None
    x, y, half = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.75, 90.0
    page.mouse.move(x - half, y - half)
    page.mouse.down()
    for dx, dy in ((half, -half), (half, half), (-half, half), (-half, -half + 1)):
        page.mouse.move(x + dx, y + dy, steps=8)
    return page.mouse.up
