"""Model downloads with a scripted Ollama server: progress, end, stop, pace."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rag.runtime.background import TaskView
from rag.servers.downloads import DownloadView, ModelDownloads, Pace
from tests.support.scripted_ollama import ScriptedServer, Stream, scripted_server

PATIENCE = 20


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


MANIFEST = line(status="pulling manifest")
HALF = line(status="pulling aaa", digest="sha256:aaa", total=1_000_000, completed=500_000)
WHOLE = line(status="pulling aaa", digest="sha256:aaa", total=1_000_000, completed=1_000_000)
SUCCESS = line(status="success")


class Gate:
    """Holds a stream before a chunk until it is opened."""

    def __init__(self, before: int) -> None:
        self._before = before
        self.opened = threading.Event()

    def __call__(self, number: int) -> None:
        if number == self._before:
            assert self.opened.wait(PATIENCE)


@contextmanager
def pulling(*lines: bytes, gate: Gate | None = None, stays_open: bool = False) -> Iterator[ScriptedServer]:
    with scripted_server({"/api/pull": Stream(lines, pause=gate, stays_open=stays_open)}) as server:
        yield server


def ended(downloads: ModelDownloads) -> DownloadView:
    """The only download, once it has ended."""
    (view,) = downloads.views()
    downloads.wait(view.task.key)
    (view,) = downloads.views()
    return view


def until_bytes(downloads: ModelDownloads) -> DownloadView:
    """The only download, once bytes have been reported."""
    for _ in range(PATIENCE * 1000):
        (view,) = downloads.views()
        if view.completed_bytes:
            return view
        threading.Event().wait(0.001)
    raise AssertionError("no bytes were reported")


def test_a_download_reports_its_bytes_and_then_that_the_model_is_installed():
    downloads, there, gate = ModelDownloads(), threading.Event(), Gate(2)
    with pulling(MANIFEST, HALF, WHOLE, SUCCESS, gate=gate) as server:
        downloads.start(server.address, "tiny", there.set)
        view = until_bytes(downloads)
        assert (view.name, view.host, view.task.state) == ("tiny", server.address, "running")
        assert (view.completed_bytes, view.total_bytes) == (500_000, 1_000_000)
        assert not there.is_set()
        gate.opened.set()
        view = ended(downloads)
    assert (view.task.state, view.task.share, view.completed_bytes) == ("done", 1.0, 1_000_000)
    assert there.is_set()
    assert [body["model"] for body in server.sent_to("/api/pull")] == ["tiny"]


def test_a_stop_ends_a_stalled_download_and_closes_the_connection():
    downloads, there = ModelDownloads(), threading.Event()
    with pulling(MANIFEST, HALF, stays_open=True) as server:
        downloads.start(server.address, "tiny", there.set)
        downloads.stop(until_bytes(downloads).task.key)
        view = ended(downloads)
        assert server.left.wait(PATIENCE)
    assert (view.task.state, view.task.error) == ("stopped", "")
    assert not there.is_set()


def test_one_waits_for_the_other_and_can_be_stopped_before_it_begins():
    downloads = ModelDownloads()
    with pulling(MANIFEST, HALF, stays_open=True) as server:
        downloads.start(server.address, "first", lambda: None)
        until_bytes(downloads)
        downloads.start(server.address, "second", lambda: None)
        downloads.start(server.address, "first", lambda: None)
        first, second = downloads.views()
        assert (first.name, first.task.state) == ("first", "running")
        assert (second.name, second.task.state) == ("second", "waiting")
        downloads.stop(second.task.key)
        downloads.stop(first.task.key)
        downloads.wait(first.task.key)
        assert [view.task.state for view in downloads.views()] == ["stopped", "stopped"]
    assert [body["model"] for body in server.sent_to("/api/pull")] == ["first"]


def test_a_failure_is_a_sentence_and_can_be_forgotten():
    downloads = ModelDownloads()
    with pulling(MANIFEST, line(error="pull model manifest: file does not exist")) as server:
        downloads.start(server.address, "nosuch", lambda: None)
        view = ended(downloads)
    assert view.task.state == "failed"
    assert "has no model 'nosuch'" in view.task.error
    downloads.forget(view.task.key)
    assert downloads.views() == []


def test_a_running_download_is_not_forgotten():
    downloads = ModelDownloads()
    with pulling(MANIFEST, HALF, stays_open=True) as server:
        downloads.start(server.address, "tiny", lambda: None)
        key = until_bytes(downloads).task.key
        downloads.forget(key)
        assert [view.task.state for view in downloads.views()] == ["running"]
        downloads.stop(key)
        downloads.wait(key)


def test_a_download_can_be_tried_again():
    downloads = ModelDownloads()
    with pulling(MANIFEST, line(error="something broke")) as server:
        downloads.start(server.address, "tiny", lambda: None)
        assert ended(downloads).task.state == "failed"
        downloads.start(server.address, "tiny", lambda: None)
        assert ended(downloads).task.state == "failed"
    assert len(server.sent_to("/api/pull")) == 2


def test_without_network_the_real_server_says_so(ollama):
    downloads = ModelDownloads()
    downloads.start(ollama.host, "no-such-model-anywhere", lambda: None)
    view = ended(downloads)
    assert view.task.state == "failed"
    assert "'no-such-model-anywhere'" in view.task.error


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        ([], 5.0, None),
        ([(0.0, 100)], 0.5, None),
        ([(0.0, 0), (2.0, 400)], 2.0, 200.0),
        # Bytes kept from an earlier try no longer count after ten seconds.
        ([(0.0, 0), (0.1, 1_000_000), (5.1, 1_000_500), (11.0, 1_001_000)], 11.0, 500 / 5.9),
        # Nothing has arrived for a long time.
        ([(0.0, 0), (1.0, 100)], 60.0, 0.0),
    ],
)
def test_the_pace_is_that_of_the_last_ten_seconds(seen, now, expected):
    pace = Pace()
    for when, completed in seen:
        pace.note(completed, when)
    assert pace.bytes_per_second(now) == pytest.approx(expected)


def test_the_time_left_follows_from_the_pace():
    task = TaskView("key", "tiny", "running", 0.6, 6.0, "")
    paces = {100.0: 4.0, 0.0: None, None: None}
    assert {pace: DownloadView("host", "tiny", task, "", 600, 1000, pace).seconds_left for pace in paces} == paces
