"""Shared by tests of the Models page: servers with models, and helpers that read the page."""

from __future__ import annotations

import json
import os
import time

from pages.shared.session.model_servers import downloads
from tests.pages.support.app import button, labelled, shown
from tests.support.scripted_ollama import scripted_server

PATIENCE = 20
REAL_HOST = os.environ.get("OLLAMA_HOST")
CHAT = {"name": "talker:1b", "model": "talker:1b", "size": 1_300_000_000, "details": {"family": "llama"}}
THINKER = {"name": "thinker:latest", "model": "thinker:latest", "size": 520_000_000, "details": {"family": "qwen3"}}
EMBEDDER = {"name": "embed:latest", "model": "embed:latest", "size": 270_000_000, "details": {"family": "nomic-bert"}}


def show(request: dict) -> tuple[int, object]:
    thinks = request["model"].startswith("thinker")
    return 200, {
        "model_info": {"some.context_length": 40_960 if thinks else 2_048},
        "template": "{{ range .Messages }}{{ .Role }}{{ .Content }}{{ end }}",
        "capabilities": ["completion", "thinking"] if thinks else ["completion"],
        "details": {"quantization_level": "Q4_K_M"},
    }


def serving(*models: dict, **more):
    """Answers of a server that has these models, the first of them in memory."""
    answers = {
        "/api/tags": (200, {"models": list(models)}),
        "/api/version": (200, {"version": "1.2.3"}),
        "/api/ps": (200, {"models": list(models[:1])}),
        "/api/show": show,
    }
    return scripted_server({**answers, **{f"/api/{path}": answer for path, answer in more.items()}})


def lines(*said: dict) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in said]


LAYER = {"status": "pulling aaa", "digest": "sha256:aaa", "total": 815_000_000, "completed": 163_000_000}


def installed(app):
    return app.dataframe[0].value.set_index("model")


def tick(app, row: int):
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [row]}}
    app.run()
    assert not app.exception
    return app


def download(app, name: str):
    labelled(app.selectbox, "Model").set_value(name).run()
    button(app, "Download").click().run()
    assert not app.exception
    return app


def until_bytes() -> None:
    """Wait until the only download has reported bytes."""
    deadline = time.monotonic() + PATIENCE
    while not downloads().views()[0].completed_bytes:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(elements) -> str:
    return "\n".join(element.value for element in elements).replace("\\", "")


def chips(app) -> dict[str, str]:
    """The label of each chip in the sidebar, and its sentence."""
    badges = [one.proto for one in app.sidebar.markdown if "-badge[" in one.value]
    labels = [badge.body.partition(":material/")[2].partition(": ")[2].rpartition("]")[0] for badge in badges]
    return {shown(label): shown(badge.help) for label, badge in zip(labels, badges, strict=True)}


def let_downloads_end(app):
    for view in downloads().views():
        downloads().wait(view.task.key)
    app.run()
    assert not app.exception
    return app
