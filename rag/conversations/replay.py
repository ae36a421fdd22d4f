"""Recorded answers in the place of a model: what the samples bring along, said again word for word."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from rag import config
from rag.answer import Equipment, Progress, Request, answer_or_problem, unanswered
from rag.answering.types import Answer
from rag.conversations.recordings import attached, recorded_answer, recorded_turns
from rag.errors import CollectionError, ExplorerError, ModelError
from rag.store.collection import Collection

RECORDED = "recorded"
"""The name of the choice to answer from recordings."""


def replay(
    request: Request, collection: Collection, stop: threading.Event | None = None, *, searches_all: bool = True
) -> Iterator[Progress]:
    """The recorded answer to a question, with its passages found in this collection; its model and date are noted.

    Where there is none, the Answer's `problem` says why, and which questions have one.

    Args:
        searches_all: whether the question is asked of the whole collection, as it was when it was recorded.
    """
    try:
        answer = _recorded(request, collection, searches_all)
    except ExplorerError as error:
        yield unanswered(request, RECORDED, str(error))
        return
    yield from answer.text.splitlines(keepends=True)
    yield answer


def answer_or_replay(
    request: Request,
    model: str,
    prepare: Callable[[], Equipment],
    collection: Collection,
    stop: threading.Event | None = None,
    *,
    searches_all: bool = True,
) -> Iterator[Progress]:
    """`answer_or_problem`, but where the model wrote nothing, the recorded answer to this question, if there is one.

    Its first note says what was wrong with the model. `searches_all` is as for `replay`.
    """
    for piece in answer_or_problem(request, model, prepare, stop):
        if isinstance(piece, Answer) and piece.usage.ending == "broken" and not piece.text:
            yield _in_place_of(piece, request, collection, searches_all)
        else:
            yield piece


def _in_place_of(failed: Answer, request: Request, collection: Collection, searches_all: bool) -> Answer:
    """The recorded answer; the failed one where none fits."""
    try:
        recorded = _recorded(request, collection, searches_all)
    except ModelError:
        return failed
    except CollectionError as error:
        return replace(failed, notes=(*failed.notes, str(error)))
    return replace(recorded, notes=(failed.problem, *recorded.notes))


def _recorded(request: Request, collection: Collection, searches_all: bool) -> Answer:
    """Raises ModelError where no recording fits the request, CollectionError where something cannot be read."""
    if not (searches_all and request.uses_documents and not request.settings.documents):
        raise ModelError(
            "Recorded answers were made from all documents. To answer without them, or from some, choose a model."
        )
    found = recorded_answer(request.question)
    if found is None:
        known = "; ".join(turn.question for turn in recorded_turns()[:5])
        raise ModelError(f"There is no recorded answer to this question. Ask one of these: {known}")
    answer = attached(found, collection).answers[0].answer
    named = "the built-in model" if answer.model == config.BUILTIN_GENERATOR else f"the model '{answer.model}'"
    note = f"Recorded on {answer.asked_at[:10]} from {named}. No model has written it now."
    return replace(answer, question=request.question, notes=(*answer.notes, note))
