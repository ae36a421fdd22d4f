"""The map in a real browser: colours, a search, a click, a lasso, a view that is kept, and 100,000 points."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from rag import config
from rag.map.layout import load_layout
from rag.map.projection import ProjectionParameters
from rag.store.collection import Collection
from tests.browser.app_server import map_frame, map_value, place_of_chunk, wait_until
from tests.browser.lasso import drag_lasso
from tests.support.large_collection import large_collection


@pytest.fixture
def drawn(sample: Collection, page: Page) -> Page:
    """The map of the sample, drawn."""
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    return page


def inside(collection: Collection, corners: NDArray[np.float64]) -> set[int]:
    """The chunks within a polygon of the map's own coordinates: those from which a ray crosses it an odd number of
    times."""
    layout = load_layout(collection, ProjectionParameters())
    x, y = layout.xy.astype(np.float64).T
    is_inside = np.zeros(len(x), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:
            is_inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return set(layout.chunk_ids[is_inside].tolist())


def lasso(page: Page) -> NDArray[np.float64]:
    """Mark a square in the map's lower left; returns its corners in the map's coordinates, (n, 2)."""
    noted = "(event) => { chart.outline = event?.selections?.[0]?.path || chart.outline; }"
    map_value(page, f"void chart.on('plotly_selected', {noted})")
    drag_lasso(page)()
    wait_until(page, "Boolean(chart.outline)")
    outline = str(map_value(page, "chart.outline"))
    return np.array([corner.split(",") for corner in outline.strip("MZ").split("L")], dtype=np.float64)


def test_every_colour_is_drawn_with_its_legend(drawn: Page, sample: Collection):
    sample.count_retrieved(sample.chunk_ids().tolist()[:3])
    box = drawn.get_by_role("combobox", name="Colour by")
    box.click()
    choices = drawn.get_by_role("option").all_inner_texts()
    drawn.keyboard.press("Escape")
    assert {"topic", "Document", "Cluster", "Chunk length", "Local distortion"} <= set(choices)
    for choice in choices[1:]:
        before = map_value(drawn, "chart.dataset.drawn")
        box.click()
        drawn.get_by_role("option", name=choice, exact=True).click()
        wait_until(drawn, f"chart.dataset.drawn !== {before!r}")
        assert map_value(drawn, "inColour().length") == sample.n_chunks()
        legend = map_frame(drawn).locator("#legend")
        expect(legend.locator("b")).to_have_text(str(map_value(drawn, "scene.title")))
        groups = set(map_value(drawn, "Array.from(scene.codes)"))
        has_entries = groups != {map_value(drawn, "scene.scaleGroup")}
        expect(legend.locator("button")).to_have_count(len(groups) if has_entries else 0)


def test_a_question_is_a_star_joined_to_its_nearest(drawn: Page):
    box = drawn.get_by_role("textbox", name="Search the map")
    box.fill("planets around the sun")
    box.press("Enter")
    drawn.get_by_text("5 nearest to").wait_for()
    expect(drawn.get_by_text("similarity")).to_have_count(5)
    wait_until(drawn, "Boolean(scene.star) && scene.hits.length === 5")
    wait_until(drawn, "chart.data.some((trace) => trace.marker?.symbol === 'star')")
    assert "query=planets+around+the+sun" in drawn.url or "query=planets%20around" in drawn.url


def test_a_clicked_chunk_is_shown_next_to_the_map_and_the_view_stays(drawn: Page, sample: Collection):
    layout = load_layout(sample, ProjectionParameters())
    farthest = int(np.abs(layout.xy - layout.xy.mean(axis=0)).sum(axis=1).argmax())
    x, y = place_of_chunk(drawn, farthest)
    drawn.mouse.move(x, y)
    for _ in range(3):
        drawn.mouse.wheel(0, -120)
        drawn.wait_for_timeout(150)
    view = map_value(drawn, "rangesNow().flat().map((end) => Math.round(end * 1000))")
    drawn.mouse.click(*place_of_chunk(drawn, farthest))
    drawn.get_by_text("selected chunk").wait_for()
    chunk = sample.chunks([int(layout.chunk_ids[farthest])])[0]
    assert f"chunk={chunk.chunk_id}" in drawn.url
    expect(drawn.get_by_text(chunk.text.split("\n")[0][:40]).first).to_be_visible()
    wait_until(drawn, f"scene.focus === {farthest} && scene.hits.length === {config.DEFAULT_K}")
    assert map_value(drawn, "rangesNow().flat().map((end) => Math.round(end * 1000))") == view


def test_a_lassos_rows_are_exactly_the_points_inside(drawn: Page, sample: Collection):
    expected = inside(sample, lasso(drawn))
    assert 0 < len(expected) < sample.n_chunks()
    drawn.get_by_text(f"{len(expected)} selected").wait_for()
    with drawn.expect_download() as download:
        drawn.get_by_role("button", name="Download CSV").click()
    rows = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    ids = {int(line.split(",")[0]) for line in rows[1:] if line.split(",")[0].isdigit()}
    assert expected <= ids
    assert set(map_value(drawn, "[...scene.chosen]")) == expected
    assert map_value(drawn, "chart.layout.selections.length") == 1
    drawn.get_by_role("combobox", name="Colour by").click()
    drawn.get_by_role("option", name="Document").click()
    drawn.get_by_text(f"{len(expected)} selected").wait_for()
    drawn.get_by_role("button", name="Clear selection").click()
    expect(drawn.get_by_text(" selected")).to_have_count(0)
    wait_until(drawn, "scene.chosen.size === 0 && !chart._fullLayout?.selections?.length")


def test_three_dimensions_are_drawn_and_left_again(drawn: Page):
    for choice, dims in (("3D", 3), ("2D", 2)):
        drawn.get_by_role("button", name="Projection").click()
        drawn.get_by_text(choice, exact=True).click()
        drawn.get_by_role("button", name="Recompute map").click()
        wait_until(drawn, f"drawn === {dims}")
        drawn.keyboard.press("Escape")
    assert drawn.get_by_test_id("stException").count() == 0


def test_points_move_to_their_places_in_another_layout(drawn: Page):
    before = map_value(drawn, "scene.layoutKey")
    drawn.get_by_role("button", name="Projection").click()
    drawn.get_by_text("PCA", exact=True).click()
    drawn.get_by_role("button", name="Recompute map").click()
    wait_until(drawn, f"scene.layoutKey !== {before!r} && moving === 1 && viewed === scene.layoutKey")
    assert map_value(drawn, "places.every((place, i) => Math.abs(place - scene.xy[i]) < 1e-6)")


def test_a_picture_is_saved_as_png(drawn: Page):
    with drawn.expect_download() as download:
        map_frame(drawn).locator("[data-title='Save as PNG']").click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000


def test_a_hundred_thousand_chunks_are_drawn_and_marked(data_dir: Path, page: Page):
    collection = large_collection(data_dir, 100_000)
    page.goto(f"/?collection={collection.spec.name}&colour=Document")
    map_frame(page)
    assert map_value(page, "[scene.n, scene.texts]") == [100_000, None]
    page.get_by_role("button", name="Map quality").wait_for()
    expected = inside(collection, lasso(page))
    assert len(expected) > 100
    selected = page.get_by_text(re.compile(r"^[\d,]+ selected$")).inner_text()
    # The corners of the outline are rounded, so of very many points a few on its edge may be on the other side.
    assert abs(int(selected.split()[0].replace(",", "")) - len(expected)) <= 5
    assert page.get_by_test_id("stException").count() == 0
