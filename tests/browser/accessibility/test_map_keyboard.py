"""The map without a mouse: from point to point with the arrow keys, by touch, and without motion."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import MAP, SteeredApp, map_frame, map_value, new_context, place_of_chunk, wait_until

ROW = "walker"


@pytest.fixture
def walked(sample: Collection, page: Page) -> Page:
    """The map with the keyboard's focus, on its first point."""
    page.goto("/?collection=Sample")
    map_frame(page).locator("#chart").focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, f"{ROW} >= 0")
    return page


def walk(page: Page, key: str) -> tuple[int, float, float]:
    """The row after an arrow key, and how far to the right and up it is from the one before."""
    x, y = position(page)
    page.keyboard.press(key)
    new_x, new_y = position(page)
    return int(map_value(page, ROW)), new_x - x, new_y - y


def position(page: Page) -> tuple[float, float]:
    x, y = map_value(page, f"[places[2 * {ROW}], places[2 * {ROW} + 1]]")
    return float(x), float(y)


def said(page: Page) -> str:
    return map_frame(page).locator("[aria-live]").inner_text()


def test_each_arrow_key_goes_to_a_point_in_its_direction(walked: Page):
    steps = {key: walk(walked, key) for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown")}
    assert steps["ArrowRight"][1] > 0
    assert steps["ArrowUp"][2] > 0
    assert steps["ArrowLeft"][1] < 0
    assert steps["ArrowDown"][2] < 0
    for key, (_, right, up) in steps.items():
        along, aside = (abs(right), abs(up)) if key in ("ArrowRight", "ArrowLeft") else (abs(up), abs(right))
        assert aside <= 1.74 * along


def test_the_next_point_is_the_one_that_a_second_search_finds(walked: Page):
    xy = map_value(walked, "Array.from(places)")
    rows = [(float(xy[2 * i]), float(xy[2 * i + 1])) for i in range(len(xy) // 2)]
    x, y = rows[int(map_value(walked, ROW))]
    right = [(px - x, abs(py - y), i) for i, (px, py) in enumerate(rows) if px > x and abs(py - y) <= 1.73 * (px - x)]
    walked.keyboard.press("ArrowRight")
    if right:
        expected = min(right, key=lambda one: one[0] + 2 * one[1])[2]
        assert map_value(walked, ROW) == expected


def test_the_point_is_said_and_at_the_end_that_there_is_none(walked: Page, sample: Collection):
    chunk_id = int(map_value(walked, f"scene.ids[{ROW}]"))
    text = sample.chunks([chunk_id])[0].text
    assert " ".join(said(walked).split())[:20] == " ".join(text.split())[:20]
    assert "Enter opens it" in said(walked)
    for _ in range(400):
        walked.keyboard.press("ArrowRight")
        if "No point" in said(walked):
            break
    assert said(walked) == "No point further right."


def test_enter_opens_the_point_and_escape_leaves_it(walked: Page):
    chunk_id = map_value(walked, f"scene.ids[{ROW}]")
    walked.keyboard.press("Enter")
    walked.wait_for_url(f"**chunk={chunk_id}*")
    walked.keyboard.press("Escape")
    assert map_value(walked, ROW) == -1


def test_the_ring_stays_on_its_point_and_the_point_in_view(walked: Page):
    frame = map_frame(walked)
    for key in ("+", "+", "+", "+", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp"):
        walked.keyboard.press(key)
        walked.wait_for_timeout(100)
        x, y = place_of_chunk(walked, int(map_value(walked, ROW)))
        box, chart = frame.locator("#ring").bounding_box(), frame.locator("#chart").bounding_box()
        assert box
        assert chart
        assert abs(box["x"] + box["width"] / 2 - x) < 2
        assert abs(box["y"] + box["height"] / 2 - y) < 2
        assert chart["x"] <= x <= chart["x"] + chart["width"]
        assert chart["y"] <= y <= chart["y"] + chart["height"]


@pytest.fixture
def phone(sample: Collection, browser: Browser, app: SteeredApp, data_dir: Path) -> Iterator[Page]:
    """The app on a phone that asks for less motion."""
    app.begin({**os.environ, "OLLAMA_HOST": "127.0.0.1:9", "EXPLORER_VECTOR_CACHE_MB": "0"})
    context = new_context(
        browser, viewport={"width": 420, "height": 900}, base_url=app.address, has_touch=True, is_mobile=True,
        reduced_motion="reduce",
    )  # fmt: skip
    yield context.new_page()
    context.close()


def test_a_tap_on_a_phone_opens_the_chunk(phone: Page, sample: Collection):
    page = phone
    page.goto("/?collection=Sample")
    map_frame(page)
    page.wait_for_timeout(1_000)
    x, y = place_of_chunk(page, 5)
    page.touchscreen.tap(x, y)
    page.wait_for_url("**chunk=*")
    expect(page.locator(MAP)).to_be_visible()


def test_without_motion_a_new_layout_is_there_at_once(phone: Page):
    page = phone
    page.goto("/?collection=Sample")
    map_frame(page)
    still = "glide(scene.xy.map((one) => -one), scene.xy).then(() => moving)"
    started = int(map_value(page, "moving"))
    drawn = page.evaluate(
        "([frame, run]) => { const inside = document.querySelector(frame).contentWindow; let n = 0;"
        "const draw = inside.draw; inside.draw = () => { n++; return draw(); };"
        "return inside.eval(run).then(() => { inside.draw = draw; return n; }); }",
        [MAP, still],
    )
    assert drawn == 1
    assert int(map_value(page, "moving")) == started + 1
