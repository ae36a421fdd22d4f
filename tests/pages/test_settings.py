"""Settings that cannot be read stop every page with a sentence; a server that never answers is not waited for again."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from pages.shared.session.model_servers import ollama_models, openai_models, refresh_servers
from rag import config
from rag.errors import OllamaError, OpenAIServerError
from rag.settings import FILE_NAME, SavedSettings, save_settings
from tests.pages.support.app import button, start, texts
from tests.support.scripted_ollama import Stream, scripted_server

TITLES = {
    "chat": "Chat",
    "compare_models": "Compare models",
    "data_quality": "Data quality",
    "documents": "Documents",
    "evaluate": "Evaluate",
    "how_it_works": "How embeddings work",
    "index_benchmark": "Index benchmark",
    "map": "Map",
    "models": "Models",
    "neighbors": "Neighbors",
    "search": "Search",
    "vector_arithmetic": "Vector arithmetic",
}


def open_page(name: str) -> AppTest:
    """The app, sent to a page as by a link on a cold server."""
    app = AppTest.from_file(str(config.ROOT / "app.py"), default_timeout=120)
    app.session_state["wanted-page"] = name
    app.run()
    assert not app.exception
    return app


def test_every_page_is_known_here():
    assert set(TITLES) == {path.stem for path in (config.ROOT / "pages").glob("[!_]*.py")}


@pytest.mark.slow
@pytest.mark.parametrize("page", TITLES)
def test_damaged_settings_are_a_sentence_on_every_page(sample, data_dir, page):
    (data_dir / FILE_NAME).write_text("{")
    app = open_page(page)
    assert f"{FILE_NAME}' are damaged" in app.error[0].value.replace("\\", "")
    assert "Correct the file, or delete it" in texts(app)
    assert not app.title
    (data_dir / FILE_NAME).unlink()
    button(app, "Try again").click().run()
    assert not app.exception
    assert [one.value for one in app.title] == [TITLES[page]]
    assert "are damaged" not in texts(app)


@pytest.fixture
def silent():
    """A server that takes every question, and answers none before the test is over."""
    over = threading.Event()
    never = Stream([b"{}"], pause=lambda _: over.wait())
    with scripted_server({"/api/tags": never, "/v1/models": never}) as server:
        yield server
        over.set()


def test_a_server_that_never_answers_is_asked_once_in_several_runs(nothing, silent, data_dir):
    save_settings(data_dir, SavedSettings(silent.address, f"{silent.address}/v1"))
    for _ in range(3):
        page = texts(start())
        assert f"no answer at {silent.address}" in page
        assert f"The server at {silent.address}/v1" in page
    assert sorted(request.path for request in silent.requests) == ["/api/tags", "/v1/models"]


@pytest.mark.parametrize(
    ("listed", "error", "base"), [(ollama_models, OllamaError, ""), (openai_models, OpenAIServerError, "/v1")]
)
def test_the_same_refusal_is_raised_until_servers_are_refreshed(listed, error, base):
    refusal = (503, {"error": "busy"})
    with scripted_server({"/api/tags": refusal, "/v1/models": refusal}) as server:
        said = []
        for _ in range(2):
            with pytest.raises(error) as raised:
                listed(server.address + base)
            said.append(str(raised.value))
        assert said[0] == said[1]
        assert len(server.requests) == 1
        refresh_servers()
        with pytest.raises(error):
            listed(server.address + base)
        assert len(server.requests) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("former", "title"),
    [
        ("playground", "Search"),
        ("arithmetic", "Vector arithmetic"),
        ("compare", "Compare models"),
        ("health", "Data quality"),
        ("index_lab", "Index benchmark"),
        ("map", "Map"),
    ],
)
def test_a_link_to_another_address_of_a_page_opens_it(sample, former, title):
    app = AppTest.from_file(str(config.ROOT / "app.py"), default_timeout=120)
    app._page_hash = calc_hash(former)  # AppTest.switch_page takes files only, and these addresses have none.
    app.query_params["query"] = "owl"
    app.run()
    assert not app.exception
    assert [one.value for one in app.title] == [title]
    assert app.query_params["query"] == "owl"
