"""The room of the map in a real browser: how much of the window it has, and where labels, legend and panel stand."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import MAP, map_frame, map_value
from tests.browser.conftest import OpenApp

Box = tuple[float, float, float, float]
_BOX = "((one) => { const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; })"
STEPS = 20


@pytest.fixture(params=["light", "dark"])
def drawn(sample: Collection, open_app: OpenApp, request: pytest.FixtureRequest) -> Page:
    """The map of the sample in a window of 1440x900, in both themes."""
    page = open_app("127.0.0.1:9")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    return page


def boxes(page: Page, selector: str) -> list[Box]:
    """Left, top, right and bottom of elements in the map's frame, in pixels of the frame."""
    return [tuple(box) for box in map_value(page, f"[...document.querySelectorAll({selector!r})].map({_BOX})")]


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def check_labels(page: Page) -> int:
    """Each label is inside the frame and over no other label, nor under the legend; returns how many there are."""
    page.wait_for_timeout(250)
    width, height = map_value(page, "[wide(), chart._fullLayout.height]")
    labels, others = boxes(page, "#labels span"), [*boxes(page, "#legend"), *boxes(page, ".modebar")]
    for left, top, right, bottom in labels:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    assert not [pair for pair in combinations(labels, 2) if overlap(*pair)]
    assert not [(label, other) for label in labels for other in others if overlap(label, other)]
    # What is written must fit into its box.
    assert map_value(page, "[...at('labels').children].every((one) => one.scrollWidth <= one.clientWidth + 1)")
    return len(labels)


def test_the_map_has_most_of_the_window_and_its_legend_is_in_view(drawn: Page):
    box = drawn.locator(MAP).bounding_box()
    assert box["width"] * box["height"] >= 0.65 * 1440 * 900
    assert box["y"] + box["height"] <= 900
    (legend,) = boxes(drawn, "#legend")
    assert legend[0] > box["width"] / 2
    assert legend[1] < 60
    assert legend[2] <= box["width"]
    assert legend[3] <= box["height"]
    expect(map_frame(drawn).locator("#legend button").first).to_be_visible()


def test_no_label_is_cut_off_or_covered_at_any_of_twenty_zoom_steps(drawn: Page):
    box = drawn.locator(MAP).bounding_box()
    n_from_afar = check_labels(drawn)
    assert n_from_afar > 1
    # Towards a label that is seen from afar, so that there is something to see at each step.
    (left, top, right, bottom), *_ = boxes(drawn, "#labels span")
    drawn.mouse.move(box["x"] + (left + right) / 2, box["y"] + (top + bottom) / 2)
    for _ in range(STEPS):
        drawn.mouse.wheel(0, -60)
        check_labels(drawn)
    for _ in range(STEPS):
        drawn.mouse.wheel(0, 120)
        check_labels(drawn)


def test_finer_clusters_are_named_as_one_zooms_in(drawn: Page):
    finer = "at('labels').querySelectorAll('.finer').length"
    assert map_value(drawn, finer) == 0
    spread = "scene.labels.filter((one) => one.layer).sort((one, other) => other.radius - one.radius)[0]"
    x, y, radius = map_value(drawn, f"((one) => [one.x, one.y, one.radius])({spread})")
    area = f"{{ left: {x - 2 * radius}, right: {x + 2 * radius}, bottom: {y - 2 * radius}, top: {y + 2 * radius} }}"
    map_value(drawn, f"fly({{ number: 99, area: {area} }})")
    drawn.wait_for_timeout(1_000)
    assert map_value(drawn, finer) > 0
    check_labels(drawn)


def test_labels_fit_at_the_size_of_a_phone_and_of_a_large_screen(drawn: Page):
    for width, height in ((420, 900), (1920, 1080)):
        drawn.set_viewport_size({"width": width, "height": height})
        drawn.wait_for_timeout(1_500)
        assert check_labels(drawn)


def test_the_panel_takes_room_only_when_it_holds_something(drawn: Page):
    panel = drawn.locator(".st-key-map-drawer")
    expect(panel).to_have_count(0)
    before = drawn.locator(MAP).bounding_box()
    box = drawn.get_by_role("textbox", name="Search the map")
    box.fill("planets around the sun")
    box.press("Enter")
    drawn.get_by_text("5 nearest to").wait_for()
    expect(panel).to_be_visible()
    drawn.wait_for_timeout(1_500)
    assert drawn.locator(MAP).bounding_box() == before
    edge = panel.bounding_box()["x"] - before["x"]
    for _, _, right, _ in [*boxes(drawn, "#legend"), *boxes(drawn, "#labels span")]:
        assert right <= edge
    drawn.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    assert "query=" not in drawn.url
