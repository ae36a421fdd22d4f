"""What a model server is sent and what it streams back: messages, text, thoughts, usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["finished", "length", "stopped", "broken"]
"""How an answer ended: the model was done, it reached its limit of tokens, someone stopped it, or it broke off."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of what a thinking model writes before its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model itself reported after an answer; None where it is not known.

    Tokens read and written, and the seconds in which the server loaded the model, read the prompt, and wrote.
    `was_cut` says that the server read only a part of the prompt, by what was known of its counting.
    """

    prompt_tokens: int | None
    answer_tokens: int | None
    ending: Ending
    load_seconds: float | None = None
    prompt_seconds: float | None = None
    answer_seconds: float | None = None
    was_cut: bool = False


Piece = str | Thought | Usage
"""What a model's stream is made of: text, thoughts, and one Usage at the end."""
