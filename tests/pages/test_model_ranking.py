"""The model that answers unless one is chosen: never a base model while another can answer, and the page says why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pages.shared.chat.asking import Question
from pages.shared.session.model_servers import QUESTIONS, forget_servers, is_asking
from tests.pages.support.app import answer_texts, button, labelled, start, texts
from tests.pages.support.chat_page import GOLD, QUESTION, ask, echoed, kept
from tests.support.scripted_ollama import CHAT_MODEL, HEALTHY, ScriptedServer, scripted_server, streamed

BASE = {"model_info": {"llama.context_length": 4096}, "template": "{{ .Prompt }}"}
REASON = "has no chat template: it continues the text of the prompt instead of answering."


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[[dict], ScriptedServer]]:
    """Starts a server that answers as a healthy one, with these exceptions."""
    with ExitStack() as servers:

        def begin(answers: dict) -> ScriptedServer:
            running = servers.enter_context(scripted_server({**HEALTHY, "/api/chat": echoed, **answers}))
            monkeypatch.setenv("OLLAMA_HOST", running.address)
            return running

        yield begin


def test_a_base_model_is_not_asked_until_one_chooses_it(sample, serve):
    server = serve({"/api/show": (200, BASE)})
    app = start("chat.py")
    assert f"answers. 'scripted:latest' {REASON}" in texts(app)
    ask(app, QUESTION)
    assert kept(sample)[0].answers[0].answer.model == "builtin"
    assert not server.sent_to("/api/chat")
    button(app, "Use scripted").click().run()
    assert REASON not in texts(app)
    assert labelled(app.selectbox, "Answering model").value == "ollama:scripted:latest"
    ask(app, "What is the name of the robot?")
    (body,) = server.sent_to("/api/chat")
    assert body["options"]["num_predict"] <= 96
    assert "\nQuestion:" in body["options"]["stop"]


def test_of_two_models_the_one_that_was_trained_to_answer_is_asked(sample, serve):
    bare = {**CHAT_MODEL, "name": "base", "model": "base", "size": 10}
    shown = {"base": (200, BASE), "scripted:latest": HEALTHY["/api/show"]}
    serve(
        {
            "/api/tags": (200, {"models": [bare, CHAT_MODEL]}),
            "/api/show": lambda body: shown[body["model"]],
            "/api/chat": streamed(GOLD),
        }
    )
    app = ask(start("chat.py"), QUESTION)
    assert answer_texts(app) == [GOLD]
    assert kept(sample)[0].answers[0].answer.model == "ollama:scripted:latest"
    assert "answers. " not in texts(app)


def test_a_server_that_answers_while_the_page_is_drawn_completes_it(sample, serve, monkeypatch):
    """The server answers after the page looked, and before the page's end."""
    serve({})
    start()  # what every page loads once
    forget_servers()
    for question in QUESTIONS:
        monkeypatch.setattr(question, "patience", 0.0)

    def prepare(question: Question) -> None:
        while is_asking():
            time.sleep(0.01)

    monkeypatch.setattr(Question, "prepare_equipment", prepare)
    app = start("chat.py")
    assert app.chat_input[0].placeholder == "Ask about your documents"
    assert labelled(app.selectbox, "Answering model").value == "ollama:scripted:latest"


def test_with_the_real_server_the_first_example_is_answered_with_its_source(sample, real_ollama):
    app = start("chat.py")
    assert REASON in texts(app)
    button(app, QUESTION).click().run()
    answer = kept(sample)[0].answers[0].answer
    assert "29" in answer.text
    assert "29" in answer.prompt.hits[answer.supports[0].number - 1].chunk.text
    assert answer.supports[0].verdict == "supported"
    assert "totals and lists may be incomplete" not in texts(app)
