"""The words of a conversation as types: what is asked, sent, written, held against the sources, and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rag.retrieval.settings import RetrievalSettings
from rag.types import Hit

PromptStyle = Literal["chat", "plain", "tiny"]
"""How a model wants its prompt: roles and whole passages; all of it as one text that it continues (a model without a
chat template); or only the few sentences nearest to the question (a model that whole passages confuse)."""

Ending = Literal["finished", "length", "stopped", "broken"]
"""How an answer ended: the model was done, it reached its limit of tokens, someone stopped it, or it broke off."""

Verdict = Literal["supported", "unsupported", "unchecked"]
"""Whether a retrieved passage supports a sentence; unchecked is what states nothing that could be held against one."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question of a conversation and what was answered."""

    question: str
    answer: str


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


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of an answer, [start, end) of its text, held against every passage that the model was shown.

    `scores` has one similarity (cosine of the nearest sentence, in [-1, 1]) for each hit of the prompt, in order.
    `number` is the passage that supports it, from 1; 0 where none does. `passage` is the nearest sentence as a span
    of that hit's chunk text, or of the best hit's where none supports it. `missing` are numbers that the sentence
    states and that passage does not hold.
    """

    start: int
    end: int
    verdict: Verdict
    scores: tuple[float, ...]
    number: int = 0
    passage: tuple[int, int] = (0, 0)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds that each step took; `first_token` is from sending the prompt to the first piece, None without one."""

    rewriting: float = 0.0
    retrieval: float = 0.0
    first_token: float | None = None
    writing: float = 0.0
    citing: float = 0.0

    @property
    def total(self) -> float:
        """From the question to the cited answer."""
        return self.rewriting + self.retrieval + (self.first_token or 0.0) + self.writing + self.citing


@dataclass(frozen=True, slots=True)
class Dependence:
    """What became of an answer without one of its passages: `changed` are the positions in `Answer.supports` of the
    sentences that it no longer says; `text` is the other answer."""

    number: int
    text: str
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every step of one answer, kept, so that it can be shown again without a model.

    `query` is what was searched for: the question, or what it was rewritten to. `query_vector` is that query's unit
    vector, empty where none was made. `problem` is a sentence where the model failed; the text is what it had written.
    `notes` are sentences about what happened on the way. `asked_at` is ISO 8601 in UTC.
    """

    question: str
    query: str
    hits: tuple[Hit, ...]
    prompt: Prompt
    text: str
    supports: tuple[Support, ...]
    model: str
    usage: Usage
    timings: Timings
    thoughts: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    query_vector: tuple[float, ...] = ()
    settings: RetrievalSettings = field(default_factory=RetrievalSettings)
    temperature: float = 0.0
    asked_at: str = ""
    dependences: tuple[Dependence, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One of the answers to a question; the label tells those that stand side by side apart, and is empty for one."""

    label: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with its answer, or with several side by side.

    Turns of the same `slot` (from 0) are versions of one another: asked again, or with an edited question. `version`
    counts from 1 to `versions`. `turn_id` is 0 until the collection stores it.
    """

    question: str
    answers: tuple[LabelledAnswer, ...]
    slot: int = 0
    version: int = 1
    versions: int = 1
    turn_id: int = 0

    @property
    def exchange(self) -> Exchange:
        """The turn as history for a later question: its first answer."""
        return Exchange(self.question, self.answers[0].answer.text if self.answers else "")


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """What a list of conversations shows; `changed_at` is ISO 8601 in UTC."""

    conversation_id: int
    title: str
    n_turns: int
    changed_at: str


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
