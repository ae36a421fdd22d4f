"""Draft many questions: one chunk after the other, until there are as many as wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rag.errors import PromptError
from rag.evaluation.drafting.draft import Draft, NoQuestion, draft_question
from rag.evaluation.structure.candidates import normalized
from rag.generation.types import Generator
from rag.runtime.background import Report
from rag.types import Chunk

_FAILURES_AT_FIRST = 6
"""If so many chunks give no question and none has given one, the model is taken to be unable to."""
_ATTEMPTS_PER_QUESTION = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """The result: how many questions were drafted, how many chunks gave none, and the last reason as a sentence."""

    n_drafted: int
    n_failed: int
    problem: str


def draft_questions(
    chunks: Iterable[Chunk],
    names: Mapping[str, str],
    generator: Generator,
    keep: Callable[[Draft], None],
    *,
    n: int,
    known: Iterable[str] = (),
    report: Report,
    stop: threading.Event | None = None,
) -> Batch:
    """Draft n questions, each kept as soon as it is written, so that nothing is lost if the model fails or is stopped.

    A chunk without a usable question, or with a question that is there already, is followed by the next one; at most
    three chunks are tried for each question.

    Args:
        names: the documents' names by id.
        known: the texts of questions that are there already.

    Raises:
        NoQuestion: none of the first six chunks gave a usable question; the message is that of the last one.
        ModelError: the model is unreachable, refuses, or stops midway.
        Stopped: `stop` was set, or `report` said so.
    """
    texts = {normalized(text) for text in known}
    n_drafted, n_failed, problem = 0, 0, ""
    for chunk in chunks:
        report(max(n_drafted / n, (n_drafted + n_failed) / (_ATTEMPTS_PER_QUESTION * n)))
        try:
            draft = draft_question(chunk, names.get(chunk.document_id, ""), generator, stop)
        except (NoQuestion, PromptError) as error:
            n_failed, problem = n_failed + 1, str(error)
            if not n_drafted and n_failed == _FAILURES_AT_FIRST:
                raise
        else:
            if normalized(draft.text) in texts:
                n_failed, problem = n_failed + 1, f"'{generator.name}' wrote a question that was there already."
            else:
                keep(draft)
                texts.add(normalized(draft.text))
                n_drafted += 1
        if n_drafted == n or n_drafted + n_failed == _ATTEMPTS_PER_QUESTION * n:
            break
    return Batch(n_drafted, n_failed, problem)
