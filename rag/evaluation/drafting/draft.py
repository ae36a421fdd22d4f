"""A drafted question: an answering model reads one chunk and writes one question that the chunk answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator as Closable
from collections.abc import Sequence
from dataclasses import dataclass

from rag import config
from rag.errors import ExplorerError, ModelError
from rag.evaluation.drafting.cleaning import question_in, whole_questions
from rag.evaluation.drafting.copied import Copied, copied_words
from rag.evaluation.drafting.prompt import EXAMPLES, drafting_prompt
from rag.evaluation.questions import QUOTED, ExamQuestion, GoldSpan, question_id
from rag.evaluation.structure.candidates import normalized
from rag.generation.types import Generator, Prompt
from rag.runtime.background import Stopped
from rag.servers.types import Usage
from rag.types import Chunk

DRAFTED_KIND = "drafted"
_POINTING = re.compile(r"\b(?:this|these|those|following)\b", re.IGNORECASE)
_FEWEST_TELLING = 2
"""Telling words of a small model's question: "What is the code?" asks about nothing in particular."""
_LIKE_AN_EXAMPLE = 5
"""Words in a row that a question shares with an example of the prompt only if it copies it."""
_LONGEST_READ = 4000
"""Characters of a model's text after which no question is expected any more."""


class NoQuestion(ExplorerError):
    """A model wrote no usable question about a passage; another passage or model may give one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that a model wrote about a chunk, before a person has decided on it.

    `span` is the chunk with its quote, grade 1. `copied` in [0, 1] is the share of the question's telling words that
    stand in the passage, and `longest_run` the most words in a row; see `copied_words`. `model` is the name of the
    generator.
    """

    text: str
    span: GoldSpan
    copied: float
    longest_run: int
    model: str


def draft_question(
    chunk: Chunk,
    document_name: str,
    generator: Generator,
    stop: threading.Event | None = None,
    *,
    other_than: Sequence[str] = (),
) -> Draft:
    """Let the model write one question that the chunk answers, in the chunk's language and in other words.

    The model is stopped as soon as it has written a whole question.

    Args:
        other_than: earlier questions about the chunk, of which none is wanted again.

    Raises:
        NoQuestion: the model wrote something else; the message names the model and says what to do.
        PromptError: the chunk does not fit into the model's context window.
        ModelError: the model is unreachable, refuses, or stops midway.
        Stopped: `stop` was set before the question was there.
    """
    prompt = drafting_prompt(chunk, document_name, generator, other_than)
    written, usage = _written(prompt, generator, stop)
    found = question_in(written, chunk.text)
    if not found.text:
        if usage.ending == "stopped" or (stop is not None and stop.is_set()):
            raise Stopped("The drafting was stopped. Start it again for more questions.")
        if usage.ending == "broken":
            raise ModelError(f"'{generator.name}' broke off before it had written a question. Try again.")
        raise NoQuestion(_what_to_do(generator, found.problem))
    copied = copied_words(found.text, chunk.text)
    problem = "it wrote the same question again" if _is_among(found.text, other_than) else ""
    if problem := problem or (_fault_of_small(found.text, copied) if generator.style != "chat" else ""):
        raise NoQuestion(_what_to_do(generator, problem))
    return Draft(found.text, _span_of(chunk, document_name), copied.share, copied.longest_run, generator.name)


def as_question(draft: Draft, text: str | None = None) -> ExamQuestion:
    """The draft as a question of an exam; `text` is the question as a person has edited it, None as drafted.

    Raises:
        ValueError: the text is empty.
    """
    asked = " ".join((draft.text if text is None else text).split())
    if not asked:
        raise ValueError("A question needs a text")
    return ExamQuestion(question_key(DRAFTED_KIND, asked, draft.span), asked, (draft.span,), DRAFTED_KIND, "drafted")


def question_key(kind: str, text: str, span: GoldSpan | None) -> str:
    """The id of a question about a passage: the same text about another passage is another question."""
    return question_id(kind, text, f"{span.document}:{span.start}" if span else "")


def _span_of(chunk: Chunk, document_name: str) -> GoldSpan:
    return GoldSpan(document_name, chunk.start, chunk.end, 1, chunk.text[:QUOTED])


def _written(prompt: Prompt, generator: Generator, stop: threading.Event | None) -> tuple[str, Usage]:
    """The model's text without thoughts, and its report; it is stopped after the first usable line."""
    text, usage = "", Usage(None, None, "finished")
    pieces = generator.stream(prompt, stop)
    try:
        for piece in pieces:
            if isinstance(piece, Usage):
                usage = piece
            elif isinstance(piece, str):
                text += piece
                if ("\n" in piece and question_in(text.rpartition("\n")[0]).text) or len(text) > _LONGEST_READ:
                    break
    finally:
        if isinstance(pieces, Closable):
            pieces.close()
    return (text if usage.ending == "finished" else whole_questions(text)), usage


def _is_among(question: str, others: Sequence[str]) -> bool:
    """Whether a question has the words of another one, in the same order."""
    return any(normalized(question) == normalized(one) for one in others)


def _fault_of_small(question: str, copied: Copied) -> str:
    """Why a question of a model that only imitates cannot be used, as a phrase; empty if it may be.

    Such a model uses the words of its text if it has understood anything, and often writes about an example instead.
    """
    if not copied.share:
        return f"its question is about something else (“{question}”)"
    if copied.n_telling < _FEWEST_TELLING or _POINTING.search(question):
        return f"its question does not say what it is about (“{question}”)"
    if any(copied_words(question, one.question).longest_run >= _LIKE_AN_EXAMPLE for one in EXAMPLES):
        return f"it repeated an example of its prompt (“{question}”)"
    return ""


def _what_to_do(generator: Generator, problem: str) -> str:
    name = "The built-in model" if generator.name == config.BUILTIN_GENERATOR else f"'{generator.name}'"
    small = generator.style != "chat"
    reason = " It is too small for this, or was not trained to follow instructions." if small else ""
    return (
        f"{name} wrote no usable question: {problem}.{reason} Choose a larger answering model, or try another passage."
    )
