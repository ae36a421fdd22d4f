"""What the model servers say, kept for a moment, and the downloads of this process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import streamlit as st

from rag import config
from rag.embedding.embedder import available_models
from rag.errors import ModelError
from rag.servers.downloads import ModelDownloads
from rag.servers.ollama import ModelDetails, OllamaModel, OllamaServer
from rag.servers.openai_compatible import OpenAIServer

Said = TypeVar("Said")


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


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def listed_by_ollama(host: str) -> list[OllamaModel] | ModelError:
    """`ollama_models`, or why not: a server that never answers would else make every run of every page wait for it."""
    return _said_or_why(OllamaServer(host).models)


def ollama_models(host: str) -> list[OllamaModel]:
    """The Ollama server's models; asked again after ten seconds. Raises OllamaError where none answers."""
    return _or_raised(listed_by_ollama(host))


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def listed_by_openai_server(url: str) -> list[str] | ModelError:
    """`openai_models`, or why not."""
    return _said_or_why(OpenAIServer(url, config.openai_key()).models) if url else []


def openai_models(url: str) -> list[str]:
    """The models of an OpenAI-compatible server; none where no address is set. Raises ModelError."""
    return _or_raised(listed_by_openai_server(url))


@st.cache_data(ttl=300, max_entries=32, show_spinner=False)
def described_by_ollama(host: str, name: str) -> ModelDetails | ModelError:
    """`model_details`, or why not."""
    return _said_or_why(partial(OllamaServer(host).details, name))


def model_details(host: str, name: str) -> ModelDetails:
    """What the Ollama server says of a model. Raises OllamaError."""
    return _or_raised(described_by_ollama(host, name))


@st.cache_data(ttl=30, max_entries=2, show_spinner=False)
def embedding_models(host: str) -> list[str]:
    """Embedding models that load without a network."""
    return available_models()


def ask_anew() -> None:
    """Forget what the servers said, in every tab: models have come or gone, or a server was started."""
    lists = (listed_by_ollama, listed_by_openai_server, embedding_models)
    for kept in (*lists, ollama_version, loaded_models, described_by_ollama):
        kept.clear()


def _said_or_why(ask: Callable[[], Said]) -> Said | ModelError:
    """What a server says, or why it does not, to be remembered for a while either way."""
    try:
        return ask()
    except ModelError as error:
        return error


def _or_raised(said: Said | ModelError) -> Said:
    if isinstance(said, ModelError):
        raise said
    return said
