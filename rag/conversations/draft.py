"""Draft of a turn: a question is stored before its answers begin, and their words every few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer import unanswered
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.conversations.answer_run import AnswerRun, KeptAnswer
from rag.conversations.live import AnswerSoFar
from rag.conversations.store import Conversations

INTERRUPTED = (
    "The program ended while this answer was being written. The words that it had stored by then are kept. Ask again."
)


class TurnDraft:
    """A turn in the store while its answers are being written.

    If the program is killed, the turn stays with its question, the words stored so far, and the problem INTERRUPTED.
    Its calls may come from any thread, one at a time. Each raises CollectionError as `Conversations` does.

    Args:
        slot: the slot that gets a new version; None for a new slot at the end.
        runs: what makes each answer, by label.
    """

    def __init__(
        self,
        conversations: Conversations,
        conversation_id: int,
        slot: int | None,
        question: str,
        runs: Mapping[str, AnswerRun | KeptAnswer],
    ) -> None:
        self._conversations = conversations
        self._conversation_id, self._slot = conversation_id, slot
        self._question, self._runs = question, runs
        self._turn_id = 0

    def begin(self) -> int:
        """Store the question; returns the id of its turn."""
        turn = self._turn([AnswerSoFar(label) for label in self._runs])
        if self._slot is None:
            stored = self._conversations.add(self._conversation_id, turn)
        else:
            stored = self._conversations.add_version(self._conversation_id, self._slot, turn)
        self._turn_id = stored.turn_id
        return stored.turn_id

    def keep(self, answers: Sequence[AnswerSoFar]) -> None:
        """Store the words written so far."""
        self._conversations.replace(self._turn_id, self._turn(answers))

    def finish(self, answers: tuple[LabelledAnswer, ...]) -> None:
        """Store the complete answers."""
        self._conversations.replace(self._turn_id, Turn(self._question, answers))

    def _turn(self, answers: Sequence[AnswerSoFar]) -> Turn:
        return Turn(self._question, tuple(LabelledAnswer(one.label, self._unfinished(one)) for one in answers))

    def _unfinished(self, so_far: AnswerSoFar) -> Answer:
        if so_far.answer is not None:
            return so_far.answer
        run = self._runs[so_far.label]
        answer = unanswered(run.request, run.model, so_far.problem or INTERRUPTED)
        return replace(answer, text=so_far.text.strip(), thoughts=so_far.thoughts.strip())
