"""Seconds of the map page in Chromium until the first picture, another colour and a lasso, against st.plotly_chart.

The reference is a page of a dozen lines that draws the same points with st.plotly_chart. Both pages are loaded once
before they are measured, to warm up the server and the browser. A picture is there when the browser has drawn a frame
with it. What st.plotly_chart does not have is measured alone: when the map can be moved, when the points in a lasso are
marked, when the map shows what a brush on a chart keeps, and when the app has answered it. `--chunks N` measures one
size.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.app_server import (
    MAP,
    free_port,
    launch,
    map_frame,
    map_value,
    running_app,
    wait_until,
    wait_until_healthy,
)
from tests.browser.lasso import drag_lasso
from tests.support.large_collection import large_collection

_SIZES = (10_000, 100_000, 300_000)
_PLAIN = """
import sys, numpy as np, plotly.graph_objects as go, streamlit as st
xy = np.load(sys.argv[1])
colour = st.selectbox("Colour by", ["Document", "Chunk length"])
figure = go.Figure()
for part in range(10):
    rows = np.arange(len(xy)) % 10 == part if colour == "Document" else np.arange(len(xy)) // 1000 % 10 == part
    figure.add_scattergl(x=xy[rows, 0], y=xy[rows, 1], mode="markers", marker={"size": 4}, name=f"{colour} {part}",
                         customdata=np.flatnonzero(rows).astype(np.int32))
figure.update_layout(height=620)
event = st.plotly_chart(figure, key="map", on_select="rerun", selection_mode=["lasso"], config={"scrollZoom": True})
st.write(f"{len(event.selection.points)} selected")
"""


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def next_frame(page: Page) -> None:
    """Wait until the browser has drawn what is there now."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def measure_ours(page: Page, address: str) -> dict[str, float]:
    page.goto(f"{address}/?collection=Large&colour=Document")
    map_frame(page, seconds=240)
    page.get_by_role("button", name="Map quality").wait_for(timeout=240_000)
    found: dict[str, float] = {}
    started = time.perf_counter()
    page.reload()
    page.frame_locator(MAP).locator("#chart[data-painted]").wait_for(timeout=240_000)
    next_frame(page)
    found["first picture"] = time.perf_counter() - started
    map_frame(page, seconds=240)
    found["ready to be moved"] = time.perf_counter() - started
    page.get_by_role("button", name="Map quality").wait_for(timeout=60_000)
    page.get_by_role("combobox", name="Colour by").click()
    option = page.get_by_role("option", name="Chunk length")

    def recolour() -> None:
        before = map_value(page, "chart.dataset.painted")
        option.click()
        wait_until(page, f"chart.dataset.painted !== {before!r}")
        next_frame(page)

    found["another colour"] = timed(recolour)
    page.wait_for_timeout(2_000)
    release = drag_lasso(page)
    started = time.perf_counter()
    release()
    wait_until(page, "scene.chosen.size > 0")
    next_frame(page)
    found["lasso marked"] = time.perf_counter() - started
    page.get_by_text(" selected").wait_for(timeout=60_000)
    found["lasso"] = time.perf_counter() - started
    found["brush seen"], found["brush"] = measure_brush(page, address)
    return found


def measure_brush(page: Page, address: str) -> tuple[float, float]:
    """From a move of the mouse over the histogram of lengths until the map shows only those chunks: the median of nine.

    And from its release until the app has answered.
    """
    page.goto(f"{address}/?collection=Large&colour=Document&below=Charts")
    map_frame(page, seconds=240)
    charts = page.frame_locator("iframe[title='pages.shared.map.charts.charts']")
    bars = charts.locator("section").filter(has_text="Chunk length").locator(".bins")
    bars.wait_for(timeout=240_000)
    bars.scroll_into_view_if_needed()
    page.wait_for_timeout(2_000)
    box = bars.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 20)
    page.mouse.down()

    def move(share: float) -> None:
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 20)
        wait_until(page, "scene !== window.before")
        map_value(page, "void (window.before = scene)")
        next_frame(page)

    def release() -> None:
        page.mouse.up()
        wait_until(page, "sent.shown")
        next_frame(page)

    seen = [timed(partial(move, 0.15 + 0.05 * step)) for step in range(9)]
    return statistics.median(seen), timed(release)


def measure_plain(page: Page, address: str) -> dict[str, float]:
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot .gl-container canvas", timeout=240_000)
    page.get_by_text("0 selected").wait_for(timeout=60_000)

    def load() -> None:
        page.reload()
        page.wait_for_selector(".js-plotly-plot .gl-container canvas", timeout=240_000)
        next_frame(page)

    first = timed(load)
    page.get_by_text("0 selected").wait_for(timeout=60_000)
    page.get_by_role("combobox", name="Colour by").click()
    option = page.get_by_role("option", name="Chunk length")

    def recolour() -> None:
        option.click()
        page.get_by_text("Chunk length 3").first.wait_for(timeout=60_000)
        next_frame(page)

    colour = timed(recolour)
    page.wait_for_timeout(2_000)
    page.locator("[data-title='Lasso Select']").click(force=True)
    box = page.locator(".nsewdrag").first.bounding_box() or {}
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.6
    page.mouse.move(x - 90, y - 90)
    page.mouse.down()
    for dx, dy in ((90, -90), (90, 90), (-90, 90), (-90, -89)):
        page.mouse.move(x + dx, y + dy, steps=8)

    def mark() -> None:
        page.mouse.up()
        page.get_by_text("0 selected", exact=True).wait_for(state="detached", timeout=60_000)

    return {"first picture": first, "another colour": colour, "lasso": timed(mark)}


def plain_page(folder: Path, xy_file: Path) -> tuple[subprocess.Popen[bytes], str]:
    script = folder / "plain.py"
    script.write_text(_PLAIN)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--", str(xy_file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
    return process, f"http://127.0.0.1:{port}"


def compare(n: int, folder: Path) -> None:
    import numpy as np

    from rag.map.layout import load_layout
    from rag.map.projection import ProjectionParameters

    collection = large_collection(folder / "data", n)
    layout = load_layout(collection, ProjectionParameters())
    assert layout is not None
    np.save(folder / "xy.npy", layout.xy)
    environment = {**os.environ, "EXPLORER_DATA_DIR": str(folder / "data"), "OLLAMA_HOST": "127.0.0.1:9"}
    with launch() as browser, running_app(environment) as address:
        ours = measure_ours(browser.new_page(viewport={"width": 1400, "height": 900}), address)
    process, address = plain_page(folder, folder / "xy.npy")
    try:
        with launch() as browser:
            plain = measure_plain(browser.new_page(viewport={"width": 1400, "height": 900}), address)
    finally:
        process.terminate()
        process.wait()
    for what, mine in ours.items():
        other = f", st.plotly_chart {plain[what]:.2f} s, ratio {plain[what] / mine:.2f}" if what in plain else ""
        print(f"{n:,} chunks, {what}: {mine:.2f} s{other}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int)
    chosen = parser.parse_args().chunks
    for n in [chosen] if chosen else _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            compare(n, Path(folder))


if __name__ == "__main__":
    main()
