"""A generator that is loaded when it is first used, so that what comes before it need not wait for the model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from rag.generation.types import Generator, Prompt, PromptStyle
from rag.servers.types import Message, Piece


class LateGenerator:
    """Stands for the generator that `load` returns; every member except `name` loads it first.

    Each of them raises what `load` raises: a ModelError if the model cannot be loaded.
    """

    def __init__(self, name: str, load: Callable[[], Generator]) -> None:
        self._name, self._load = name, load

    @cached_property
    def _generator(self) -> Generator:
        return self._load()

    @property
    def name(self) -> str:
        """The name by which the model was chosen."""
        return self._name

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together."""
        return self._generator.context_window

    @property
    def max_answer_tokens(self) -> int:
        """Token limit of the answer."""
        return self._generator.max_answer_tokens

    @property
    def temperature(self) -> float:
        """Sampling temperature."""
        return self._generator.temperature

    @property
    def style(self) -> PromptStyle:
        """The prompt style that suits the model."""
        return self._generator.style

    @property
    def counts_exactly(self) -> bool:
        """Whether `count_tokens` is exact."""
        return self._generator.counts_exactly

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Number of tokens of the messages in this model's prompt."""
        return self._generator.count_tokens(messages)

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        """Stream pieces of the answer, and one Usage last."""
        return self._generator.stream(prompt, stop)
