"""Every control of the map in a real browser: each is seen to change the picture, and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from rag.map.layout import load_layout
from rag.map.projection import ProjectionParameters
from rag.store.chunk_table import ChunkTable, ids_containing
from rag.store.collection import Collection
from tests.browser.app_server import MAP, PATIENCE, chunks_in_colour, map_frame, map_value, place_of_chunk, wait_until

Picture = NDArray[np.int16]


@pytest.fixture
def drawn(sample: Collection, page: Page) -> Page:
    """The map of the sample, drawn."""
    page.goto("/?collection=Sample")
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    return page


def picture(page: Page) -> Picture:
    """The map as it is seen, without what the pointer shows: (height, width, 3)."""
    page.mouse.move(1, 1)
    page.wait_for_timeout(400)
    content = map_frame(page).locator("#chart").screenshot()
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=np.int16)


def n_different(first: Picture, second: Picture) -> int:
    """The number of pixels that differ visibly."""
    assert first.shape == second.shape
    return int((np.abs(first - second).max(axis=2) > 40).sum())


def changed_by(page: Page, act: Callable[[], None], until: str) -> tuple[Picture, Picture]:
    """The picture before and after an action; `until` is what then holds in the map's frame."""
    before = picture(page)
    act()
    wait_until(page, until)
    return before, picture(page)


def menu(page: Page, name: str) -> Locator:
    """The button of a popover above the map."""
    return page.get_by_test_id("stMain").get_by_test_id("stPopover").filter(has_text=name).get_by_role("button").first


def close_menu(page: Page, name: str) -> None:
    page.keyboard.press("Escape")
    if menu(page, name).get_attribute("aria-expanded") == "true":
        menu(page, name).click()


