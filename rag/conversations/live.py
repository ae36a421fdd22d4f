"""Live answers: written in background threads, so that a page that reloads or closes loses none of them.

Where a draft is given, the question is stored before its answers begin, and their words every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from rag import config
from rag.access.person import acting
from rag.answer import Found, Progress, Stage
from rag.answering.types import Answer, LabelledAnswer
from rag.errors import AccessError, CollectionError, ExplorerError
from rag.runtime.background import Report, TaskBoard
from rag.servers.types import Thought
from rag.types import Hit

_FAULT = "The answer stopped because of a fault in this program. Stored data is unchanged; ask again."

_KEPT_EVERY_SECONDS = 2.0
_KEEPING = "store the words so far"

Run = Callable[[threading.Event], Iterator[Progress]]
"""Makes one answer: yields what happens, the Answer last; the event asks it to stop."""
Save = Callable[[tuple[LabelledAnswer, ...]], str]
"""Saves the answers to a question once all are complete; returns a problem that did not prevent this, or ""."""


@dataclass(frozen=True, slots=True)
class AnswerSoFar:
    """Snapshot of an answer that is being written.

    `sources` are the passages found, empty until they are, and when the answer is complete. `answer` is None until it
    is complete; `problem` says why it will never be complete, and is empty otherwise.
    """

    label: str
    stage: str = ""
    text: str = ""
    thoughts: str = ""
    sources: tuple[Hit, ...] = ()
    answer: Answer | None = None
    problem: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it is complete or has failed."""
        return self.answer is not None or bool(self.problem)

    def extended(self, piece: Progress) -> AnswerSoFar:
        """The answer after the next piece."""
        match piece:
            case Answer():
                return AnswerSoFar(self.label, "", piece.text, piece.thoughts, answer=piece)
            case Found():
                return replace(self, sources=piece.hits)
            case Stage():
                return replace(self, stage=piece.name)
            case Thought(covers_text=True):
                return replace(self, stage="writing", text="", thoughts=self.thoughts + self.text + piece.text)
            case Thought():
                return replace(self, stage="writing", thoughts=self.thoughts + piece.text)
            case str():
                return replace(self, stage="writing", text=self.text + piece)


class Draft(Protocol):
    """A turn in a store while its answers are being written; both raise CollectionError if it cannot be stored."""

    def begin(self) -> int:
        """Store the question; returns the id of its turn."""

    def keep(self, answers: Sequence[AnswerSoFar]) -> None:
        """Store the words written so far."""


