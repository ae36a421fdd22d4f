"""Time from choosing a table of 20,000 rows on the Documents page until its columns are shown, in Chromium.

python -m bench.app.choose_table      a minute; the first choice starts the process that reads files
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import FilePayload, Page

from rag import config
from rag.embedding.cached import load_cached_embedder
from rag.store.collection import Collection
from tests.browser.app_server import app_process, launch

_ROWS, _ROUNDS = 20_000, 3
_MOST_SECONDS = 2.0
_PATIENCE = 120_000
_NOTE = "The pump in yard {i} does not start after the frost. Please send someone before the school opens on Monday."


def rows() -> list[dict[str, str]]:
    """The rows of a made-up table of tickets."""
    return [
        {
            "ticket": f"T-{i}",
            "customer": f"Customer {i % 60}",
            "opened": f"2025-{1 + i % 12:02}-{1 + i % 28:02}",
            "cost": f"{i % 970 / 10:.2f}",
            "description": _NOTE.format(i=i),
        }
        for i in range(_ROWS)
    ]


def as_csv(table: Sequence[Mapping[str, str]]) -> bytes:
    """The table as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue().encode()


def as_json_lines(table: Sequence[Mapping[str, str]]) -> bytes:
    """The table as JSON Lines."""
    return "\n".join(map(json.dumps, table)).encode()


def as_parquet(table: Sequence[Mapping[str, str]]) -> bytes:
    """The table as Parquet."""
    from pyarrow import Table, parquet

    stream = io.BytesIO()
    parquet.write_table(Table.from_pylist(list(table)), stream)
    return stream.getvalue()


KINDS: dict[str, Callable[[Sequence[Mapping[str, str]]], bytes]] = {
    "csv": as_csv, "jsonl": as_json_lines, "parquet": as_parquet,
}  # fmt: skip


def seconds_to_choose(page: Page, address: str, file: FilePayload) -> float:
    """Open the page, choose the file, and wait for the roles of its columns; returns the seconds since the choice."""
    page.goto(f"{address}/documents")
    page.get_by_text("This collection is empty").wait_for(timeout=_PATIENCE)
    started = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_text("Text of each row").wait_for(timeout=_PATIENCE)
    return time.perf_counter() - started


def main() -> None:
    table = rows()
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".sample-made").touch()
        spec = load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL).spec
        Collection.create(Path(folder), "Empty", spec, config.DEFAULT_CHUNKING)
        environment = {**os.environ, "EXPLORER_DATA_DIR": folder, "OLLAMA_HOST": "127.0.0.1:9"}
        with app_process(environment) as app, launch() as browser:
            page = browser.new_page()
            for kind, write in KINDS.items():
                file = FilePayload(name=f"tickets.{kind}", mimeType="application/octet-stream", buffer=write(table))
                taken = [seconds_to_choose(page, app.address, file) for _ in range(_ROUNDS)]
                slow = slow or max(taken) > _MOST_SECONDS
                size = len(file["buffer"]) / 1e6
                print(f"{kind}: first {taken[0]:.2f} s, median {median(taken):.2f} s ({_ROWS:,} rows, {size:.1f} MB)")
    if slow:
        sys.exit(f"a choice took longer than {_MOST_SECONDS:g} s")


if __name__ == "__main__":
    main()
