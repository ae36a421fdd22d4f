"""What the model servers say, kept for a moment, and the downloads of this process."""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import described_by_ollama, embedding_models, listed_by_ollama, listed_by_openai_server
from rag.model_downloads import ModelDownloads
from rag.ollama_server import OllamaServer


@st.cache_resource(show_spinner=False)
def downloads() -> ModelDownloads:
    """The models that are being downloaded, the same for every tab."""
    return ModelDownloads()


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def ollama_version(host: str) -> str:
    """The Ollama server's version. Raises OllamaError where none answers."""
    return OllamaServer(host).version()


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def loaded_models(host: str) -> frozenset[str]:
    """The names of the models that the Ollama server has in memory. Raises OllamaError."""
    return OllamaServer(host).loaded()


def ask_anew() -> None:
    """Forget what the servers said, in every tab: models have come or gone, or a server was started."""
    lists = (listed_by_ollama, listed_by_openai_server, embedding_models)
    for kept in (*lists, ollama_version, loaded_models, described_by_ollama):
        kept.clear()
