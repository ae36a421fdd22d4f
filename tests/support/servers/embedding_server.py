"""A scripted OpenAI-compatible server of embeddings: vectors that depend on the text alone, and faults on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from zlib import crc32

import numpy as np

from tests.support.scripted_ollama import Answer, Fixed, ScriptedServer, scripted_server

EMBEDDINGS = "/v1/embeddings"
MODELS = "/v1/models"
DIMENSION = 8
NAME = "test-embed"
BUSY: Fixed = (429, {"error": {"message": "too many requests"}})
FAILED: Fixed = (503, {"error": {"message": "the model is loading"}})


def vector_of(text: str) -> list[float]:
    """A vector that is not of length 1, the same for the same text."""
    return np.random.default_rng(crc32(text.encode())).normal(size=DIMENSION).tolist()


def unit_vector_of(text: str) -> np.ndarray:
    vector = np.array(vector_of(text))
    return vector / np.linalg.norm(vector)


def embedded(request: dict, *, tokens: int | None = None) -> Fixed:
    """The reply to a request for embeddings, the last text first: a client has to look at the index."""
    texts = request["input"]
    rows = [{"object": "embedding", "index": i, "embedding": vector_of(text)} for i, text in enumerate(texts)]
    body: dict[str, object] = {"object": "list", "model": request["model"], "data": rows[::-1]}
    if tokens is not None:
        body["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return 200, body


def listed(*names: str, **described: object) -> Fixed:
    """The reply to a request for the list of models, each with this description."""
    return 200, {"object": "list", "data": [{"id": name, "object": "model", **described} for name in names]}


class InTurn:
    """Gives the answers in turn, then those of `then`; requests may come from several threads at once."""

    def __init__(self, answers: Iterable[Fixed], then: Callable[[dict], Fixed] = embedded) -> None:
        self._answers = iter(answers)
        self._then = then
        self._lock = threading.Lock()

    def __call__(self, request: dict) -> Fixed:
        with self._lock:
            answer = next(self._answers, None)
        return answer or self._then(request)


@contextmanager
def embedding_server(answers: Mapping[str, Answer] | None = None) -> Iterator[ScriptedServer]:
    """A server with the model `NAME`; `answers` replace its own by path."""
    with scripted_server({MODELS: listed(NAME), EMBEDDINGS: embedded, **(answers or {})}) as server:
        yield server
