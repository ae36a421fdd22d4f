"""Requests to the scripted model, and their results."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import pytest

from rag.errors import OllamaError
from rag.servers.ollama import OllamaServer
from rag.servers.types import Message, Piece
from tests.support.scripted_ollama import Answer, chat_lines, scripted_ollama

QUESTION = [Message("system", "Be brief."), Message("user", "Where do otters sleep?")]
ANSWER = "On the water, hand in hand."
HALF = chat_lines(ANSWER, prompt_tokens=1)[:3]
"""The lines of "On the water,"."""
PATIENCE = 10
"""Seconds after which a test gives up waiting."""


def ask(address: str, stop: threading.Event | None = None, keep_alive: str = "5m") -> Iterator[Piece]:
    return OllamaServer(address).chat(
        "scripted", QUESTION, num_ctx=2048, num_predict=64, keep_alive=keep_alive, stop=stop
    )


def asked(answer: Answer) -> list[Piece]:
    with scripted_ollama({"/api/chat": answer}) as address:
        return list(ask(address))


def fault_of(answer: Answer, keep_alive: str = "5m") -> tuple[str, str]:
    """The text written before the fault, and the error message."""
    written = []
    with scripted_ollama({"/api/chat": answer}) as address:
        with pytest.raises(OllamaError) as caught:
            written.extend(ask(address, keep_alive=keep_alive))
        return text_of(written), str(caught.value).replace(address, "HOST")


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))
