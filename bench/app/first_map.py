"""Seconds until the map is on screen: the first load after the first start, a later load, and after a restart."""

from __future__ import annotations

import os
import tempfile
import time

from playwright.sync_api import Browser

from tests.browser.app_server import launch, map_frame, running_app


def seconds_to_map(browser: Browser, address: str) -> float:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    started = time.perf_counter()
    page.goto(address)
    map_frame(page, seconds=180)
    seconds = time.perf_counter() - started
    page.close()
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, launch() as browser:
        with running_app({**os.environ, "EXPLORER_DATA_DIR": folder}) as address:
            first, second = seconds_to_map(browser, address), seconds_to_map(browser, address)
        with running_app({**os.environ, "EXPLORER_DATA_DIR": folder}) as address:
            restarted = seconds_to_map(browser, address)
    print(
        f"map on screen: first start {first:.1f} s, next load {second:.1f} s, after a restart {restarted:.1f} s, "
        f"ratio first to next {first / second:.1f}"
    )


if __name__ == "__main__":
    main()
