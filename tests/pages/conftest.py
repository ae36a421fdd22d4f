"""Fixtures of the page tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from pages.shared.session.model_servers import QUESTIONS, downloads, forget_servers
from pages.shared.session.resources import ingest_jobs
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.chat_page import echoed
from tests.pages.support.models_page import PATIENCE, REAL_HOST
from tests.support.scripted_ollama import HEALTHY, scripted_server


@pytest.fixture(autouse=True, scope="package")
def components_found_once() -> Iterator[None]:
    """Streamlit looks for components in all installed packages at each start, for half a second. Here it looks once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def fresh_caches(monkeypatch):
    """No Ollama unless a test asks for it, and no cache left from the test before."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    st.cache_data.clear()
    forget_servers()
    ingest_jobs.clear()


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch):
    """Pages wait for the servers, so that what they show does not depend on the machine's speed."""
    for question in QUESTIONS:
        monkeypatch.setattr(question, "patience", PATIENCE)


@pytest.fixture
def saying(monkeypatch):
    """Starts a server whose model gives one answer, or makes one from what it is sent."""
    with ExitStack() as servers:

        def begin(answer):
            running = servers.enter_context(scripted_server({**HEALTHY, "/api/chat": answer}))
            monkeypatch.setenv("OLLAMA_HOST", running.address)
            return running

        yield begin


@pytest.fixture
def server(saying):
    """A server whose model repeats the question."""
    return saying(echoed)


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
    """The real Ollama server of this machine, which other page tests never reach."""
    if REAL_HOST:
        monkeypatch.setenv("OLLAMA_HOST", REAL_HOST)
    else:
        monkeypatch.delenv("OLLAMA_HOST")
    return request.getfixturevalue("ollama")
