"""The map's chunks in a real browser: sent once, not again with another colour, and again to a frame without them."""

from __future__ import annotations

from playwright.sync_api import Page

from rag.store.collection import Collection
from tests.browser.app_server import map_frame, map_value, wait_until


def recolour(page: Page, name: str) -> None:
    before = map_value(page, "scene.colourKey")
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name=name, exact=True).click()
    wait_until(page, f"scene.colourKey !== {before!r} && chart.dataset.drawn.endsWith(scene.colourKey)")


def test_another_colour_keeps_the_chunks_and_a_new_frame_asks_for_them(sample: Collection, page: Page):
    page.goto("/?collection=Sample&colour=topic")
    map_frame(page)
    recolour(page, "Document")
    assert map_value(page, "scene.n") == sample.n_chunks()
    assert map_value(page, "[...scene.ids]") == sample.chunk_ids().tolist()
    map_value(
        page, "window.addEventListener('message', (one) => { if (one.data.args) window.latest = one.data.args; })"
    )
    recolour(page, "topic")
    wait_until(page, "window.latest")
    assert map_value(page, "window.latest.ids === undefined && window.latest.xy === undefined")
    # The app takes it that this frame has the chunks.
    map_value(page, "location.reload()")
    wait_until(page, "!window.latest && typeof scene !== 'undefined' && scene?.n > 0")
    assert map_value(page, "[...scene.ids]") == sample.chunk_ids().tolist()


def test_the_map_is_drawn_again_after_a_visit_to_another_page(sample: Collection, page: Page):
    page.goto("/?collection=Sample&colour=topic")
    map_frame(page)
    recolour(page, "Document")
    navigation = page.get_by_role("navigation", name="Pages")
    navigation.get_by_role("link", name="Search").click()
    page.get_by_role("heading", name="Search", exact=True).wait_for()
    navigation.get_by_role("link", name="Map").click()
    map_frame(page)
    assert map_value(page, "scene.n") == sample.n_chunks()
