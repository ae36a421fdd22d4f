"""Seconds of the map page in Chromium until the first picture, another colour and a lasso, against st.plotly_chart.

The reference is a page of a dozen lines that draws the same points with st.plotly_chart. Both pages are loaded once
before they are measured, to warm up the server and the browser. `--chunks N` measures one size.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.app_server import (
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


def measure_ours(page: Page, address: str) -> list[float]:
    page.goto(f"{address}/?collection=Large&colour=Document")
    map_frame(page, seconds=240)
    page.get_by_role("button", name="Map quality").wait_for(timeout=240_000)

    def load() -> None:
        page.reload()
        map_frame(page, seconds=240)

    first = timed(load)
    page.get_by_role("button", name="Map quality").wait_for(timeout=60_000)
    before = map_value(page, "chart.dataset.drawn")
    page.get_by_role("combobox", name="Colour by").click()
    option = page.get_by_role("option", name="Chunk length")

    def recolour() -> None:
        option.click()
        wait_until(page, f"chart.dataset.drawn !== {before!r}")

    colour = timed(recolour)
    release = drag_lasso(page)

    def mark() -> None:
        release()
        page.get_by_text(" selected").wait_for(timeout=60_000)

    return [first, colour, timed(mark)]


def measure_plain(page: Page, address: str) -> list[float]:
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot .gl-container canvas", timeout=240_000)
    page.get_by_text("0 selected").wait_for(timeout=60_000)

    def load() -> None:
        page.reload()
        page.wait_for_selector(".js-plotly-plot .gl-container canvas", timeout=240_000)

    first = timed(load)
    page.get_by_text("0 selected").wait_for(timeout=60_000)
    page.get_by_role("combobox", name="Colour by").click()
    option = page.get_by_role("option", name="Chunk length")

    def recolour() -> None:
        option.click()
        page.get_by_text("Chunk length 3").first.wait_for(timeout=60_000)

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

    return [first, colour, timed(mark)]


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
    for what, mine, other in zip(("first picture", "another colour", "lasso"), ours, plain, strict=True):
        print(f"{n:,} chunks, {what}: {mine:.2f} s, st.plotly_chart {other:.2f} s, ratio {other / mine:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int)
    chosen = parser.parse_args().chunks
    for n in [chosen] if chosen else _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            compare(n, Path(folder))


if __name__ == "__main__":
    main()
