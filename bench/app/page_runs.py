"""Page runs with and without Streamlit's garbage collection after each, in turn, in one run.

python -m bench.app.page_runs     two minutes; medians and their ratio

Streamlit collects garbage after every run of a page or fragment, unless `runner.postScriptGC` is off. With models and
libraries loaded, that would look through more than half a million objects; `rag/runtime/garbage.py` prevents it, so the
ratio should be near 1. Without it, the ratio was 12.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.browser.app_server import App, app_process
from tests.support.page_client import exceptions, page_client

_ROUNDS = 15
_PAGES = ("neighbors", "documents", "models")
_LOADING = ("", "neighbors", "chat")


def main() -> None:
    seconds: dict[str, list[float]] = {"true": [], "false": []}
    with ExitStack() as stack:
        apps = {setting: _app(stack, setting) for setting in seconds}
        for app in apps.values():
            _open(app, _LOADING)
        for _ in range(_ROUNDS):
            for setting, app in apps.items():
                seconds[setting].append(_open(app, _PAGES))
    medians = {setting: median(values) for setting, values in seconds.items()}
    for setting, value in medians.items():
        print(f"postScriptGC = {setting}: {1000 * value:.0f} ms for {len(_PAGES)} page runs")
    print(f"ratio {medians['true'] / medians['false']:.2f}")


def _app(stack: ExitStack, setting: str) -> App:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    environment = {
        **os.environ, "EXPLORER_DATA_DIR": str(folder / "data"), "OLLAMA_HOST": "127.0.0.1:9",
        "STREAMLIT_RUNNER_POST_SCRIPT_GC": setting,
    }  # fmt: skip
    return stack.enter_context(app_process(environment))


def _open(app: App, pages: tuple[str, ...]) -> float:
    """Open the pages in one session; returns the seconds."""
    started = time.perf_counter()
    with page_client(app.address) as client:
        for page in pages:
            if shown := exceptions(client.open(page, "collection=Sample")):
                raise SystemExit(f"'{page}' shows an exception: {shown[0]}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
