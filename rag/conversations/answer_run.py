"""Run one answer: load the models, answer the question, and turn any failure into an Answer that says why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rag.answer import Equipment, Progress, Request, answer_question, unanswered
from rag.answering.answer_event import answer_event
from rag.answering.types import Answer
from rag.conversations.recordings import recorded_for, replay
from rag.errors import CollectionError, ExplorerError, ModelError
from rag.runtime.events import log_event
from rag.store.collection import Collection


@dataclass(frozen=True, slots=True)
class AnswerRun:
    """Makes one answer in the thread that calls it.

    A call yields what `answer_question` yields, but raises no ExplorerError: it always ends with an Answer, whose
    `problem` says what went wrong, so that no question is lost.

    Attributes:
        model: the name of the answering model, for an answer that fails before the model is loaded.
        load: loads the equipment, which is slow; called in the thread of the run. None replays a recorded answer.
        searches_all: whether the whole collection is searched, which recorded answers need.
        has_recordings: whether a recorded answer replaces one that failed before its first word.
    """

    request: Request
    model: str
    load: Callable[[], Equipment] | None
    collection: Collection
    searches_all: bool = True
    has_recordings: bool = False

    def __call__(self, stop: threading.Event | None = None) -> Iterator[Progress]:
        """Answer the question; `stop` interrupts the model."""
        for piece in self._answered(stop):
            if isinstance(piece, Answer):
                log_event(answer_event(piece, self.collection.uid))
            yield piece

    def _answered(self, stop: threading.Event | None) -> Iterator[Progress]:
        if self.load is None:
            yield from replay(self.request, self.collection, searches_all=self.searches_all)
            return
        try:
            for piece in answer_question(self.request, self.load(), stop):
                yield self._with_fallback(piece) if isinstance(piece, Answer) else piece
        except ExplorerError as error:
            yield self._with_fallback(unanswered(self.request, self.model, str(error)))

    def _with_fallback(self, answer: Answer) -> Answer:
        """The recorded answer, if this one failed before its first word and there is a recording; else this answer.

        The first note of a recorded answer says why the model did not answer.
        """
        if not self.has_recordings or answer.usage.ending != "broken" or answer.text:
            return answer
        try:
            recorded = recorded_for(self.request, self.collection, searches_all=self.searches_all)
        except ModelError:
            return answer
        except CollectionError as error:
            return replace(answer, notes=(*answer.notes, str(error)))
        return replace(recorded, notes=(answer.problem, *recorded.notes))


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Gives an answer that was made before, next to answers that are made now."""

    request: Request
    answer: Answer

    @property
    def model(self) -> str:
        """The name of the model that made it."""
        return self.answer.model

    def __call__(self, stop: threading.Event | None = None) -> Iterator[Progress]:
        """Yield the answer."""
        yield self.answer
