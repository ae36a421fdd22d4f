"""Reasoning: separate a model's thoughts from its answer while it streams, if the server has not.

Models mark thoughts with a pair of tags at the beginning, or with channels (the harmony format of gpt-oss). Some mark
only the end, because their template already holds the opening tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.errors import ModelError
from rag.servers.types import Piece, Thought

_PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
    "<seed:think>": "</seed:think>",
    "\u25c1think\u25b7": "\u25c1/think\u25b7",
    "<|channel>thought": "<channel|>",
}
_BARE, _BARE_END = "analysis", "assistantfinal"
"""What is left of harmony's marks where a server drops them: "analysisThe user asks...assistantfinalIt has 29.\""""
_HARMONY = ("<|start|>", "<|channel|>")
_CLOSINGS = tuple(_PAIRS.values())
_BEGINNINGS = (*_PAIRS, *_HARMONY, *_CLOSINGS, _BARE)
_CLOSING = re.compile("|".join(map(re.escape, _CLOSINGS)))
_CLOSING_LINE = re.compile(rf"\n[ \t]*(?:{_CLOSING.pattern})[ \t]*(?=\n)")
_MAY_CLOSE = re.compile(r"\n[ \t]*(\S*)[ \t]*$")
"""A last line that may still become one with a closing tag alone."""
_MARK = re.compile(r"<\|(start|channel|constrain|message|end|return|call)\|>")
_MAY_MARK = re.compile(r"<(?:\|\w{0,9}\|?)?$")
_THINKERS = re.compile(r"think|reason|\bqwq|(?:\b|-)r1\b|magistral|exaone-deep", re.IGNORECASE)
"""Names of models that think before every answer."""
_OKAY = ("ok", "okay", "alright", "wait")
_AFTER_OKAY = ("the", "i", "let", "we", "so", "this", "user", "what", "first")
_LEADS = ("", *(f"{word}{comma} " for word in ("so", "first", "well") for comma in ("", ",")))
_MUSINGS = (
    *(f"{word}{sign} {then}" for word in _OKAY for sign in ("", ",", ".") for then in _AFTER_OKAY),
    *(f"let me {verb}" for verb in ("think", "see", "look", "check")),
    *(f"{lead}{who} {verb} to" for lead in _LEADS for who in ("i", "we") for verb in ("need", "have")),
    *(f"{lead}the user {verb}" for lead in _LEADS for verb in ("is", "asks", "asked", "wants")),
    "hmm", "let's think", "let's see", "we are asked", "user asks",
)  # fmt: skip
"""How models begin to think aloud. Text with such a beginning is kept back until its end is known, and never lost."""
_MUSING = re.compile(rf"(?:{'|'.join(map(re.escape, _MUSINGS))}|hmm+)\b", re.IGNORECASE)
_KEPT_BACK = 200_000
_LONGEST_TAG = max(map(len, _CLOSINGS))


def split_thoughts(pieces: Iterator[Piece], model: str = "") -> Iterator[Piece]:
    """The pieces, with the model's thoughts as Thought pieces without their marks.

    Only a mark at the beginning of the text opens thoughts, after white space; a later one is ordinary text. Without an
    end mark, everything is thought. A closing tag without an opening one makes all text before it thoughts: text of
    a model whose name or first words say that it thinks is kept back until then, or until the stream ends; for any
    other text the tag must be alone on its line, and an empty Thought says that it `covers_text`.
    Marks may be split between pieces of text. Other pieces pass through unchanged.
    """
    reader = _Reader(is_thinker=bool(_THINKERS.search(model)))
    try:
        for piece in pieces:
            if isinstance(piece, str):
                yield from reader.read(piece)
            else:
                yield from reader.flush()
                if isinstance(piece, Thought) and piece.text:
                    reader.part = "answer"  # the server separates thoughts itself
                yield piece
    except ModelError:
        yield from reader.flush()
        raise
    yield from reader.flush()


