"""Compare chunk sizes and searches in a real browser: a failed question on the map, and the winner as a copy."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Locator, Page, expect

from rag.evaluation.grid.compare import best_point, measure_results
from rag.evaluation.grid.grid_run import Grid
from rag.evaluation.grid.plan import GridPoint
from rag.evaluation.grid.stored import grid_paths, load_grid, load_results
from rag.evaluation.passages import RECALL
from rag.store.collection import Collection
from tests.browser.app_server import map_frame

_HEADER, _ROW = 36, 35
"""Heights of the list of questions, which is drawn on a canvas."""


def opened(page: Page) -> None:
    page.goto("/evaluate?collection=Sample")
    page.get_by_text("Chunking and models", exact=True).click()
    page.get_by_role("button", name="Compare settings").wait_for()


def choose(page: Page, control: str, option: str) -> None:
    page.get_by_role("combobox", name=control).click()
    page.get_by_role("option", name=option).first.click()


def compared(page: Page) -> None:
    """Three sizes and two searches over the questions from the documents' structure, of which some fail."""
    opened(page)
    choose(page, "Exam", "From the documents' structure")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("9 settings, each asked 88 questions")).to_be_visible()
    main.get_by_role("button", name="Words", exact=True).click()
    expect(main.get_by_text("6 settings, each asked 88 questions")).to_be_visible()
    page.get_by_role("button", name="Compare settings").click()
    expect(page.get_by_text("Averages over 88 questions")).to_be_visible()


def stored(folder: Path, collection: Collection) -> Grid:
    (path,) = grid_paths(folder, collection.uid)
    return load_grid(path)


def chosen_setting(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Setting")


def winning_point(folder: Path, grid: Grid) -> GridPoint:
    """The setting with the best recall."""
    results = load_results(folder, grid).results
    best = best_point(measure_results(grid, results), RECALL, results)
    assert best is not None
    return grid.points[best]


def open_cell(page: Page, *, row: int, column: int) -> None:
    """Click a cell of the heat map, which has three rows (chunk sizes) and two columns (searches)."""
    cells = page.locator(".js-plotly-plot .heatmaplayer image").first
    cells.wait_for(state="attached")
    page.get_by_text("Click a cell to open").scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * (column + 0.5) / 2, box["y"] + box["height"] * (row + 0.5) / 3)


def open_question(page: Page, *, row: int) -> None:
    """Choose a row of the list of questions, and wait until the page shows that question and not the one before."""
    shown = page.get_by_test_id("stMain").locator("h3").last
    before = shown.inner_text()
    page.get_by_test_id("stDataFrame").last.click(position={"x": 16, "y": _HEADER + _ROW * (row + 0.5)})
    expect(shown).not_to_have_text(before)
    expect(page.get_by_text("Results with this setting")).to_be_visible()


def test_a_failed_question_is_seen_on_the_map_and_the_winner_becomes_a_copy(
    sample: Collection, page: Page, data_dir: Path
):
    compared(page)
    grid = stored(data_dir, sample)
    assert {(one.chunking.max_tokens, one.mode) for one in grid.points} == {
        (size, mode) for size in (80, 160, 254) for mode in ("dense", "hybrid")
    }
    expect(page.get_by_text("Best:")).to_be_visible()
    open_cell(page, row=0, column=0)
    expect(chosen_setting(page)).to_have_value("80 tokens, Meaning")
    open_question(page, row=1)
    page.get_by_test_id("stMain").get_by_role("link", name="Show on map").first.click()
    page.wait_for_url(lambda address: "/evaluate" not in address)
    map_frame(page)
    expect(page.get_by_text("selected chunk")).to_be_visible()
    chunk = int(parse_qs(urlparse(page.url).query)["chunk"][0])
    (held,) = sample.chunks([chunk])
    names = sample.document_names()
    spans = [span for question in grid.questions for span in question.spans]
    assert any(
        span.document == names[held.document_id] and span.start < held.end and held.start < span.end for span in spans
    )
    page.get_by_role("link", name="Evaluate").click()
    expect(chosen_setting(page)).to_have_value("80 tokens, Meaning")
    use_the_best(page, data_dir, grid)


def use_the_best(page: Page, folder: Path, grid: Grid) -> None:
    """Take the setting with the best recall, which has larger chunks than the present one."""
    winner = winning_point(folder, grid)
    assert winner.chunking.max_tokens == 254
    choose(page, "Compare by", "recall@5")
    expect(page.get_by_text("Best: 254 tokens")).to_be_visible()
    # The opened setting is still the one that was chosen.
    expect(chosen_setting(page)).to_have_value("80 tokens, Meaning")
    mode = "Meaning and words" if winner.mode == "hybrid" else "Meaning"
    open_cell(page, row=2, column=int(winner.mode == "hybrid"))
    expect(chosen_setting(page)).to_have_value(f"254 tokens, {mode}")
    page.get_by_role("button", name="Use this setting").click()
    name = page.get_by_role("textbox", name="Name of the new collection")
    expect(name).to_have_value("Sample 254 tokens")
    name.fill("Winner")
    name.press("Enter")
    page.get_by_role("button", name="Make the copy").click()
    expect(page.get_by_text("12 of 12 files added")).to_be_visible()
    expect(page.get_by_role("combobox", name="Collection")).to_have_value("Winner")
    copy = Collection.open(folder, "Winner")
    assert copy.spec.chunking == winner.chunking
    assert len(copy.documents()) == 12
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("button", name="Search settings").click()
    pressed = page.get_by_role("radio", name=mode, exact=True)
    expect(pressed).to_be_checked()
    assert page.get_by_test_id("stException").count() == 0


def test_a_comparison_that_is_stopped_is_continued_after_a_reload(sample: Collection, page: Page, data_dir: Path):
    opened(page)
    choose(page, "Exam", "Sample questions")
    expect(page.get_by_text("9 settings, each asked 30 questions")).to_be_visible()
    page.get_by_role("button", name="Compare settings").click()
    page.get_by_role("button", name="Stop").click()
    continued = page.get_by_role("button", name="Continue")
    continued.wait_for()
    page.reload()
    page.get_by_text("Chunking and models", exact=True).click()
    continued.click()
    expect(page.get_by_text("Averages over 30 questions")).to_be_visible()
    expect(continued).to_have_count(0)
    grid = stored(data_dir, sample)
    assert len(load_results(data_dir, grid).results) == len(grid.points) == 9


def test_nothing_is_wider_than_a_phone(sample: Collection, page: Page):
    page.set_viewport_size({"width": 420, "height": 900})
    compared(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
