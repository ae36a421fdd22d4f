"""Screenshots for the README and docs, light and dark. Run by `make screenshots`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from rag import config
from tests.browser.app_server import launch, map_frame, map_value, running_app, wait_until

_FOLDER = config.ROOT / "docs" / "images"


def show_map(page: Page) -> None:
    """The map with a question."""
    page.goto("/?collection=Sample")
    map_frame(page, seconds=120)
    page.goto("/?collection=Sample&query=how+do+plants+survive+a+dry+summer")
    map_frame(page)
    page.get_by_text("5 nearest to").wait_for(timeout=60_000)


def show_charts(page: Page) -> None:
    """The map with the charts of its columns."""
    page.goto("/?collection=Sample&below=Charts")
    map_frame(page, seconds=120)
    page.frame_locator("iframe[title$='charts.charts']").locator("#charts *").first.wait_for(timeout=60_000)


def show_phone(page: Page) -> None:
    """The map without anything else."""
    page.goto("/?collection=Sample")
    map_frame(page, seconds=120)
    page.get_by_role("button", name="Map quality").wait_for(timeout=60_000)


def show_documents(page: Page) -> None:
    """The list of documents."""
    page.goto("/documents")
    page.get_by_text("12 documents").wait_for(timeout=60_000)


def show_neighbors(page: Page) -> None:
    """The neighbors of a typed text."""
    page.goto("/neighbors?query=the+bank+raised+its+interest+rates")
    page.get_by_text("Sum of all token pairs").wait_for(timeout=60_000)


def show_how_it_works(page: Page) -> None:
    """One word in two meanings, layer by layer."""
    page.goto("/how_it_works?collection=Sample&chapter=3")
    page.get_by_text("8 occurrences of 'bank'").first.wait_for(timeout=60_000)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=60_000)


def show_index_benchmark(page: Page) -> None:
    """The index benchmark, measured."""
    page.goto("/index_benchmark?collection=Sample")
    page.get_by_role("button", name="Run benchmark").click()
    page.get_by_text("Up and to the left is better").wait_for(timeout=400_000)
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=400_000)


def show_evaluate(page: Page) -> None:
    """The questions from the documents' structure, asked with all searches when the page is first opened."""
    page.goto("/evaluate?collection=Sample")
    page.get_by_text("Averages over").wait_for(timeout=180_000)
    # The browser loads what draws the table and the chart when it first needs them.
    for drawn in ("stTable", "stPlotlyChart"):
        page.get_by_test_id(drawn).first.wait_for(timeout=60_000)


def show_comparison(page: Page) -> None:
    """Nine settings compared on the sample's questions: the heat map and the costs."""
    page.goto("/evaluate?collection=Sample")
    page.get_by_text("Chunking and models", exact=True).click()
    start, averages = page.get_by_role("button", name="Compare settings"), page.get_by_text("Averages over")
    start.wait_for(timeout=60_000)
    page.wait_for_timeout(3_000)
    # The second picture shows the comparison of the first.
    if not averages.is_visible():
        start.click()
    averages.wait_for(timeout=300_000)
    page.get_by_test_id("stPlotlyChart").nth(1).wait_for(timeout=60_000)
    page.get_by_test_id("stPlotlyChart").first.scroll_into_view_if_needed()
    page.mouse.move(700, 600)
    page.mouse.wheel(0, 250)


def show_compare(page: Page) -> None:
    """Two models on one map, coloured by topic."""
    page.goto("/compare_models")
    page.get_by_role("button", name="Compare", exact=True).click()
    map_frame(page, seconds=120)
    before = map_value(page, "chart.dataset.drawn")
    page.get_by_test_id("stMain").get_by_text("topic", exact=True).click()
    wait_until(page, f"chart.dataset.drawn !== {before!r}")
    map_value(page, "at('share').value = 35, at('share').oninput()")


def show_chat(page: Page) -> None:
    """An answer with the card of its first source open."""
    page.goto("/chat")
    question = page.get_by_placeholder("Ask about your documents")
    question.fill("How many days of paid leave do full-time staff have?")
    question.press("Enter")
    page.get_by_text("tokens read").wait_for(timeout=180_000)
    page.get_by_role("button", name="Source 1").hover()


def show_recorder(page: Page) -> None:
    """How that answer was made; the page is still the chat."""
    page.get_by_role("button", name="Show how this was answered").click()
    page.get_by_role("dialog").get_by_text("Source of each sentence").wait_for(timeout=60_000)


def show_models(page: Page) -> None:
    """The models and their servers."""
    page.goto("/models")
    page.get_by_text("OpenAI-compatible server").first.wait_for(timeout=60_000)


PICTURES: dict[str, Callable[[Page], None]] = {
    "map": show_map,
    "documents": show_documents,
    "neighbors": show_neighbors,
    "how-it-works": show_how_it_works,
    "index-benchmark": show_index_benchmark,
    "evaluate": show_evaluate,
    "comparison": show_comparison,
    "compare": show_compare,
    "chat": show_chat,
    "recorder": show_recorder,
    "models": show_models,
}
"""What is shown before each picture is taken, in this order."""
OTHER_SIZES: dict[str, tuple[int, int, Callable[[Page], None]]] = {
    "map-wide": (1920, 1080, show_charts),
    "map-phone": (420, 900, show_phone),
}
"""Pictures in windows of another size: width and height in pixels, and what is shown."""


def take(page: Page, scheme: str) -> None:
    """Take every picture in one colour scheme."""
    for name, show in PICTURES.items():
        show(page)
        page.wait_for_timeout(1_500)
        page.screenshot(path=_FOLDER / f"{name}-{scheme}.png")
    for name, (width, height, show) in OTHER_SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        show(page)
        page.wait_for_timeout(1_500)
        page.screenshot(path=_FOLDER / f"{name}-{scheme}.png")


def main() -> None:
    """Start the app on an empty data folder, with the built-in model, and take every picture."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "EXPLORER_DATA_DIR": str(Path(folder) / "data"), "OLLAMA_HOST": "127.0.0.1:9"}
        with running_app(environment) as address, launch() as browser:
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=address, color_scheme=scheme)
                take(page, scheme)
                page.close()


if __name__ == "__main__":
    main()
