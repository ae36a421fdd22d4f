"""The last known answers of the model servers, asked in the background, and the model downloads of this process.

Every function here returns at once or after a quarter of a second: a server that takes longer is asked in the
background, and what it said before is used meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX, local_models
from rag.embedding.openai_embedder import embedding_models_of
from rag.errors import ModelError
from rag.runtime.last_known import Known, LastKnown
from rag.servers.downloads import ModelDownloads
from rag.servers.ollama import ModelDetails, OllamaModel, OllamaServer
from rag.servers.openai_compatible import OpenAIServer

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class NotYetKnown(ModelError):
    """A server has been asked, and has not answered yet."""


@dataclass(frozen=True, slots=True)
class ServerStates:
    """The models of Ollama, and those of the OpenAI-compatible server: None if no URL is set for it."""

    ollama: Known[list[OllamaModel]]
    other: Known[list[str]] | None

    @property
    def is_checking(self) -> bool:
        """Whether one of them is being asked."""
        return self.ollama.is_checking or (self.other is not None and self.other.is_checking)

    @property
    def answers(self) -> tuple[str, str]:
        """What is known, to be compared."""
        other = self.other.answer if self.other else None
        return repr(self.ollama.answer), repr(other)


@st.cache_resource(show_spinner=False)
def downloads() -> ModelDownloads:
    """The model downloads, the same for every tab."""
    return ModelDownloads()


_MOST_DESCRIBED = 100
# Several models are described at the same time, but not so many that the server has no time for an answer.
_describing = threading.Semaphore(4)


def _describe(model: tuple[str, str]) -> ModelDetails:
    host, name = model
    with _describing:
        return OllamaServer(host).details(name)


def _version(host: str) -> str:
    return OllamaServer(host).version()


def _in_memory(host: str) -> frozenset[str]:
    return OllamaServer(host).loaded()


def _models(host: str) -> list[OllamaModel]:
    return OllamaServer(host).models()


def _names(url: str) -> list[str]:
    return OpenAIServer(url, config.openai_key_for(url)).models()


def _embedding_names(url: str) -> list[str]:
    return embedding_models_of(OpenAIServer(url, config.openai_key_for(url)))


_versions = LastKnown(_version, fresh_seconds=10)
_loaded = LastKnown(_in_memory, fresh_seconds=10)
_by_ollama = LastKnown(_models, fresh_seconds=10)
_by_other = LastKnown(_names, fresh_seconds=10)
_embedding_by_other = LastKnown(_embedding_names, fresh_seconds=300)
_described = LastKnown(_describe, fresh_seconds=300, keep=200)
QUESTIONS = (_versions, _loaded, _by_ollama, _by_other, _embedding_by_other, _described)
"""All that servers are asked."""


def server_states(host: str, url: str) -> ServerStates:
    """What is known of both servers, which are asked at the same time."""
    _by_ollama.start(host)
    if url:
        _by_other.start(url)
    return ServerStates(_by_ollama.get(host), _by_other.get(url) if url else None)


def ollama_version(host: str) -> str:
    """The version of the Ollama server. Raises OllamaError if no server answers, NotYetKnown while it is asked."""
    return _answer(_versions, host, f"Ollama at {host}")


def loaded_models(host: str) -> frozenset[str]:
    """The names of the models that the Ollama server has in memory. Raises OllamaError, NotYetKnown."""
    return _answer(_loaded, host, f"Ollama at {host}")


def ollama_models(host: str) -> list[OllamaModel]:
    """The models of the Ollama server. Raises OllamaError if no server answers, NotYetKnown while it is asked.

    The server is also asked to describe them all, so that `model_details` need not wait for one after the other.
    """
    models = _answer(_by_ollama, host, f"Ollama at {host}")
    for model in models[:_MOST_DESCRIBED]:
        if not model.embeds_only:
            _described.start((host, model.name))
    return models


def openai_models(url: str) -> list[str]:
    """The models of the OpenAI-compatible server; empty if no URL is set. Raises ModelError, NotYetKnown."""
    return _answer(_by_other, url, f"The server at {url}") if url else []


def model_details(host: str, name: str) -> ModelDetails:
    """The details of a model on the Ollama server. Raises OllamaError, NotYetKnown."""
    return _answer(_described, (host, name), f"Ollama at {host}")


def ask_state(host: str) -> None:
    """Ask the Ollama server for its version and the loaded models at the same time, before the answers are used."""
    _versions.start(host)
    _loaded.start(host)


@st.cache_data(ttl=30, max_entries=1, show_spinner=False)
def _local_models() -> list[str]:
    return local_models()


def embedding_models(host: str) -> list[str]:
    """The embedding models that load without a download: this machine's, and those of the servers that answer.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    names = _local_models()
    with suppress(ModelError):
        names = names + [OLLAMA_PREFIX + model.name for model in ollama_models(host) if model.embeds_only]
    if url := config.openai_url():
        with suppress(ModelError):
            names = names + _answer(_embedding_by_other, url, f"The server at {url}")
    return names


def is_asking() -> bool:
    """Whether a server has not yet answered something that it was asked."""
    return any(question.is_asking for question in QUESTIONS)


def n_late_answers() -> int:
    """How many answers of servers came after a page had gone on without them, since the start of the process."""
    return sum(question.n_late for question in QUESTIONS)


def refresh_servers() -> None:
    """Ask the servers again at the next look, so that new models and servers are seen in every tab."""
    _local_models.clear()
    for question in QUESTIONS:
        question.expire()


def forget_servers() -> None:
    """Forget what the servers have answered."""
    _local_models.clear()
    for question in QUESTIONS:
        question.clear()


def _answer(question: LastKnown[K, T], key: K, server: str) -> T:
    known = question.get(key)
    if known.answer is None:
        raise NotYetKnown(f"{server} has not answered yet.")
    if isinstance(known.answer, ModelError):
        raise known.answer
    return known.answer
