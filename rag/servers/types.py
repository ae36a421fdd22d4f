"""Types of the exchange with a model server: messages, pieces of text, thoughts and usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["finished", "length", "stopped", "broken"]
"""How an answer ended: complete, at the token limit, stopped by the user, or broken off by a fault."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of the reasoning that a model writes before its answer.

    With `covers_text`, all text before it was reasoning too: only its end was marked.
    """

    text: str
    covers_text: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """The server's report after an answer; None for values it does not report.

    Tokens of prompt and answer, and the seconds for loading the model, reading the prompt, and writing. `was_cut`
    means that the server read only a part of the prompt, judged by the expected token count.
    """

    prompt_tokens: int | None
    answer_tokens: int | None
    ending: Ending
    load_seconds: float | None = None
    prompt_seconds: float | None = None
    answer_seconds: float | None = None
    was_cut: bool = False


Piece = str | Thought | Usage
"""A piece of a model's stream: text, thoughts, and one Usage at the end."""
