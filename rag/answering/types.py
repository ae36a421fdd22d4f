"""The words of a conversation as types: what is asked, sent, written, held against the sources, and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.generation.types import Prompt
from rag.retrieval.settings import RetrievalSettings
from rag.servers.types import Usage
from rag.types import Hit

Verdict = Literal["supported", "unsupported", "unchecked"]
"""Whether a retrieved passage supports a sentence; unchecked is what states nothing that could be held against one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question of a conversation and what was answered."""

    question: str
    answer: str


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