def open_menu(page: Page, name: str) -> None:
    if menu(page, name).get_attribute("aria-expanded") != "true":
        menu(page, name).click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a filter that takes several, and see it among the chosen ones.

    A list that the page draws again while it is clicked on may close without the choice, so a choice is tried twice.
    Escape closes a list that is open; with none open it would close the menu.
    """
    box = page.get_by_role("combobox", name=label, exact=True).last
    chosen = page.get_by_test_id("stMultiSelect").filter(has=box).locator(f'[data-tag][aria-label="{option}"]')
    listed = page.get_by_role("option", name=option, exact=True)
    for patience in (5.0, PATIENCE):
        open_menu(page, "Filter")
        # Only the first entries of a long list are drawn, so it is narrowed down first.
        box.fill(option)
        listed.click()
        try:
            expect(chosen).to_be_visible(timeout=patience * 1000)
            break
        except AssertionError:
            if patience == PATIENCE:
                raise
    if page.get_by_role("listbox").is_visible():
        page.keyboard.press("Escape")
    open_menu(page, "Filter")


def saturation(page: Page, image: Picture, row: int) -> int:
    """How colourful the map is at a chunk, from 0 (grey) to 255."""
    box = map_frame(page).locator("#chart").bounding_box()
    left, top = box["x"], box["y"]
    x, y = place_of_chunk(page, row)
    near = image[int(y - top) - 2 : int(y - top) + 3, int(x - left) - 2 : int(x - left) + 3]
    return int((near.max(axis=2) - near.min(axis=2)).max())


def test_text_filter_and_back(drawn: Page, sample: Collection):
    first = picture(drawn)
    menu(drawn, "Filter").click()
    box = drawn.get_by_role("textbox", name="Text contains")
    box.fill("bank")
    box.press("Enter")
    wait_until(drawn, "scene.shown !== null")
    close_menu(drawn, "Filter")
    filtered = picture(drawn)
    kept = ids_containing(sample, "bank")
    assert 3 < len(kept) < 60
    assert chunks_in_colour(drawn) == kept
    assert n_different(first, filtered) > 1_000
    ids = sample.chunk_ids().tolist()
    topics = ChunkTable.of(sample).columns["topic"]
    out = [row for row, chunk_id in enumerate(ids) if chunk_id not in kept and topics[row]]
    assert np.mean([saturation(drawn, filtered, row) < 60 for row in out]) > 0.9
    menu(drawn, "Filter").click()
    drawn.get_by_role("button", name="Clear filters").click()
    wait_until(drawn, "scene.shown === null")
    close_menu(drawn, "Filter")
    assert n_different(first, picture(drawn)) < 20


@pytest.mark.parametrize("label", ["topic", "Document", "Cluster"])
def test_filters_by_column_document_and_cluster(drawn: Page, sample: Collection, label: str):
    first, table = picture(drawn), ChunkTable.of(sample)
    menu(drawn, "Filter").click()
    option = {"topic": "Music", "Document": "topics.csv"}.get(label) or drawn_cluster(drawn)
    choose(drawn, label, option)
    wait_until(drawn, "scene.shown !== null")
    kept = chunks_in_colour(drawn)
    if label == "topic":
        rows = [row for row, value in enumerate(table.columns["topic"]) if value == "Music"]
        assert kept == set(table.chunk_ids[rows].tolist())
    elif label == "Document":
        names = table.document_of_each()
        assert kept == {int(i) for i, name in zip(table.chunk_ids, names, strict=True) if name == "topics.csv"}
    assert 0 < len(kept) < len(table)
    drawn.get_by_role("button", name="Clear filters").click()
    wait_until(drawn, "scene.shown === null")
    close_menu(drawn, "Filter")
    assert n_different(first, picture(drawn)) < 20


def drawn_cluster(page: Page) -> str:
    """The name of the first cluster."""
    return str(map_value(page, "scene.labels[0].name"))


def test_colours_change_the_picture_and_a_filter_survives_them(drawn: Page):
    menu(drawn, "Filter").click()
    choose(drawn, "topic", "Music")
    wait_until(drawn, "scene.shown !== null")
    close_menu(drawn, "Filter")
    kept = chunks_in_colour(drawn)

    def colour() -> None:
        drawn.get_by_role("combobox", name="Colour by").click()
        drawn.get_by_role("option", name="Chunk length", exact=True).click()

    key = map_value(drawn, "scene.colourKey")
    before, after = changed_by(drawn, colour, f"scene.colourKey !== {key!r} && scene.shown !== null")
    assert n_different(before, after) > 100
    assert chunks_in_colour(drawn) == kept
    menu(drawn, "Filter").click()
    drawn.get_by_role("button", name="Clear filters").click()
    wait_until(drawn, "scene.shown === null")
    assert len(chunks_in_colour(drawn)) == 303


def test_a_legend_entry_shows_its_group_alone_and_all_again(drawn: Page, sample: Collection):
    table, entries = ChunkTable.of(sample), map_frame(drawn).locator("#legend button")
    music = entries.filter(has_text="Music")
    before, alone = changed_by(drawn, music.click, "scene.only?.length === 1")
    topics = dict(zip(table.chunk_ids.tolist(), table.columns["topic"], strict=True))
    assert chunks_in_colour(drawn) == {chunk_id for chunk_id, topic in topics.items() if topic == "Music"}
    assert n_different(before, alone) > 200
    assert music.get_attribute("aria-pressed") == "true"
    entries.filter(has_text="Sports").click(modifiers=["Control"])
    wait_until(drawn, "scene.only?.length === 2")
    assert {topics[chunk_id] for chunk_id in chunks_in_colour(drawn)} == {"Music", "Sports"}
    music.click()
    wait_until(drawn, "scene.only?.length === 1")
    _, again = changed_by(drawn, music.click, "scene.only?.length === 0")
    assert n_different(before, again) < 20
    assert len(chunks_in_colour(drawn)) == len(table)


def test_cluster_labels_and_their_number(drawn: Page):
    menu(drawn, "Clusters").click()

    def labels() -> None:
        drawn.get_by_test_id("stCheckbox").filter(has_text="Show cluster labels").locator("label").click()

    n_coarse = int(map_value(drawn, "scene.labels.length"))
    labels()
    wait_until(drawn, "scene.labels.length === 0 && at('labels').children.length === 0")
    labels()
    wait_until(drawn, f"scene.labels.length === {n_coarse}")
    slider = drawn.get_by_role("slider").first
    slider.focus()
    for _ in range(8):
        slider.press("ArrowLeft")
    wait_until(drawn, f"scene.labels.length !== {n_coarse}")
    close_menu(drawn, "Clusters")
    wait_until(drawn, "at('labels').children.length > 0")


def test_another_projection_moves_the_points(drawn: Page):
    def recompute() -> None:
        menu(drawn, "Projection").click()
        drawn.get_by_text("PCA", exact=True).click()
        drawn.get_by_role("button", name="Recompute map").click()
        close_menu(drawn, "Projection")

    key = map_value(drawn, "scene.layoutKey")
    before, after = changed_by(drawn, recompute, f"scene.layoutKey !== {key!r} && viewed === scene.layoutKey")
    assert n_different(before, after) > 2_000


def test_the_tip_in_3d_comes_and_leaves(drawn: Page, sample: Collection):
    menu(drawn, "Projection").click()
    drawn.get_by_text("3D", exact=True).click()
    drawn.get_by_role("button", name="Recompute map").click()
    wait_until(drawn, "drawn === 3")
    close_menu(drawn, "Projection")
    frame, box = map_frame(drawn), drawn.locator(MAP).bounding_box()
    tip = frame.locator("#tip")
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    for step in range(400):
        drawn.mouse.move(middle[0] - 120 + 12 * (step % 20), middle[1] - 60 + 6 * (step // 20))
        drawn.wait_for_timeout(30)
        if tip.is_visible():
            break
    expect(tip).to_be_visible()
    shown, place = tip.inner_text(), tip.bounding_box()
    assert any(name in shown for name in sample.document_names().values())
    pointer = middle[0] - 120 + 12 * (step % 20)
    # The tip is next to the pointer, on either side.
    assert min(abs(place["x"] - pointer), abs(place["x"] + place["width"] - pointer)) < 40
    drawn.mouse.move(box["x"] + 3, box["y"] + 3)
    expect(tip).to_be_hidden()
    drawn.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_a_question_is_marked_on_the_picture_and_its_hits_stay_next_to_a_marked_area(drawn: Page, sample: Collection):
    def search() -> None:
        box = drawn.get_by_role("textbox", name="Search the map")
        box.fill("interest rates at the bank")
        box.press("Enter")

    before, after = changed_by(drawn, search, "Boolean(scene.star) && scene.hits.length === 5")
    assert n_different(before, after) > 200
    drawn.get_by_text("5 nearest to").wait_for()
    layout = load_layout(sample, ProjectionParameters())
    rows = map_value(drawn, "[...scene.hits]")
    assert set(rows) <= set(range(len(layout.chunk_ids)))
    map_frame(drawn).locator("[data-title='Box Select']").click()
    (x1, y1), (x2, y2) = place_of_chunk(drawn, 0), place_of_chunk(drawn, rows[0])
    drawn.mouse.move(min(x1, x2) - 5, min(y1, y2) - 5)
    drawn.mouse.down()
    drawn.mouse.move(max(x1, x2) + 5, max(y1, y2) + 5, steps=5)
    drawn.mouse.up()
    wait_until(drawn, "scene.chosen.size > 0")
    expect(drawn.get_by_text("5 nearest to")).to_be_visible()
    expect(drawn.get_by_text("similarity")).to_have_count(5)


@pytest.mark.parametrize("kind", ["CSV table", "Parquet table"])
def test_exported_tables_have_the_columns_of_the_documents(drawn: Page, sample: Collection, kind: str):
    menu(drawn, "Export").click()
    with drawn.expect_download() as download:
        drawn.get_by_role("button", name=kind).click()
    path = Path(download.value.path())
    table = pd.read_csv(path, keep_default_na=False) if kind.startswith("CSV") else pd.read_parquet(path)
    topics = dict(zip(ChunkTable.of(sample).chunk_ids.tolist(), ChunkTable.of(sample).columns["topic"], strict=True))
    assert len(table) == sample.n_chunks()
    assert dict(zip(table["chunk_id"].tolist(), table["topic"].tolist(), strict=True)) == topics


@pytest.mark.parametrize(("kind", "beginning"), [("Interactive HTML", b"<!"), ("SVG image", b"<")])
def test_exported_pictures(drawn: Page, kind: str, beginning: bytes):
    menu(drawn, "Export").click()
    with drawn.expect_download() as download:
        drawn.get_by_role("button", name=kind).click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(beginning)
    assert len(content) > 10_000
