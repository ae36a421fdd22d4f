"""Answers that are being written, each in a thread of its own: a page that reloads, or goes, loses none of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rag.answer import Progress, Stage
from rag.answering.types import Answer, LabelledAnswer
from rag.errors import ExplorerError
from rag.servers.types import Thought

_FAULT = "The answer stopped because of a fault in this program. What was stored before is kept; ask again."

Run = Callable[[threading.Event], Iterator[Progress]]
"""Makes one answer, whose Answer comes last; the event asks it to stop."""
Save = Callable[[tuple[LabelledAnswer, ...]], str]
"""Keeps the answers to a question once all are there; says what went wrong beside that, or nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What has come of one answer so far; `answer` is None until it is whole, and `problem` says why it never will."""

    label: str
    stage: str
    text: str
    thoughts: str
    answer: Answer | None
    problem: str

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or bool(self.problem)


class LiveTurn:
    """A question whose answers are being written, side by side where there are several. They are saved when all are
    there, by the thread of the last."""

    def __init__(self, question: str, runs: Mapping[str, Run], save: Save) -> None:
        self.question = question
        self._runs = dict(runs)
        self._save = save
        self._stops = {label: threading.Event() for label in runs}
        self._heard = {label: Heard(label, "", "", "", None, "") for label in runs}
        self._news = threading.Condition()
        self._version = 0
        self._started = time.monotonic()
        self._is_being_saved = False
        self._is_over = False
        self._is_saved = False
        self._problem = ""

    def start(self) -> None:
        """Begin to write every answer."""
        self._started = time.monotonic()
        for label in self._runs:
            threading.Thread(target=self._write, args=(label,), daemon=True, name=f"answer-{label}").start()

    def seconds(self) -> float:
        """How long ago it was begun."""
        return time.monotonic() - self._started

    def stop(self, label: str | None = None) -> None:
        """Ask this answer to stop, or all of them; what is written stays."""
        for own, event in self._stops.items():
            if label in (None, own):
                event.set()

    def heard(self) -> tuple[Heard, ...]:
        """What has come so far, in the order of the runs."""
        with self._news:
            return tuple(self._heard.values())

    @property
    def is_saved(self) -> bool:
        """Whether the answers that came are kept."""
        with self._news:
            return self._is_saved

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come, and all that came was saved, or could not be."""
        with self._news:
            return self._is_over

    @property
    def problem(self) -> str:
        """What went wrong, as a sentence; empty where nothing did."""
        with self._news:
            return self._problem

    def wait(self, version: int, seconds: float) -> int:
        """The number of the newest news, as soon as it is above `version`, or when the seconds have passed."""
        with self._news:
            self._news.wait_for(lambda: self._version > version, seconds)
            return self._version

    def _write(self, label: str) -> None:
        text, thoughts = "", ""
        try:
            for piece in self._runs[label](self._stops[label]):
                if isinstance(piece, Answer):
                    self._tell(Heard(label, "", piece.text, piece.thoughts, piece, ""))
                elif isinstance(piece, Stage):
                    self._tell(Heard(label, piece.name, text, thoughts, None, ""))
                else:
                    text += piece if isinstance(piece, str) else ""
                    thoughts += piece.text if isinstance(piece, Thought) else ""
                    self._tell(Heard(label, "writing", text, thoughts, None, ""))
        except Exception:
            logging.getLogger(__name__).exception("an answer failed")
            self._tell(Heard(label, "", text, thoughts, None, _FAULT))
        self._save_if_whole()

    def _tell(self, heard: Heard) -> None:
        with self._news:
            self._heard[heard.label] = heard
            self._version += 1
            self._news.notify_all()

    def _save_if_whole(self) -> None:
        """The last answer to come has all of them saved."""
        with self._news:
            heard = tuple(self._heard.values())
            if self._is_being_saved or not all(one.is_done for one in heard):
                return
            self._is_being_saved = True
        problem = next((one.problem for one in heard if one.problem), "")
        whole = tuple(LabelledAnswer(one.label, one.answer) for one in heard if one.answer)
        is_saved = bool(whole)
        try:
            problem = (self._save(whole) if whole else "") or problem
        except ExplorerError as error:
            is_saved, problem = False, str(error)
        with self._news:
            self._is_saved, self._problem, self._is_over = is_saved, problem, True
            self._version += 1
            self._news.notify_all()


class LiveTurns:
    """The questions that are being answered in this process, the same for every tab; one under each key."""

    def __init__(self) -> None:
        self._turns: dict[str, LiveTurn] = {}
        self._lock = threading.Lock()

    def start(self, key: str, turn: LiveTurn) -> bool:
        """Begin to answer, unless a question under this key is still being answered; whether it was begun."""
        with self._lock:
            if key in self._turns and not self._turns[key].is_over:
                return False
            # What is over and saved is read from its collection; what could not be saved waits to be seen.
            self._turns = {own: one for own, one in self._turns.items() if not one.is_over or one.problem}
            self._turns[key] = turn
        turn.start()
        return True

    def of(self, key: str) -> LiveTurn | None:
        """The question under this key, while it is being answered, and after that for a while."""
        with self._lock:
            return self._turns.get(key)

    def drop(self, key: str) -> None:
        """Forget the question under this key, if it is over."""
        with self._lock:
            if key in self._turns and self._turns[key].is_over:
                del self._turns[key]
