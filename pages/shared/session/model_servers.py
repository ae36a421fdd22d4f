"""Cached answers of the model servers, and the model downloads of this process."""

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

Answer = TypeVar("Answer")


@st.cache_resource(show_spinner=False)
def downloads() -> ModelDownloads:
    """The model downloads, the same for every tab."""
    return ModelDownloads()


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def ollama_version(host: str) -> str:
    """The version of the Ollama server. Raises OllamaError if no server answers."""
    return OllamaServer(host).version()


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def loaded_models(host: str) -> frozenset[str]:
    """The names of the models that the Ollama server has in memory. Raises OllamaError."""
    return OllamaServer(host).loaded()


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _listed_by_ollama(host: str) -> list[OllamaModel] | ModelError:
    """`ollama_models` or its error, cached: otherwise every page run would wait for a server that never answers."""
    return _answer_or_error(OllamaServer(host).models)


def ollama_models(host: str) -> list[OllamaModel]:
    """The models of the Ollama server, cached for ten seconds. Raises OllamaError if no server answers."""
    return _answer_or_raise(_listed_by_ollama(host))


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _listed_by_openai_server(url: str) -> list[str] | ModelError:
    """`openai_models` or its error, cached."""
    return _answer_or_error(OpenAIServer(url, config.openai_key()).models) if url else []


def openai_models(url: str) -> list[str]:
    """The models of the OpenAI-compatible server; empty if no URL is set. Raises ModelError."""
    return _answer_or_raise(_listed_by_openai_server(url))


@st.cache_data(ttl=300, max_entries=32, show_spinner=False)
def _described_by_ollama(host: str, name: str) -> ModelDetails | ModelError:
    """`model_details` or its error, cached."""
    return _answer_or_error(partial(OllamaServer(host).details, name))


def model_details(host: str, name: str) -> ModelDetails:
    """The details of a model on the Ollama server. Raises OllamaError."""
    return _answer_or_raise(_described_by_ollama(host, name))


@st.cache_data(ttl=30, max_entries=2, show_spinner=False)
def embedding_models(host: str) -> list[str]:
    """The embedding models that load without a network; `host` is part of the key, since they include Ollama's."""
    return available_models()


def refresh_servers() -> None:
    """Clear the cached answers of the servers in every tab, so that new models and servers are seen."""
    lists = (_listed_by_ollama, _listed_by_openai_server, embedding_models)
    for kept in (*lists, ollama_version, loaded_models, _described_by_ollama):
        kept.clear()


def _answer_or_error(ask: Callable[[], Answer]) -> Answer | ModelError:
    """The answer of a server, or its error, so that both can be cached."""
    try:
        return ask()
    except ModelError as error:
        return error


def _answer_or_raise(answer: Answer | ModelError) -> Answer:
    if isinstance(answer, ModelError):
        raise answer
    return answer
