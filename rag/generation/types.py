"""A prompt, the options of an answer, and the interface of a model that generates text."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.servers.types import Message, Piece
from rag.types import Hit

PromptStyle = Literal["chat", "plain", "tiny"]
"""How a model wants its prompt: roles and whole passages; all of it as one text that it continues (a model without a
chat template); or only the few sentences nearest to the question (a model that whole passages confuse)."""


@dataclass(frozen=True, slots=True)
class PromptParts:
    """Tokens of a prompt by what they are for; together they are its `n_tokens`."""

    system: int
    history: int
    context: int
    question: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent, and how it fits.

    `hits` are those that fit in, in order: the first is passage 1; `left_out` those that did not. `n_tokens` counts
    the messages as the model does, exactly where `is_exact`. `history_left_out` earlier exchanges had no room.
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
    """How a model is asked to answer. `context_window` is in tokens of prompt and answer together, and never more
    than the model was trained for; `keep_alive` is how long the server keeps the model in memory ("5m", "0", "-1")."""

    temperature: float = 0.0
    context_window: int = 4096
    max_answer_tokens: int = 256
    keep_alive: str = "5m"


class Generator(Protocol):
    """A model that answers."""

    @property
    def name(self) -> str:
        """How the model is called on screen and on the command line."""

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together."""

    @property
    def max_answer_tokens(self) -> int:
        """Tokens of the answer at most."""

    @property
    def temperature(self) -> float:
        """How freely it chooses words; 0 takes the likeliest each time."""

    @property
    def style(self) -> PromptStyle:
        """How it wants its prompt."""

    @property
    def counts_exactly(self) -> bool:
        """Whether `count_tokens` is exact, or an estimate."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens the messages take in this model's prompt; an estimate is on the high side."""

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        """Pieces as they are written, and one Usage last. Closing the iterator, or setting `stop`, stops the model.

        Raises:
            ModelError: it cannot be reached, refuses, or breaks off; pieces yielded before are good.
        """
