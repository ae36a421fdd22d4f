"""Start the app as a server process, and a browser that opens it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, sync_playwright

from rag import config
from tests.support.cores import every_core

_SHELL = Path("/usr/bin/chromium-headless-shell")
CHROMIUM = _SHELL if _SHELL.exists() else Path("/usr/bin/chromium")
"""Debian's Chromium. Its headless shell, if installed, needs less CPU time: it draws no window around a page."""
MAP = "iframe[title='pages.shared.widgets.map_chart.map']"
"""The frame in which the map is drawn."""
PATIENCE = 240.0
"""How many seconds a test waits for what must come, however busy the machine is."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class App:
    """A server process of the app."""

    address: str
    pid: int

    def resident_bytes(self) -> int:
        """Resident memory of the process in bytes, from Linux's /proc."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


class SteeredApp:
    """One app process for many tests: `begin` gives it the environment of the next test."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.address = address
        self._process = process
        self._names: set[str] = set()

    def begin(self, environment: Mapping[str, str]) -> None:
        """Give the app these environment variables and no others, and clear its servers and jobs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        removed = dict.fromkeys(self._names - set(environment))
        self._names = set(environment)
        self._process.stdin.write(json.dumps({**removed, **environment}) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n", "the app's process has ended"


@contextmanager
def steered_app() -> Iterator[SteeredApp]:
    """The app in a process whose environment can be changed, on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.browser.steered_app", "--server.port", str(port)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=config.ROOT, stdin=pipe, stdout=pipe, text=True)
    address = f"http://127.0.0.1:{port}"
    with process:
        try:
            wait_until_healthy(f"{address}/_stcore/health")
            yield SteeredApp(process, address)
        finally:
            process.terminate()


@contextmanager
def running_app(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of the app, started as a user starts it, on a free port."""
    with app_process(environment) as app:
        yield app.address


@contextmanager
def app_process(environment: Mapping[str, str], script: str = "app.py") -> Iterator[App]:
    """The app, or another script, started as a user starts it, on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=config.ROOT, env=dict(environment), stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(f"{address}/_stcore/health")
        yield App(address, process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_until_healthy(address: str, patience: float = 60.0) -> None:
    """Wait until a server answers. Raises OSError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextmanager
def launch() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with ExitStack() as stack:
        with every_core():
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_FLAGS))
        stack.callback(browser.close)
        yield browser


def new_context(browser: Browser, **options: object) -> BrowserContext:
    """A browser context with these options, whose pages wait as patiently as `expect` does in these tests."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    return context


def wait_for(holds: Callable[[], object], page: Page) -> None:
    """Wait until something holds while the page goes on. Raises AssertionError when the patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"the condition did not hold within {PATIENCE:.0f} seconds"
        page.wait_for_timeout(50)


def map_frame(page: Page, *, seconds: float = PATIENCE) -> FrameLocator:
    """The frame that the map is drawn in, once it is drawn."""
    frame = page.frame_locator(MAP)
    frame.locator("#chart[data-drawn]").wait_for(timeout=seconds * 1000)
    return frame


def map_value(page: Page, expression: str) -> object:
    """The value of a JavaScript expression in the map's frame, where `scene`, `chart` and `places` are defined."""
    script = "([frame, expression]) => document.querySelector(frame).contentWindow.eval(expression)"
    return page.evaluate(script, [MAP, expression])


def wait_until(page: Page, expression: str, *, seconds: float = PATIENCE) -> None:
    """Wait until a JavaScript expression is true in the map's frame."""
    script = "([frame, expression]) => document.querySelector(frame).contentWindow.eval(expression)"
    page.wait_for_function(script, arg=[MAP, expression], timeout=seconds * 1000)


def chunks_in_colour(page: Page) -> set[int]:
    """The chunks of a map in 2D that no filter and no choice in the legend leaves out, as they are drawn."""
    return set(map_value(page, "[...inColour()].map((row) => scene.ids[row])"))


def place_of_chunk(page: Page, row: int) -> tuple[float, float]:
    """Where on the page the chunk in a row of the map is drawn."""
    x, y = map_value(
        page,
        f"""(() => {{ const box = chart.getBoundingClientRect(), frame = window.frameElement.getBoundingClientRect(),
        {{ xaxis, yaxis }} = chart._fullLayout, at = (i) => places[{row} * scene.dims + i];
        return [frame.x + box.x + xaxis._offset + xaxis.l2p(at(0)), frame.y + box.y + yaxis._offset + yaxis.l2p(at(1))];
        }})()""",
    )
    return float(x), float(y)
