"""Recorded answers in the place of a model: what the samples bring along, said again word for word."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from rag.answer import Equipment, Progress, Request, answer_or_problem, unanswered
from rag.chat_types import Answer
from rag.collection import Collection
from rag.recorded import attached, recorded_answer, recorded_turns

RECORDED = "recorded"
"""The name of the choice to answer from recordings."""


def replay(request: Request, collection: Collection, stop: threading.Event | None = None) -> Iterator[Progress]:
    """The recorded answer to a question, with its passages found in this collection; its model and date are noted.

    Where there is none, the Answer's `problem` names the questions that have one.
    """
    found = recorded_answer(request.question)
    if found is None:
        known = "; ".join(turn.question for turn in recorded_turns()[:5])
        yield unanswered(request, RECORDED, f"There is no recorded answer to this question. Ask one of these: {known}")
        return
    answer = attached(found, collection).answers[0].answer
    note = f"Recorded on {answer.asked_at[:10]} from the model '{answer.model}'. No model was asked now."
    yield from answer.text.splitlines(keepends=True)
    yield replace(answer, question=request.question, notes=(*answer.notes, note))


def answer_or_replay(
    request: Request,
    model: str,
    prepare: Callable[[], Equipment],
    collection: Collection,
    stop: threading.Event | None = None,
) -> Iterator[Progress]:
    """`answer_or_problem`, but where the model wrote nothing, the recorded answer to this question, if there is one.

    Its first note says what was wrong with the model.
    """
    for piece in answer_or_problem(request, model, prepare, stop):
        failed = isinstance(piece, Answer) and piece.usage.ending == "broken" and not piece.text
        if not isinstance(piece, Answer) or not failed or recorded_answer(request.question) is None:
            yield piece
            continue
        for recorded in replay(request, collection, stop):
            if isinstance(recorded, Answer):
                recorded = replace(recorded, notes=(piece.problem, *recorded.notes))
            yield recorded
