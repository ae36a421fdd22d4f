"""The charts below the map in a real browser: a click and a drag filter the map; reload, Back and a copied address."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from tests.browser.app_server import chunks_in_colour, map_frame, map_value, place_of_chunk, wait_until


@pytest.fixture
def charts(sample: Collection, page: Page) -> FrameLocator:
    """The charts of the sample, open below the map."""
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Charts").click()
    frame = page.frame_locator("iframe[title='pages.shared.map.charts.charts']")
    frame.get_by_role("button", name="topic: Music").wait_for()
    return frame


def wait_for_shown(page: Page, ids: set[int]) -> None:
    wait_until(page, f"inColour().length === {len(ids)}")
    assert chunks_in_colour(page) == ids


def limits(bins: Locator) -> tuple[int, int]:
    """The lower limit of the first pressed bar and the upper limit of the last.

    A bar is named "Chunk length: 20 to 30, 4 of 9 shown".
    """
    names = [one.get_attribute("aria-label") or "" for one in bins.locator("button[aria-pressed=true]").all()]
    ends = [name.partition(": ")[2].partition(",")[0].split(" to ") for name in names]
    return int(ends[0][0]), int(ends[-1][1])


def test_bars_and_a_brush_filter_the_map_and_are_in_the_address(charts: FrameLocator, page: Page, sample: Collection):
    table = ChunkTable.of(sample)
    topics = np.array(table.columns["topic"])
    charts.get_by_role("button", name="topic: Music").click()
    wait_for_shown(page, set(table.chunk_ids[topics == "Music"].tolist()))
    charts.get_by_role("button", name="topic: Sports").click()
    either = np.isin(topics, ["Music", "Sports"])
    wait_for_shown(page, set(table.chunk_ids[either].tolist()))
    two_topics = page.url
    bins = charts.locator("section").filter(has_text="Chunk length").locator(".bins")
    bins.scroll_into_view_if_needed()
    box = bins.bounding_box()
    n_bins = bins.locator("button").count()
    width = box["width"] / n_bins
    page.mouse.move(box["x"] + 1.5 * width, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 4.5 * width, box["y"] + 30, steps=4)
    low, high = limits(bins)
    tokens = table.n_tokens
    expected = set(table.chunk_ids[either & (tokens >= low) & (tokens < high)].tolist())
    assert 0 < len(expected) < int(either.sum())
    # While the mouse is still down, the map shows what the drag would keep, and the app does not know of it.
    wait_for_shown(page, expected)
    assert "range." not in page.url
    page.mouse.up()
    page.wait_for_url(f"**range.Chunk+length={low}..{high}*")
    wait_until(page, f"sent.shown.filter(Boolean).length === {len(expected)}")
    wait_for_shown(page, expected)
    page.reload()
    map_frame(page)
    wait_for_shown(page, expected)
    page.go_back()
    wait_for_shown(page, set(table.chunk_ids[either].tolist()))
    assert page.url == two_topics
    copied = page.context.new_page()
    copied.goto(two_topics)
    map_frame(copied)
    wait_for_shown(copied, set(table.chunk_ids[either].tolist()))


def test_two_clicks_on_points_say_why_they_are_near(page: Page, sample: Collection):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    xy = np.array(map_value(page, "Array.from(scene.xy)")).reshape(-1, 2)
    first, second = int(xy[:, 0].argmin()), int(xy[:, 0].argmax())
    page.mouse.click(*place_of_chunk(page, first))
    page.get_by_text("selected chunk").wait_for()
    # The map makes room for the panel.
    wait_until(page, f"scene.focus === {first} && overlays().length === 3 && covered === coveredNow()")
    page.wait_for_timeout(1_000)
    page.mouse.click(*place_of_chunk(page, second))
    expect(page.get_by_text("How similar are these two, and why?")).to_be_visible()
    expect(page.get_by_text("Sum of all token pairs")).to_be_attached()
    ids = sample.chunk_ids().tolist()
    assert f"chunk={ids[second]}&with={ids[first]}" in page.url


def test_a_brush_is_seen_at_once_also_when_the_charts_were_closed(charts: FrameLocator, page: Page):
    page.get_by_role("button", name="Charts").click()
    page.locator("iframe[title='pages.shared.map.charts.charts']").wait_for(state="detached")
    page.get_by_role("button", name="Charts").click()
    # The new frame asks for the bars and gets them, and then draws the charts again.
    charts.locator("body").evaluate("() => new Promise((done) => setInterval(() => bars.codes && done(), 50))")
    bins = charts.locator("section").filter(has_text="Chunk length").locator(".bins")
    bins.scroll_into_view_if_needed()
    box = bins.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    page.mouse.down()
    wait_until(page, "inColour().length < scene.n && !sent.shown")
    page.mouse.up()
    wait_until(page, "sent.shown")
