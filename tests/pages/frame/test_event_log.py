"""The event log of the app: what is added and asked leaves figures in it, and none of its words."""

from __future__ import annotations

import json
import logging

import pytest
from streamlit import logger as streamlit_logger

from pages.shared.frame import event_log
from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.runtime.events import start_log
from tests.conftest import ReadHere
from tests.pages.support.app import start, texts
from tests.pages.support.chat_page import ask
from tests.support.scripted_ollama import streamed

WORDS = ("wombat", "bergamot", "zeppelin", "mandolin")


@pytest.fixture
def json_log(monkeypatch: pytest.MonkeyPatch, capsys):
    """The app writes JSON to the captured standard error; afterwards nothing, and Streamlit as before."""
    monkeypatch.setenv("EXPLORER_LOG", "json")
    event_log._start.clear()
    handlers = [logger.streamlit_console_handler for logger in streamlit_logger._loggers.values()]
    formatters = [handler.formatter for handler in handlers]
    yield
    for handler, formatter in zip(handlers, formatters, strict=True):
        handler.setFormatter(formatter)
    event_log._start.clear()
    start_log("off")
    logging.captureWarnings(capture=False)


def test_documents_and_questions_leave_figures_and_no_words(json_log, sample, embedder, saying, tmp_path, capsys):
    saying(streamed("The wombat keeps its mandolin dry.", prompt_tokens=700))
    app = start("chat.py")
    diary = tmp_path / "Zeppelin diary.txt"
    diary.write_text("The wombat naps under the bergamot tree, next to its mandolin.")
    assert [one.outcome for one in ingest(sample, find_files([diary]), embedder, ReadHere())] == ["added"]
    ask(app, "Where does the wombat nap?")
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines if line["event"] != "log"] == [
        "started", "ingest finished", "question answered",
    ]  # fmt: skip
    answered = next(line for line in lines if line["event"] == "question answered")
    assert (answered["collection"], answered["model"]) == (sample.uid, "ollama:scripted:latest")
    assert (answered["prompt_tokens"], answered["ending"], answered["has_problem"]) == (700, "finished", False)
    assert answered["passages"] > 0
    assert [word for word in WORDS if word in written.lower()] == []


def test_streamlits_own_errors_are_written_without_their_texts(json_log, sample):
    start("models.py")
    logger = streamlit_logger.get_logger("streamlit.error_util")
    try:
        raise ValueError("the wombat is not a number")
    except ValueError as error:
        record = logger.makeRecord(logger.name, logging.ERROR, __file__, 1, "wombat", (), (ValueError, error, None))
    line = logger.streamlit_console_handler.format(record)
    assert json.loads(line)["error"] == "ValueError"
    assert "wombat" not in line


def test_an_invalid_setting_is_a_sentence_on_the_page(sample, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_LOG", "xml")
    assert "EXPLORER_LOG is 'xml'. Set it to off, text or json" in texts(start())