class LiveTurn:
    """A question and its answers, which are written at the same time; the last one to end saves them all.

    `turn_id` is the id under which the draft stored the question; 0 without a draft. `owner` is the id of the person
    who asks.
    """

    def __init__(self, question: str, runs: Mapping[str, Run], save: Save, draft: Draft | None = None) -> None:
        self.question = question
        self.turn_id = 0
        self.owner = acting().owner
        self._draft = draft
        self._storing = threading.Lock()
        self._runs = dict(runs)
        self._save = save
        self._tasks = TaskBoard(one_at_a_time=False)
        self._stops = {label: threading.Event() for label in runs}
        self._answers = {label: AnswerSoFar(label) for label in runs}
        self._news = threading.Condition()
        self._version = 0
        self._started = time.monotonic()
        self._is_being_saved = False
        self._is_over = False
        self._is_saved = False
        self._problem = ""

    def start(self) -> None:
        """Store the question and start all answers. Raises CollectionError if the question cannot be stored."""
        self._started = time.monotonic()
        if self._draft:
            self.turn_id = self._draft.begin()
            self._tasks.start(_KEEPING, "words of the answers", self._keep_words)
        for label, run in self._runs.items():
            work = partial(self._write, label, run)
            self._tasks.start(label, f"answer {label}", work, stop_requested=self._stops[label])

    def seconds(self) -> float:
        """Seconds since the answers were started."""
        return time.monotonic() - self._started

    def stop(self, label: str | None = None) -> None:
        """Ask the answer with this label to stop, or all of them; what is written stays."""
        for key, event in self._stops.items():
            if label in (None, key):
                event.set()

    def so_far(self) -> tuple[AnswerSoFar, ...]:
        """The answers as they are now, in the order of the runs."""
        with self._news:
            return tuple(self._answers.values())

    @property
    def is_saved(self) -> bool:
        """Whether the answers that were completed are saved."""
        with self._news:
            return self._is_saved

    @property
    def is_over(self) -> bool:
        """Whether all answers have ended, and were saved or could not be."""
        with self._news:
            return self._is_over

    @property
    def problem(self) -> str:
        """What went wrong, as a sentence; empty if nothing did."""
        with self._news:
            return self._problem

    def wait(self, version: int, seconds: float) -> int:
        """Wait until something has changed since `version`, at most these seconds; returns the present version."""
        with self._news:
            self._news.wait_for(lambda: self._version > version, seconds)
            return self._version

    def _keep_words(self, report: Report) -> None:
        """Store the words every few seconds until the answers are saved. A store that is busy delays no answer."""
        kept = self.so_far()
        while not self._wait_for_end(_KEPT_EVERY_SECONDS):
            answers = self.so_far()
            with self._storing:
                if self._draft and answers != kept and not self._is_being_saved:
                    # The complete answer will be stored, or its own error shown.
                    with suppress(CollectionError):
                        self._draft.keep(answers)
            kept = answers

    def _wait_for_end(self, seconds: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self._is_being_saved or self._is_over, seconds)

    def _write(self, label: str, run: Run, report: Report) -> None:
        """The work of one answer's task. A fault becomes the answer's problem, and the task logs it."""
        problem = _FAULT
        try:
            for piece in run(self._stops[label]):
                self._update(self._answers[label].extended(piece))
        except ExplorerError as error:
            problem = str(error)
        finally:
            if not self._answers[label].is_done:
                self._update(replace(self._answers[label], stage="", problem=problem))
            self._save_if_complete()

    def _update(self, answer: AnswerSoFar) -> None:
        with self._news:
            self._answers[answer.label] = answer
            self._notify()

    def _notify(self) -> None:
        self._version += 1
        self._news.notify_all()

    def _save_if_complete(self) -> None:
        """Save all answers, if this was the last one to end."""
        with self._news:
            answers = tuple(self._answers.values())
            if self._is_being_saved or not all(answer.is_done for answer in answers):
                return
            self._is_being_saved = True
        complete = tuple(LabelledAnswer(one.label, one.answer) for one in answers if one.answer)
        is_saved, problem = False, _FAULT
        try:
            with self._storing:
                if complete:
                    problem = self._save(complete)
                else:
                    problem = ""
                    if self._draft:
                        self._draft.keep(answers)
            is_saved = bool(complete)
            problem = problem or next((answer.problem for answer in answers if answer.problem), "")
        except ExplorerError as error:
            problem = str(error)
        finally:
            with self._news:
                self._is_saved, self._problem, self._is_over = is_saved, problem, True
                self._notify()


class LiveTurns:
    """The questions that are being answered in this process, by key, shared by all tabs."""

    def __init__(self) -> None:
        self._turns: dict[str, LiveTurn] = {}
        self._lock = threading.Lock()

    def start(self, key: str, turn: LiveTurn) -> bool:
        """Start a turn, unless one with this key is still being answered; returns whether it was started.

        Raises:
            CollectionError: the question cannot be stored.
            AccessError: as many questions of this person are being answered as they may ask at once.
        """
        with self._lock:
            if key in self._turns and not self._turns[key].is_over:
                return False
            self._require_few(turn.owner)
            # A saved turn is read from its collection; one that could not be saved stays until someone has seen it.
            self._turns = {kept: one for kept, one in self._turns.items() if not one.is_over or one.problem}
            self._turns[key] = turn
        try:
            turn.start()
        except CollectionError:
            with self._lock:
                del self._turns[key]
            raise
        return True

    def require_few(self) -> None:
        """Raise AccessError if as many questions of the acting person are being answered as they may ask at once."""
        with self._lock:
            self._require_few(acting().owner)

    def _require_few(self, owner: str) -> None:
        # The owner of all, who uses the app on their own machine, has no limit.
        active = sum(one.owner == owner and not one.is_over for one in self._turns.values())
        if owner and active >= config.questions_at_once():
            raise AccessError(
                f"{active} of your questions are being answered, as many as one person may ask at once. Wait until one "
                "is answered, or stop one."
            )

    def of(self, key: str) -> LiveTurn | None:
        """The turn with this key, from its start until it is dropped; None if there is none.

        When another turn starts, those that ended without a problem are dropped.
        """
        with self._lock:
            return self._turns.get(key)

    def drop(self, key: str) -> None:
        """Forget the turn with this key, if it is over."""
        with self._lock:
            if key in self._turns and self._turns[key].is_over:
                del self._turns[key]
