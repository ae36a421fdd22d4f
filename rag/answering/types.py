"""Types of a conversation: questions, answers with their citations and timings, turns, and summaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.generation.types import Prompt
from rag.retrieval.settings import RetrievalSettings
from rag.servers.types import Usage
from rag.types import Hit

Verdict = Literal["supported", "altered", "unsupported", "unchecked"]
"""Whether a passage supports a sentence. "altered" is a sentence that resembles a passage but may say something else;
"unchecked" is a sentence that states nothing to check."""

ContradictionKind = Literal["negation", "name", "opposite", "unit", "number", "order"]
"""What two texts state differently: a "not", a name, a word and its opposite, what a number counts, a number in words,
or who does what to whom."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a sentence says otherwise than its passage, by rules that can be wrong.

    `stated` are the words of the sentence, `found` those of the passage in their place; either is empty if that text
    has none there. Of kind "order", both texts have both names, and `stated` is the one that the sentence has first.
    """

    kind: ContradictionKind
    stated: str
    found: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question of a conversation and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of an answer, checked against every hit in the prompt.

    Attributes:
        start: where the sentence begins in the answer's text, in characters.
        end: where it ends (exclusive).
        scores: for each hit of the prompt, in order, the cosine similarity of its most similar sentence, in [-1, 1].
        number: the number of the passage that supports the sentence, from 1, or that an altered sentence resembles; 0
            if there is none.
        passage: the most similar sentence as a span of the supporting hit's chunk text; if no passage supports the
            sentence, of the most similar hit's.
        missing: the numbers, dates and codes of the sentence that `passage` does not contain.
        contradictions: what an altered sentence says otherwise than `passage`; empty for the other verdicts.
        context: the line of context and labels that the model was shown above the chunk's text, if it supports the
            sentence: alone, where `passage` is empty, or together with `passage`.
    """

    start: int
    end: int
    verdict: Verdict
    scores: tuple[float, ...]
    number: int = 0
    passage: tuple[int, int] = (0, 0)
    missing: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    context: str = ""

    def cited(self, text: str) -> str:
        """What is cited of a chunk with this text: the context, the passage, or both in two lines."""
        return "\n".join(filter(None, (self.context, text[slice(*self.passage)])))


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds that each step took.

    `first_token` is the time from sending the prompt to the first piece, or None; `writing` is the time after it.
    """

    rewriting: float = 0.0
    retrieval: float = 0.0
    first_token: float | None = None
    writing: float = 0.0
    citing: float = 0.0

    @property
    def total(self) -> float:
        """Seconds from the question to the cited answer."""
        return self.rewriting + self.retrieval + (self.first_token or 0.0) + self.writing + self.citing


@dataclass(frozen=True, slots=True)
class Dependence:
    """Leave-one-out result for one passage: the answer without it, and the sentences that are then missing.

    Attributes:
        number: the number of the passage that was left out, from 1.
        text: the answer without that passage.
        changed: the positions in `Answer.supports` of the sentences that this text no longer has.
    """

    number: int
    text: str
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the results of every step, so that it can be shown again without a model.

    Attributes:
        query: the text that was searched for: the question, or its rewritten form.
        hits: the retrieved chunks; `prompt.hits` are those that the model was shown.
        problem: why the answer failed, as a sentence; empty if it did not fail. `text` is what the model wrote before.
        notes: sentences for the user about what happened in the steps.
        query_vector: the query's unit vector; empty if there is none.
        asked_at: the time, as ISO 8601 in UTC.
        dependences: the leave-one-out results; empty until they are measured.
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
    """One of the answers to a question; `label` names it among several side by side, and is empty for a single one."""

    label: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with its answer, or with several side by side.

    Turns of the same `slot` (from 0) are versions of each other: a regenerated answer or an edited question. `version`
    counts from 1 to `versions`. `turn_id` is 0 until the turn is stored in the collection.
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
    """A conversation in a list; `changed_at` is ISO 8601 in UTC."""

    conversation_id: int
    title: str
    n_turns: int
    changed_at: str
