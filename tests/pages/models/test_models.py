"""The Models page: Ollama, what is installed, what is downloaded and deleted."""

from __future__ import annotations

import threading

import pytest

from pages.shared.widgets.model_choice import answering_models
from rag.settings import FILE_NAME, SavedSettings, load_settings
from rag.store.collection import Collection
from rag.types import ChunkingSpec, EmbeddingSpec
from tests.pages.support.app import button, labelled, start, texts
from tests.pages.support.models_page import (
    CHAT,
    EMBEDDER,
    LAYER,
    PATIENCE,
    THINKER,
    download,
    installed,
    let_downloads_end,
    lines,
    said,
    serving,
    tick,
    until_bytes,
)
from tests.support.scripted_ollama import Stream


def test_without_a_server_it_says_what_to_do_and_what_is_there(nothing):
    app = start("models.py")
    shown = texts(app)
    assert "No Ollama server answers at 127.0.0.1:9" in shown
    assert "install Ollama from ollama.com, run `ollama serve`" in shown
    assert "From the environment variable OLLAMA_HOST." in shown
    labelled(app.selectbox, "Model").select_index(0).run()
    assert button(app, "Download").disabled
    assert "all-MiniLM-L6-v2" in shown
    assert "SmolLM2-135M-Instruct" in shown
    assert not app.dataframe


def test_the_table_says_what_each_model_is_for(nothing, monkeypatch):
    with serving(CHAT, THINKER, EMBEDDER) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    table = installed(app)
    assert table["use"].to_dict() == {
        "talker:1b": "chat",
        "thinker:latest": "chat with reasoning",
        "embed:latest": "embeddings",
    }
    assert table.loc["talker:1b", "size"] == pytest.approx(1.3)
    assert table.loc["thinker:latest", "context (tokens)"] == 40_960
    assert table.loc["thinker:latest", "quantization"] == "Q4_K_M"
    assert table["loaded"].to_list() == ["", "yes", ""]
    assert f"Connected to {server.address}, 3 models" in texts(app)
    assert "Ollama 1.2.3" in texts(app)


def test_a_server_without_models_says_so(nothing, monkeypatch):
    with serving() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    assert "no model yet: download one below" in texts(app)
    assert not app.dataframe


def test_a_model_that_the_server_cannot_describe_is_listed_all_the_same(nothing, monkeypatch):
    with serving(CHAT, show=(500, {"error": "its file is torn"})) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    assert installed(app).loc["talker:1b", "use"] == "unknown"
    assert "its file is torn" in texts(app)


def test_a_new_host_counts_at_once_and_after_a_restart(nothing, data_dir):
    with serving(CHAT) as server:
        app = start("models.py")
        address = server.address.removeprefix("http://")
        labelled(app.text_input, "Ollama URL").set_value(address)
        button(app, "Connect").click().run()
        assert not app.exception
        assert installed(app).index.to_list() == ["talker:1b"]
        assert "Set on this page and saved." in texts(app)
        assert load_settings(data_dir) == SavedSettings(ollama_host=server.address)
        later = start("models.py")
        assert labelled(later.text_input, "Ollama URL").value == server.address
        button(later, "Reset").click().run()
    assert labelled(later.text_input, "Ollama URL").value == "127.0.0.1:9"
    assert load_settings(data_dir) == SavedSettings()
    assert button(later, "Reset").disabled


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["my server", "ftp://host", "http://host:99999", "http://"])
def test_a_wrong_host_is_named_with_what_is_expected(nothing, data_dir, wrong):
    app = start("models.py")
    labelled(app.text_input, "Ollama URL").set_value(wrong)
    button(app, "Connect").click().run()
    assert not app.exception
    assert f"'{wrong}' is not a server address" in texts(app)
    assert "192.168.1.20" in texts(app)
    assert load_settings(data_dir) == SavedSettings()


