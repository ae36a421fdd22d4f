"""Pulling a model: how far it is, why it fails, and cancelling it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from rag.errors import OllamaError
from rag.servers.ollama import OllamaServer
from tests.support.scripted_ollama import Stream, scripted_ollama, scripted_server
from tests.support.servers.ollama_requests import PATIENCE


def pull_lines(*messages: dict) -> Stream:
    return Stream([json.dumps(message).encode() + b"\n" for message in messages])


def layer(digest: str, completed: int, total: int) -> dict:
    return {"status": f"pulling {digest}", "digest": digest, "completed": completed, "total": total}


def test_a_pull_adds_up_its_layers_and_never_goes_back():
    messages = [
        {"status": "pulling manifest"},
        layer("a", 0, 100),
        layer("a", 50, 100),
        layer("a", 100, 100),
        layer("b", 0, 100),
        layer("b", 100, 100),
        {"status": "verifying sha256 digest"},
        {"status": "success"},
    ]
    with scripted_server({"/api/pull": pull_lines(*messages)}) as server:
        steps = list(OllamaServer(server.address).pull("small"))
    assert server.sent_to("/api/pull") == [{"model": "small", "stream": True}]
    assert [step.status for step in steps] == [message["status"] for message in messages]
    assert [(s.completed_bytes, s.total_bytes) for s in steps[3:6]] == [(100, 100), (100, 200), (200, 200)]
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[:3] == [0.0, 0.0, 0.5]
    assert max(shares[:-1]) < shares[-1] == 1.0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            pull_lines({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}),
            "Ollama's library has no model 'small'. Look up the name at ollama.com/library.",
        ),
        (pull_lines({"status": "pulling manifest"}, {"error": "write: no space left on device"}), "no space left"),
        (
            pull_lines(layer("a", 1, 2)),
            "stopped in the middle of the download. The part so far is kept: download again",
        ),
        (replace(pull_lines(layer("a", 1, 2)), cut_after=200), "stopped in the middle of the download"),
        ((500, {"error": "broken"}), "could not download 'small': broken"),
    ],
    ids=["unknown", "disk full", "ended", "cut", "500"],
)
def test_a_pull_that_fails(answer, sentence):
    with scripted_ollama({"/api/pull": answer}) as address:
        with pytest.raises(OllamaError) as caught:
            list(OllamaServer(address).pull("small"))
        assert sentence in str(caught.value)


def test_a_pull_is_cancelled_at_once():
    waiting = replace(pull_lines(layer("a", 1, 2)), stays_open=True)
    with scripted_server({"/api/pull": waiting}) as server:
        stop = threading.Event()
        steps = OllamaServer(server.address).pull("small", stop)
        assert next(steps).completed_bytes == 1
        stop.set()
        assert list(steps) == []
        assert server.left.wait(PATIENCE)


def test_really_cannot_pull_what_is_nowhere(ollama):
    """Without a network it cannot reach the library; with one the library has no such model."""
    with pytest.raises(OllamaError, match=r"cannot reach Ollama's library|library has no model"):
        list(ollama.pull("no-such-model-as-this"))
