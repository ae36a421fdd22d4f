"""Types of text generation: prompts, answering options, and the interface of a generator."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag import config
from rag.servers.types import Message, Piece
from rag.types import Hit

PromptStyle = Literal["chat", "plain", "tiny"]
"""Prompt style: "chat" has roles and whole passages; "plain" is one text to continue (for models without a chat
template); "tiny" has only the few sentences nearest to the question (for models that whole passages confuse)."""


@dataclass(frozen=True, slots=True)
class PromptParts:
    """Tokens of a prompt by purpose; their sum is its `n_tokens`."""

    system: int
    history: int
    context: int
    question: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages sent to a model, and what fits in its context window.

    `hits` are the passages that fit, in order: the first is passage 1; `left_out` are those that do not. `n_tokens`
    are the tokens of the messages, exact if `is_exact`. `history_left_out` earlier exchanges did not fit.
    """

    messages: tuple[Message, ...]
    hits: tuple[Hit, ...]
    left_out: tuple[Hit, ...]
    n_tokens: int
    context_window: int
    max_answer_tokens: int
    parts: PromptParts = PromptParts(0, 0, 0, 0)
    history_left_out: int = 0
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class AnsweringOptions:
    """Answering options. `context_window` is in tokens of prompt and answer together; it is lowered to what the model
    was trained for. `keep_alive` is how long Ollama keeps the model in memory ("5m"; "0": not at all; "-1": always)."""

    temperature: float = 0.0
    context_window: int = config.DEFAULT_CONTEXT_WINDOW
    max_answer_tokens: int = config.MAX_ANSWER_TOKENS
    keep_alive: str = "5m"


class Generator(Protocol):
    """An answering model."""

    @property
    def name(self) -> str:
        """The model's name on pages and on the command line."""

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together."""

    @property
    def max_answer_tokens(self) -> int:
        """Token limit of the answer."""

    @property
    def temperature(self) -> float:
        """Sampling temperature; 0 always chooses the most likely token."""

    @property
    def style(self) -> PromptStyle:
        """The prompt style that suits the model."""

    @property
    def counts_exactly(self) -> bool:
        """Whether `count_tokens` is exact, or an estimate."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Number of tokens of the messages in this model's prompt; an estimate is rather too high."""

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        """Stream pieces of the answer, and one Usage last. Closing the iterator, or setting `stop`, stops the model.

        Raises:
            ModelError: it is unreachable, refuses, or stops midway; pieces yielded before are valid.
        """