def test_damaged_settings_are_named_on_the_page_and_in_the_sidebar(nothing, data_dir):
    (data_dir / FILE_NAME).write_text("{")
    assert "are damaged" in texts(start("models.py"))
    assert "are damaged" in texts(start())


def test_a_deleted_model_is_gone_from_the_server_and_from_the_table(nothing, monkeypatch):
    models = [CHAT, EMBEDDER]

    def delete(request: dict) -> tuple[int, object]:
        models[:] = [model for model in models if model["name"] != request["model"]]
        return 200, {}

    with serving(tags=lambda request: (200, {"models": models}), delete=delete) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = tick(start("models.py"), 1)
        assert "ollama:talker:1b" in answering_models().names
        assert "Deleting 'talker:1b' frees 1.30 GB" in texts(app)
        button(app, "Delete").click().run()
        assert not app.exception
        assert [body["model"] for body in server.sent_to("/api/delete")] == ["talker:1b"]
        assert installed(app).index.to_list() == ["embed:latest"]
        assert "ollama:talker:1b" not in answering_models().names


def test_a_failed_deletion_is_a_sentence(nothing, monkeypatch):
    with serving(CHAT, delete=(500, {"error": "the disk is read-only"})) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = tick(start("models.py"), 0)
        button(app, "Delete").click().run()
    assert not app.exception
    assert "the disk is read-only" in texts(app)
    assert installed(app).index.to_list() == ["talker:1b"]


def test_before_an_embedding_model_is_deleted_its_collections_are_named(nothing, data_dir, monkeypatch):
    Collection.create(data_dir, "Needs it", EmbeddingSpec("ollama:embed", "abc", 8), ChunkingSpec())
    with serving(CHAT, EMBEDDER) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = tick(start("models.py"), 0)
        assert "1 collection cannot be searched without this model: 'Needs it'." in texts(app)
        tick(app, 1)
    assert "cannot be searched without" not in texts(app)


def test_a_download_shows_its_bytes_in_every_tab_and_then_the_model(nothing, monkeypatch):
    models, go_on = [CHAT], threading.Event()

    def pause(number: int) -> None:
        if number == 2:
            assert go_on.wait(PATIENCE)
            models.append(EMBEDDER)

    stream = Stream(lines({"status": "pulling manifest"}, LAYER, {"status": "success"}), pause=pause)
    with serving(tags=lambda request: (200, {"models": models}), pull=stream) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = download(start("models.py"), "nomic-embed-text")
        until_bytes()
        other = start("models.py")
        for tab in (app.run(), other):
            (bar,) = tab.get("progress")
            assert "163 MB of 815 MB" in bar.text.replace("\\", "")
            assert bar.value == 20
        go_on.set()
        let_downloads_end(app)
        assert "nomic-embed-text is installed." in said(app.success)
        assert "embed:latest" in installed(app).index
        button(app, "Close").click().run()
        assert not app.success
    assert [body["model"] for body in server.sent_to("/api/pull")] == ["nomic-embed-text"]


def test_a_download_that_is_stopped_says_how_to_go_on(nothing, monkeypatch):
    stream = Stream(lines({"status": "pulling manifest"}, LAYER), stays_open=True)
    with serving(CHAT, pull=stream) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = download(start("models.py"), "gemma3:1b")
        until_bytes()
        button(app, "Stop").click().run()
        let_downloads_end(app)
        assert server.left.wait(PATIENCE)
    assert "gemma3:1b was stopped. Download it again" in texts(app)


def test_a_failed_download_is_a_sentence(nothing, monkeypatch):
    error = "pull model manifest: Get https://registry.example/v2: dial tcp: no such host"
    stream = Stream(lines({"status": "pulling manifest"}, {"error": error}))
    with serving(CHAT, pull=stream) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = let_downloads_end(download(start("models.py"), "gemma3:1b"))
    assert "cannot reach Ollama's library to download 'gemma3:1b'" in texts(app)
