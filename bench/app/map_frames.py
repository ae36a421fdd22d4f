"""Frames a second of the map in Chromium while it is moved and zoomed, against st.plotly_chart and Embedding Atlas.

python -m bench.app.map_frames                  10,000, 100,000 and 300,000 points
python -m bench.app.map_frames --chunks 100000  one size

Frames are those that Chromium's trace says were drawn, during two seconds of dragging and two of turning the wheel.
The reference pages draw the same coordinates in ten colours: st.plotly_chart in a page of a dozen lines, and the
component of the npm package embedding-atlas (MIT) in a page of its own, if npm is there and can get the package. Later
versions of it than the one here draw nothing without WebGPU.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page

from bench.app.map_page import plain_page
from tests.browser.app_server import launch, map_frame, running_app
from tests.support.large_collection import large_collection

if TYPE_CHECKING:
    from rag.types import FloatArray

_SIZES = (10_000, 100_000, 300_000)
_ATLAS = "0.23.0"
_SECONDS = 2.0
_ROUNDS = 3
_STEP = 12
_ATLAS_PAGE = """<!doctype html>
<script type="importmap">{"imports": {"@uwdata/mosaic-core": "/nothing.js", "@uwdata/mosaic-sql": "/nothing.js"}}
</script><body style="margin: 0"><div id="map"></div><script type="module">
import { EmbeddingView } from "/component.js";
const xy = new Float32Array(await (await fetch("/xy.bin")).arrayBuffer());
const n = xy.length / 2, x = new Float32Array(n), y = new Float32Array(n), category = new Uint8Array(n);
for (let i = 0; i < n; i++) { x[i] = xy[2 * i]; y[i] = xy[2 * i + 1]; category[i] = i % 10; }
new EmbeddingView(document.getElementById("map"), { data: { x, y, category }, width: 1100, height: 620,
                                                    config: { mode: "points" } });
</script>"""


def frames_a_second(browser: Browser, page: Page, box: dict[str, float]) -> dict[str, float]:
    """Frames a second while the middle of the box is dragged to and fro, and while the wheel is turned over it."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    dragged = traced(browser, page, lambda step: page.mouse.move(x + _swing(step), y + _swing(step) / 2))
    page.mouse.up()
    zoomed = traced(browser, page, lambda step: page.mouse.wheel(0, -40 if step % 24 < 12 else 40))
    return {"dragging": dragged, "zooming": zoomed}


def _swing(step: int) -> float:
    """A distance in pixels that goes to and fro."""
    return abs(step % (2 * _STEP) - _STEP) * 12.0


def traced(browser: Browser, page: Page, move: object) -> float:
    """Frames a second during the movements, each sent as soon as the one before was taken."""
    browser.start_tracing(
        page=page, categories=["disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame"]
    )
    step = 0
    started = page.evaluate("performance.now()")
    while page.evaluate("performance.now()") - started < 1000 * _SECONDS:
        move(step)  # type: ignore[operator]
        step += 1
    seconds = (page.evaluate("performance.now()") - started) / 1000
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return sum(event["name"] == "DrawFrame" for event in events) / seconds


@contextmanager
def atlas_pages(folder: Path, xy: FloatArray) -> Iterator[str]:
    """The address of a page that draws these coordinates with embedding-atlas."""
    packed = subprocess.run(
        ["npm", "pack", f"embedding-atlas@{_ATLAS}"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    root = folder / "package" / "dist"
    imports = re.compile(r'import ?\{([^}]*)\} ?from ?"@uwdata/mosaic-(?:core|sql)"')
    named = {
        part.split(" as ")[0].strip()
        for file in root.glob("*.js")
        for found in imports.finditer(file.read_text(encoding="utf-8"))
        for part in found[1].split(",")
    }
    # The page queries no database, so what the component imports for that may be empty.
    (root / "nothing.js").write_text("\n".join(f"export class {name} {{}}" for name in sorted(named)))
    (root / "index.html").write_text(_ATLAS_PAGE)
    (root / "xy.bin").write_bytes(xy.astype("<f4").tobytes())
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def measure(address: str, canvas: str, *, in_frame: bool = False, drag: bool = False) -> dict[str, float]:
    """The frames of one page, in a browser of its own.

    Args:
        canvas: a selector of what is drawn on.
        in_frame: whether it is our map, in its frame.
        drag: whether dragging must be chosen first, as in st.plotly_chart.
    """
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        place = map_frame(page, seconds=240).locator(canvas) if in_frame else page.locator(canvas)
        place.first.wait_for(timeout=240_000)
        page.wait_for_timeout(3_000)
        if drag:
            page.locator("[data-title='Pan']").click(force=True)
        box = place.first.bounding_box()
        assert box is not None
        return frames_a_second(browser, page, dict(box))


def compare(n: int, folder: Path) -> None:
    """Print the medians of three rounds, all sides in each."""
    import numpy as np

    from rag.map.layout import load_layout
    from rag.map.projection import ProjectionParameters

    layout = load_layout(large_collection(folder / "data", n), ProjectionParameters())
    assert layout is not None
    np.save(folder / "xy.npy", layout.xy)
    environment = {**os.environ, "EXPLORER_DATA_DIR": str(folder / "data"), "OLLAMA_HOST": "127.0.0.1:9"}
    found: dict[str, list[dict[str, float]]] = {}
    process, plain = plain_page(folder, folder / "xy.npy")
    try:
        with running_app(environment) as ours:
            for _ in range(_ROUNDS):
                address = f"{ours}/?collection=Large&colour=Document"
                found.setdefault("this map", []).append(measure(address, "#chart", in_frame=True))
                found.setdefault("st.plotly_chart", []).append(measure(plain, ".nsewdrag", drag=True))
                if shutil.which("npm"):
                    with tempfile.TemporaryDirectory() as package, atlas_pages(Path(package), layout.xy) as atlas:
                        found.setdefault("embedding-atlas", []).append(measure(atlas, "canvas"))
    finally:
        process.terminate()
        process.wait()
    for what in ("dragging", "zooming"):
        medians = {side: statistics.median(one[what] for one in rounds) for side, rounds in found.items()}
        mine = medians["this map"]
        said = (f"{side} {value:.0f}" + ("" if side == "this map" else f" (ratio {mine / max(value, 0.1):.2f})")
                for side, value in medians.items())  # fmt: skip
        print(f"{n:,} points, {what}, frames a second: {', '.join(said)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.app.map_frames", description=__doc__)
    parser.add_argument("--chunks", type=int, help="one size instead of all")
    chosen = parser.parse_args().chunks
    for n in [chosen] if chosen else _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            compare(n, Path(folder))


if __name__ == "__main__":
    main()
