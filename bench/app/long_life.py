"""Memory and file handles of the app over many page runs and sessions, and its processor time while tabs are idle.

python -m bench.app.long_life     1,000 page runs in 50 sessions, then 20 idle tabs for a minute; about ten minutes

Sessions come and go one after the other, each with 20 runs over all pages, as browsers would open them. The figures
after the first 100 runs, when every page has loaded its libraries, are compared with those at the end. Streamlit keeps
a closed session for two minutes, with two sockets for its event loop, in case its browser comes back, and lets go of
those when the next session is closed; both figures are taken after that.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from tests.browser.app_server import App, app_process
from tests.support.page_client import exceptions, page_client

_PAGES = (
    "", "documents", "neighbors", "search", "chat", "vector_arithmetic", "compare_models", "data_quality",
    "index_benchmark", "models",
)  # fmt: skip
_RUNS_PER_SESSION = 20
_FORGOTTEN_SECONDS = 150
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Figures:
    """Resident memory in bytes, and the number of open file handles."""

    memory: int
    handles: int

    @classmethod
    def of(cls, app: App) -> Figures:
        """The present figures of the server process."""
        return cls(app.resident_bytes(), len(list(Path(f"/proc/{app.pid}/fd").iterdir())))

    def __str__(self) -> str:
        """Both, for people."""
        return f"{self.memory / _MB:,.0f} MB, {self.handles} file handles"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.app.long_life", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="page runs (default: 1,000)")
    parser.add_argument("--warm", type=int, default=100, help="page runs before the first figures (default: 100)")
    parser.add_argument("--tabs", type=int, default=20, help="idle tabs (default: 20)")
    parser.add_argument("--seconds", type=float, default=60, help="how long they are idle (default: 60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "EXPLORER_DATA_DIR": folder, "OLLAMA_HOST": "127.0.0.1:9"}
        with app_process(environment) as app:
            _run(app, options.warm)
            first = _without_closed_sessions(app)
            print(f"after {options.warm} runs: {first}", flush=True)
            for done in range(options.warm, options.runs, 100):
                _run(app, min(100, options.runs - done))
                print(f"after {min(done + 100, options.runs)} runs: {Figures.of(app)}", flush=True)
            last = _without_closed_sessions(app)
            print(f"at the end: {last}")
            memory, handles = last.memory / first.memory, last.handles / first.handles
            print(f"end to first: memory {memory:.3f}, file handles {handles:.3f}")
            _report_idle(app, options.tabs, options.seconds)


def _run(app: App, runs: int) -> None:
    """Open pages in sessions that come and go; a page with an exception ends the benchmark."""
    pages = cycle(_PAGES)
    for _ in range(runs // _RUNS_PER_SESSION):
        with page_client(app.address) as client:
            for page in islice(pages, _RUNS_PER_SESSION):
                if shown := exceptions(client.open(page, "collection=Sample")):
                    raise SystemExit(f"'{page}' shows an exception: {shown[0]}")
                client.received.clear()


def _without_closed_sessions(app: App) -> Figures:
    """The figures when Streamlit has forgotten all sessions."""
    time.sleep(_FORGOTTEN_SECONDS)
    _run(app, _RUNS_PER_SESSION)
    time.sleep(1)
    return Figures.of(app)


def _report_idle(app: App, tabs: int, seconds: float) -> None:
    with ExitStack() as sessions:
        for page in islice(cycle(_PAGES), tabs):
            sessions.enter_context(page_client(app.address)).open(page, "collection=Sample")
        time.sleep(5)
        before = _processor_seconds(app)
        time.sleep(seconds)
        share = (_processor_seconds(app) - before) / seconds
        print(f"{tabs} idle tabs: {100 * share:.1f} % of one core; {Figures.of(app)}")


def _processor_seconds(app: App) -> float:
    fields = Path(f"/proc/{app.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
