"""The steps of a layout, played in a real browser: play, pause, slider, and stillness where the system asks for it."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Page, expect

FRAME = "iframe[title='pages.shared.widgets.small_maps.small_maps']"


def opened(page: Page) -> FrameLocator:
    """The frame of the steps, after they were asked for."""
    page.goto("/?collection=Sample")
    page.get_by_text("Map quality").first.wait_for()
    page.get_by_text("How this map is made").click()
    page.get_by_role("button", name="Watch the map form").click()
    frame = page.frame_locator(FRAME).first
    frame.locator("canvas").wait_for()
    return frame


def picture(frame: FrameLocator) -> str:
    found: str = frame.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return found


@pytest.mark.usefixtures("sample")
def test_the_steps_play_once_stop_and_follow_the_slider(page: Page):
    frame = opened(page)
    play, step = frame.locator("#play"), frame.locator("#step")
    expect(play).to_have_text("Play")
    expect(frame.locator("#caption")).to_have_text("after 200 of 200 epochs")
    last = picture(frame)
    step.fill("0")
    expect(frame.locator("#caption")).to_have_text("after 1 of 200 epochs")
    first = picture(frame)
    assert first != last
    play.click()
    expect(play).to_have_text("Pause")
    play.click()
    expect(play).to_have_text("Play")
    held = picture(frame)
    page.wait_for_timeout(400)
    assert picture(frame) == held, "paused"
    step.focus()
    step.press("End")
    expect(frame.locator("#caption")).to_have_text("after 200 of 200 epochs")
    assert picture(frame) == last
    said = "The map while its layout is computed, coloured by topic"
    expect(frame.locator("canvas")).to_have_attribute("aria-label", said)


@pytest.mark.usefixtures("sample")
def test_nothing_plays_where_the_system_asks_for_less_motion(page: Page):
    page.emulate_media(reduced_motion="reduce")
    frame = opened(page)
    expect(frame.locator("#play")).to_be_hidden()
    expect(frame.locator("#still")).to_be_visible()
    expect(frame.locator("#caption")).to_have_text("after 200 of 200 epochs")
    shown = picture(frame)
    page.wait_for_timeout(600)
    assert picture(frame) == shown
    frame.locator("#step").fill("0")
    expect(frame.locator("#caption")).to_have_text("after 1 of 200 epochs")
    assert picture(frame) != shown


@pytest.mark.usefixtures("sample")
def test_the_gallery_shows_nine_maps_with_their_quality(page: Page):
    page.goto("/?collection=Sample")
    page.get_by_text("Map quality").first.wait_for()
    page.get_by_text("How this map is made").click()
    page.get_by_role("button", name="Show nine maps").click()
    frame = page.frame_locator(FRAME).first
    expect(frame.locator("figure")).to_have_count(9)
    captions = frame.locator("figcaption").all_inner_texts()
    assert captions[0].startswith("n_neighbors 5, min_dist 0 · trustworthiness 0.")
    assert len(set(captions)) == 9
    pictures = [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in frame.locator("canvas").all()]
    assert len(set(pictures)) == 9
