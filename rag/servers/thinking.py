"""Thoughts that a model writes inline, between <think> and </think>, told apart from its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.servers.types import Piece, Thought

_OPENING = "<think>"
_CLOSING = "</think>"


def split_thoughts(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, with a leading <think>...</think> of the text as Thought pieces without the tags.

    Only a tag at the beginning of the text counts, after white space; a later one is text that mentions it. Without
    an end tag all is thought. Tags may be cut anywhere between pieces of text. Other pieces pass through in their
    place.
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
    """Which part of the text is being read; `held` is its end, while that may still become a tag."""

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
        """What is held, which was no tag."""
        held, self.held = self.held, ""
        if self.part == "opening" and held.strip():
            self.part = "answer"
        if held:
            yield Thought(held) if self.part == "thoughts" else held


def _cut_before_tag(text: str) -> tuple[str, str]:
    """The text, and the longest end of it with which an end tag may begin."""
    for length in range(min(len(text), len(_CLOSING) - 1), 0, -1):
        if _CLOSING.startswith(text[-length:]):
            return text[:-length], text[-length:]
    return text, ""
