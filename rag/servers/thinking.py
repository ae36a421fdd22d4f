"""Reasoning: separate the text between <think> and </think> from a model's answer while it streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.servers.types import Piece, Thought

_OPENING = "<think>"
_CLOSING = "</think>"


def split_thoughts(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, with a leading <think>...</think> as Thought pieces without the tags.

    Only a tag at the beginning of the text counts, after white space; a later tag is ordinary text. Without an end
    tag, everything is thought. Tags may be split between pieces of text. Other pieces pass through unchanged.
    """
    reader = _Reader()
    for piece in pieces:
        if isinstance(piece, str):
            yield from reader.read(piece)
        else:
            yield from reader.flush()
            yield piece
    yield from reader.flush()


@dataclass(slots=True)
class _Reader:
    """Parser state; `held` is the end of the text that may still become a tag."""

    part: Literal["opening", "thoughts", "answer"] = "opening"
    held: str = ""

    def read(self, text: str) -> Iterator[str | Thought]:
        self.held += text
        if self.part == "opening":
            yield from self._read_opening()
        if self.part == "thoughts":
            yield from self._read_thoughts()
        if self.part == "answer":
            yield from self.flush()

    def _read_opening(self) -> Iterator[str]:
        begun = self.held.lstrip()
        if begun.startswith(_OPENING):
            if len(begun) < len(self.held):
                yield self.held[: -len(begun)]
            self.part, self.held = "thoughts", begun.removeprefix(_OPENING)
        elif not _OPENING.startswith(begun):
            self.part = "answer"

    def _read_thoughts(self) -> Iterator[Thought]:
        thought, closing, answer = self.held.partition(_CLOSING)
        if closing:
            self.part, self.held = "answer", answer
        else:
            thought, self.held = _cut_before_tag(thought)
        if thought:
            yield Thought(thought)

    def flush(self) -> Iterator[str | Thought]:
        """The held text, which turned out not to be a tag."""
        held, self.held = self.held, ""
        if self.part == "opening" and held.strip():
            self.part = "answer"
        if held:
            yield Thought(held) if self.part == "thoughts" else held


def _cut_before_tag(text: str) -> tuple[str, str]:
    """Split off the longest end of the text with which an end tag may begin."""
    for length in range(min(len(text), len(_CLOSING) - 1), 0, -1):
        if _CLOSING.startswith(text[-length:]):
            return text[:-length], text[-length:]
    return text, ""
