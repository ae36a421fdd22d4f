"""Faults of a model server on the Chat page, and every option that a model is asked with."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import streamlit as st

from rag.answering.prompt_template import PromptTemplate, choose_prompt
from tests.pages.support.app import answer_texts, button, labelled, start, texts
from tests.pages.support.chat_page import GOLD, QUESTION, ask, kept
from tests.support.scripted_ollama import Stream, chat_lines, streamed

CUT = Stream(chat_lines("They have 29 days of leave", prompt_tokens=9)[:3], stays_open=False)
RESET = Stream(CUT.chunks, cut_after=sum(map(len, CUT.wire())) - 40, reset=True)
FAULTS = {
    "stops in mid-answer": (RESET, "middle of the answer"),
    "ends without done": (CUT, "ended before"),
    "unknown model": ((404, {"error": "model not found"}), "ollama pull scripted:latest"),
    "out of memory": (
        (500, {"error": "model requires more system memory (9.9 GiB) than is available (1.0 GiB)"}), "memory"),
    "5xx": ((503, {"error": "server busy, please try again"}), "server busy"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_sentence_the_text_so_far_is_kept_and_the_next_question_works(sample, saying, monkeypatch, fault):
    answer, sentence = FAULTS[fault]
    saying(answer)
    app = ask(start("chat.py"), QUESTION)
    assert sentence in texts(app)
    turn = kept(sample)[0]
    if isinstance(answer, Stream):
        assert turn.answers[0].answer.text.startswith("They have")
        assert answer_texts(app) == [turn.answers[0].answer.text]
    saying(streamed(GOLD))
    labelled(app.toggle, "Rewrite follow-up questions").set_value(False).run()
    ask(app, "And now?")
    assert answer_texts(app)[-1] == GOLD
    assert sentence in texts(app)


def test_after_a_fault_of_this_program_the_next_question_can_be_asked_at_once(sample, saying, monkeypatch):
    def fails(*_: object) -> None:
        raise RuntimeError("a fault of this program")

    saying(streamed(GOLD))
    app = start("chat.py")
    with monkeypatch.context() as patched:
        patched.setattr("rag.answer.support", fails)
        ask(app, QUESTION)
    assert "fault in this program" in texts(app)
    assert not app.chat_input[0].disabled
    assert "Stop" not in [one.label for one in app.button]
    ask(app, QUESTION)
    assert answer_texts(app)[-1] == GOLD


def test_below_the_minimum_similarity_no_model_is_asked_until_answer_anyway(sample, server):
    app = start("chat.py")
    labelled(app.slider, "Minimum similarity").set_value(0.9).run()
    ask(app, "What is the airspeed of a swallow?")
    assert "The documents do not seem to cover this" in texts(app)
    assert server.sent_to("/api/chat") == []
    button(app, "Answer anyway").click().run()
    assert answer_texts(app) == ["Echo: What is the airspeed of a swallow?"]


def test_reasoning_is_in_a_closed_expander(sample, saying):
    saying(streamed(GOLD, thinking="The handbook says it."))
    app = ask(start("chat.py"), QUESTION)
    assert answer_texts(app) == [GOLD]
    assert labelled(app.expander, "Reasoning").text[0].value == "The handbook says it."


def test_the_chosen_wording_is_sent(sample, server):
    choose_prompt(sample, PromptTemplate("Answer like a pirate.", "{passages}\n\nAvast: {question}"))
    app = start("chat.py")
    assert button(app, "Prompt (edited)")
    ask(app, QUESTION)
    (body,) = server.sent_to("/api/chat")
    assert body["messages"][0]["content"].startswith("Answer like a pirate.")
    assert body["messages"][1]["content"].endswith(f"Avast: {QUESTION}")


def test_a_damaged_stored_prompt_is_a_message_and_the_default_is_used(sample, server):
    with closing(sqlite3.connect(sample.path)) as connection, connection:
        connection.execute("INSERT INTO meta VALUES ('prompt', '{')")
    app = start("chat.py")
    assert "The stored prompt cannot be read" in texts(app)
    ask(app, QUESTION)
    assert answer_texts(app) == [f"Echo: {QUESTION}"]


def test_damaged_recordings_are_no_choice_and_no_exception(sample, server, monkeypatch, tmp_path):
    (tmp_path / "recorded.json").write_text("{")
    monkeypatch.setattr("rag.conversations.recordings.config.SAMPLES", tmp_path)
    st.cache_resource.clear()
    app = start("chat.py")
    assert "Sample answers (prerecorded)" not in labelled(app.selectbox, "Answering model").options
    st.cache_resource.clear()


def test_options_are_sent(sample, server):
    app = start("chat.py")
    labelled(app.slider, "Temperature").set_value(0.7).run()
    labelled(app.select_slider, "Context window").set_value(2048).run()
    labelled(app.selectbox, "Keep in memory").set_value("1h").run()
    ask(app, QUESTION)
    (body,) = server.sent_to("/api/chat")
    assert (body["options"]["temperature"], body["options"]["num_ctx"], body["keep_alive"]) == (0.7, 2048, "1h")
