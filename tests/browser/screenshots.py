"""Redraw the README's pictures, light and dark. Run by `make screenshots`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from rag import config
from tests.browser.app_server import launch, map_frame, map_value, running_app, wait_until

_FOLDER = config.ROOT / "docs" / "images"


def take(page: Page, address: str, scheme: str) -> None:
    """Every page in one colour scheme."""

    def save(name: str) -> None:
        page.wait_for_timeout(1_500)
        page.screenshot(path=_FOLDER / f"{name}-{scheme}.png")

    page.goto(f"{address}/?collection=Sample")
    map_frame(page, seconds=120)
    page.goto(f"{address}/?collection=Sample&query=how+do+plants+survive+a+dry+summer")
    map_frame(page)
    page.get_by_text("5 nearest to").wait_for(timeout=60_000)
    save("map")
    page.goto(f"{address}/documents")
    page.get_by_text("12 documents").wait_for(timeout=60_000)
    save("documents")
    page.goto(f"{address}/neighbors?query=the+bank+raised+its+interest+rates")
    page.get_by_text("Sum of all pairs").wait_for(timeout=60_000)
    save("neighbors")
    page.goto(f"{address}/index_lab")
    page.get_by_role("button", name="Measure").click()
    page.get_by_text("Up and to the left is better").wait_for(timeout=120_000)
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=240_000)
    save("index-lab")
    page.goto(f"{address}/compare")
    page.get_by_role("button", name="Compare", exact=True).click()
    map_frame(page, seconds=120)
    before = map_value(page, "chart.dataset.drawn")
    page.get_by_test_id("stMain").get_by_text("topic", exact=True).click()
    wait_until(page, f"chart.dataset.drawn !== {before!r}")
    map_value(page, "at('share').value = 35, at('share').oninput()")
    save("compare")
    page.goto(f"{address}/chat")
    question = page.get_by_placeholder("Ask the collection")
    question.fill("How many days of paid leave do full-time staff have?")
    question.press("Enter")
    page.get_by_text("tokens read").wait_for(timeout=180_000)
    page.get_by_role("button", name="Source 1").hover()
    save("chat")
    page.get_by_role("button", name="How this answer was made").click()
    page.get_by_role("dialog").get_by_text("Which sentence comes from where").wait_for(timeout=60_000)
    save("recorder")
    page.goto(f"{address}/models")
    page.get_by_text("Another server").first.wait_for(timeout=60_000)
    save("models")


def main() -> None:
    """Start the app on an empty data folder, with the built-in model, and take every picture."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "EXPLORER_DATA_DIR": str(Path(folder) / "data"), "OLLAMA_HOST": "127.0.0.1:9"}
        with running_app(environment) as address, launch() as browser:
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1400, "height": 900}, color_scheme=scheme)
                take(page, address, scheme)
                page.close()


if __name__ == "__main__":
    main()
