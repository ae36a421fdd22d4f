"""The part of the map that is seen is in the address: it survives a reload and a copied link."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from rag.store.collection import Collection
from tests.browser.app_server import MAP, map_frame, map_value, wait_until


@pytest.fixture
def drawn(sample: Collection, page: Page) -> Page:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    return page


def ranges(page: Page) -> list[float]:
    return [float(end) for end in map_value(page, "rangesNow().flat()")]


def zoom_in(page: Page) -> list[float]:
    """Turn the wheel over the map and wait until the address has the view."""
    box = page.locator(MAP).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    for _ in range(3):
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(100)
    page.wait_for_url("**view=*")
    page.wait_for_timeout(600)
    return ranges(page)


def test_a_reload_and_a_copied_address_show_the_same_part(drawn: Page):
    whole = ranges(drawn)
    seen = zoom_in(drawn)
    assert seen[1] - seen[0] < 0.9 * (whole[1] - whole[0])
    address = drawn.url
    drawn.reload()
    map_frame(drawn)
    assert ranges(drawn) == pytest.approx(seen, abs=0.01 * (seen[1] - seen[0]))
    other = drawn.context.new_page()
    other.set_viewport_size({"width": 1440, "height": 900})
    other.goto(address)
    map_frame(other)
    assert ranges(other) == pytest.approx(seen, abs=0.01 * (seen[1] - seen[0]))


def test_a_question_keeps_the_view_and_the_whole_map_needs_no_address(drawn: Page):
    zoom_in(drawn)
    drawn.get_by_role("combobox", name="Colour by").click()
    drawn.get_by_role("option", name="Chunk length", exact=True).click()
    drawn.wait_for_url(lambda url: "colour=Chunk+length" in url and "view=" in url)
    map_frame(drawn).locator("[data-title='Show the whole map']").click()
    drawn.wait_for_url(lambda url: "view=" not in url)


@pytest.mark.parametrize("view", ["", "x", "00000000_0_1_0_1", "{key}_1_0_0_1", "{key}_a_b_c_d", "{key}_0_1_0"])
def test_an_address_that_says_no_part_of_this_layout_shows_the_whole_map(drawn: Page, view: str):
    whole = ranges(drawn)
    key = str(map_value(drawn, "scene.layoutKey"))[:8]
    drawn.goto(f"/?collection=Sample&view={view.format(key=key)}")
    map_frame(drawn)
    wait_until(drawn, "isHome")
    drawn.wait_for_timeout(500)
    assert ranges(drawn) == pytest.approx(whole, abs=0.02 * (whole[1] - whole[0]))
