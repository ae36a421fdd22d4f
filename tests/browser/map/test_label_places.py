"""Where the names of clusters stand on the map, computed by the map's own code for clusters of known places."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from rag.store.collection import Collection
from tests.browser.app_server import map_frame, map_value

_REACH = 1.7
"""How far the points of a compact cluster lie from its position, in radii."""


@pytest.fixture
def drawn(sample: Collection, page: Page) -> Page:
    page.goto("/?collection=Sample")
    map_frame(page)
    return page


def middles(page: Page, *clusters: tuple[str, float, float, float]) -> dict[str, tuple[float, float]]:
    """The middle of each cluster's name in pixels; clusters have a name, a position and a radius in pixels."""
    labels = [{"name": name, "x": x, "y": y, "layer": 0, "radius": radius} for name, x, y, radius in clusters]
    frame = "{ wide: 800, tall: 600 }, (label) => [label.x, label.y]"
    found = map_value(page, f"freeLabels({json.dumps(labels)}, {frame}, 1, 1, [])")
    halves = ((one["name"], one["box"]) for one in found)
    return {name: ((box["left"] + box["right"]) / 2, (box["top"] + box["bottom"]) / 2) for name, box in halves}


def test_the_name_of_a_compact_cluster_is_above_its_points(drawn: Page):
    x, y = middles(drawn, ("Music", 400, 300, 20))["Music"]
    assert x == 400
    assert y < 300 - _REACH * 20


def test_the_name_of_a_large_cluster_is_in_its_middle(drawn: Page):
    assert middles(drawn, ("Music", 400, 300, 120))["Music"] == (400, 300)


def test_a_name_keeps_off_the_cluster_above_it(drawn: Page):
    found = middles(drawn, ("Music", 400, 250, 20), ("Sports", 400, 320, 20))
    assert found["Music"][1] < 250 - _REACH * 20
    assert found["Sports"][1] > 320 + _REACH * 20


def test_a_name_between_two_clusters_is_next_to_its_own(drawn: Page):
    found = middles(drawn, ("Music", 400, 230, 20), ("Art", 400, 300, 20), ("Sports", 400, 370, 20))
    assert found["Art"][1] == 300
    assert found["Art"][0] > 400 + _REACH * 20


def test_the_frame_has_the_typeface_of_the_page(drawn: Page):
    faces = map_value(drawn, "[...document.fonts].filter((one) => one.status === 'loaded').map((one) => one.family)")
    assert "Source Sans" in str(faces)