@dataclass(slots=True)
class _Reader:
    """Parser state; `held` is the end of the text that may still become a mark, or all of it while it is kept back."""

    is_thinker: bool = False
    part: Literal["opening", "thoughts", "kept back", "text", "channels", "answer"] = "opening"
    held: str = ""
    closing: str = ""
    channel: str = ""
    in_message: bool = False

    def read(self, text: str) -> Iterator[str | Thought]:
        self.held += text
        if self.part == "opening":
            yield from self._read_opening()
        if self.part == "kept back":
            self._read_kept_back(len(text))
        if self.part == "thoughts":
            yield from self._read_thoughts()
        if self.part == "text":
            yield from self._read_text()
        if self.part == "channels":
            yield from self._read_channels()
        if self.part == "answer":
            yield from self.flush()

    def _read_opening(self) -> Iterator[str]:
        begun = self.held.lstrip()
        if begun == _BARE or any(tag != begun and tag.startswith(begun) for tag in _BEGINNINGS):
            return
        mark = next((tag for tag in _BEGINNINGS if begun.startswith(tag)), "")
        if mark == _BARE and not begun.removeprefix(_BARE)[0].isupper():
            mark = ""
        if mark and len(begun) < len(self.held):
            yield self.held[: -len(begun)]
        if mark in _HARMONY:
            self.part, self.held = "channels", begun
        elif mark in _CLOSINGS:
            self.part, self.held = "answer", begun.removeprefix(mark)
        elif mark:
            self.part, self.closing = "thoughts", _PAIRS.get(mark, _BARE_END)
            self.held = begun.removeprefix(mark)
        else:
            self._judge(begun)

    def _judge(self, begun: str) -> None:
        """Decide from the first words whether the text is kept back."""
        if self.is_thinker or _MUSING.match(begun):
            self.part = "kept back"
        elif not any(musing.startswith(begun.lower()) for musing in _MUSINGS):
            self.part = "text"

    def _read_kept_back(self, n_new: int) -> None:
        # Only the end can hold a new tag: the text may be long.
        if closed := _CLOSING.search(self.held, max(0, len(self.held) - n_new - _LONGEST_TAG)):
            self.part, self.closing = "thoughts", closed.group()
        elif len(self.held) > _KEPT_BACK:
            self.part = "text"

    def _read_thoughts(self) -> Iterator[Thought]:
        thought, closing, answer = self.held.partition(self.closing)
        if closing:
            self.part, self.held = "answer", answer
        else:
            thought, self.held = _cut_before_tag(thought, self.closing)
        if thought:
            yield Thought(thought)

    def _read_text(self) -> Iterator[str | Thought]:
        if closed := _CLOSING_LINE.search(self.held):
            yield from filter(None, [self.held[: closed.start()]])
            self.part, self.held = "answer", self.held[closed.end() :]
            yield Thought("", covers_text=True)
            return
        last = _MAY_CLOSE.search(self.held)
        may_close = last and any(tag.startswith(last[1]) for tag in _CLOSINGS)
        end = last.start() if last and may_close else len(self.held)
        if end:
            yield self.held[:end]
        self.held = self.held[end:]

    def _read_channels(self) -> Iterator[str | Thought]:
        """Messages between <|message|> and the next mark: those of the channel "final" are the answer."""
        while mark := _MARK.search(self.held):
            yield from self._of_channel(self.held[: mark.start()])
            if mark[1] in ("channel", "start"):
                self.channel = ""
            self.in_message = mark[1] == "message"
            self.held = self.held[mark.end() :]
        cut = _MAY_MARK.search(self.held)
        end = cut.start() if cut else len(self.held)
        yield from self._of_channel(self.held[:end])
        self.held = self.held[end:]

    def _of_channel(self, text: str) -> Iterator[str | Thought]:
        if not self.in_message:
            self.channel += text
        elif text:
            yield text if self.channel.split()[:1] == ["final"] else Thought(text)

    def flush(self) -> Iterator[str | Thought]:
        """The held text, which turned out not to be a mark."""
        held, self.held = self.held, ""
        if self.part == "opening" and held.strip():
            self.part = "answer"
        if self.part == "channels":
            yield from self._of_channel(held)
        elif held:
            yield Thought(held) if self.part == "thoughts" else held


def _cut_before_tag(text: str, tag: str) -> tuple[str, str]:
    """Split off the longest end of the text with which the tag may begin."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return text[:-length], text[-length:]
    return text, ""
