"""Servers that misbehave, seen on the pages: drawn at once, a sentence once it is known, and never a traceback."""

from __future__ import annotations

import time

import pytest

from pages.shared.session.model_servers import QUESTIONS, forget_servers, is_asking, refresh_servers
from rag import config
from rag.settings import SavedSettings, save_settings
from rag.store.collection import Collection
from tests.pages.support.app import start, texts
from tests.pages.support.models_page import CHAT, chips, serving
from tests.support.scripted_ollama import scripted_server
from tests.support.servers.raw_server import FAULTS, bomb, raw_server

SHORT = 0.25
DRAWN_SECONDS = 8.0
"""Far more than a page takes, and less than the deadlines of all that it asks, one after the other."""
ON_PAGES = {
    "silent": "does not answer",
    "a byte now and then": "does not answer",
    "headers without an end, slowly": "does not answer",
    "a gzip bomb": "sent more than 4 MB",
    "a body without an end": "sent more than 4 MB",
    "deep JSON": "not an Ollama server",
    "a sign-in page": "answered with a web page",
    "a redirect to another host": "redirects to http://elsewhere.invalid",
    "204": "sent an empty reply",
    "random bytes": "not a valid HTTP reply",
}
LISTED = {"object": "list", "data": [{"id": "local-7b", "object": "model", "created": 1, "owned_by": "me"}]}


@pytest.fixture
def impatient_pages(patient_pages, monkeypatch):
    """Pages wait as long for a server as they really do."""
    for question in QUESTIONS:
        monkeypatch.setattr(question, "patience", SHORT)
    bomb()


def let_servers_answer() -> None:
    deadline = time.monotonic() + 20
    while is_asking():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ON_PAGES)
def test_the_page_is_drawn_at_once_and_then_says_what_is_wrong(nothing, data_dir, impatient_pages, fault):
    start()  # what every page loads once
    with raw_server(FAULTS[fault]) as server:
        save_settings(data_dir, SavedSettings(server.address, f"{server.address}/v1"))
        forget_servers()
        started = time.monotonic()
        app = start("models.py")
        assert time.monotonic() - started < DRAWN_SECONDS
        assert "SmolLM2-135M-Instruct" in texts(app)
        let_servers_answer()
        app.run()
        assert not app.exception
        assert ON_PAGES[fault] in texts(app)
        assert "Ollama URL" in [field.label for field in app.text_input]
        assert "Traceback" not in texts(app)
        for page in ("chat.py", "documents.py"):
            assert not start(page).exception


def test_while_a_server_is_asked_again_the_page_shows_what_it_said_before(nothing, monkeypatch, impatient_pages):
    with serving(CHAT) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        monkeypatch.setattr(QUESTIONS[2], "patience", 20)
        assert chips(start())["1 chat model"] == "Ollama: connected, 1 chat model."
        monkeypatch.setattr(QUESTIONS[2], "patience", 0.0)
        refresh_servers()
        assert chips(start())["1 chat model"] == "Ollama: connected, 1 chat model. Checking again."
        let_servers_answer()


def test_a_server_that_is_asked_for_the_first_time_is_being_checked(nothing, monkeypatch, impatient_pages):
    with raw_server(FAULTS["silent"]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = start("models.py")
        assert f"Checking {server.address}" in texts(app)
        assert "install Ollama" not in texts(app)
        assert chips(app)["Checking the servers"] == f"Checking Ollama at {server.address}."
        let_servers_answer()
        said = f"Ollama is not connected: no answer at {server.address}. The built-in model answers instead."
        assert chips(start())["Built-in model answers"] == said


def test_another_server_with_models_can_answer_too(nothing, monkeypatch):
    with scripted_server({"/v1/models": (200, LISTED)}) as server:
        monkeypatch.setenv("EXPLORER_OPENAI_URL", f"{server.address}/v1")
        app = start()
    said = "Ollama is not connected: no answer at 127.0.0.1:9. OpenAI-compatible server: connected, 1 model."
    assert chips(app)["1 chat model"] == said


@pytest.mark.parametrize(("address", "is_sent"), [("the same", True), ("another", False)])
def test_the_key_goes_only_to_the_server_that_it_was_given_for(
    nothing: Collection, data_dir, monkeypatch, address, is_sent
):
    with scripted_server({"/v1/models": (200, LISTED)}) as server:
        given_for = f"{server.address}/v1" if is_sent else "https://api.example.org/v1"
        monkeypatch.setenv("EXPLORER_OPENAI_URL", given_for)
        monkeypatch.setenv("EXPLORER_OPENAI_KEY", "secret-key")
        save_settings(data_dir, SavedSettings(openai_url=f"{server.address}/v1"))
        shown = texts(start("models.py"))
    assert {"secret-key" in str(request.headers) for request in server.requests} == {is_sent}
    assert ("A key is set." in shown) == is_sent
    assert ("not sent to this server: it was given for https://api.example.org/v1" in shown) != is_sent
    assert config.openai_key() == ("secret-key" if is_sent else "")
