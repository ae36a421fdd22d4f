"""Last known answers: ask in the background, and show what is known meanwhile, so that nobody waits for a server."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rag.errors import ModelError
from rag.runtime.background import Report, TaskBoard

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_SLOW_FACTOR = 15.0
"""An answer that took long is kept so many times as long: 30 seconds for a server that never answers."""
_FAULT = "A fault in this app, not in the server: {} while asking it. The terminal that runs the app shows the details."
_numbers = itertools.count()
_BOARD = TaskBoard(keep=0, one_at_a_time=False)


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """What is known: the newest answer or its error, None before the first; and whether it is being asked again."""

    answer: T | ModelError | None
    is_checking: bool


@dataclass(slots=True)
class _Ask(Generic[T]):
    """One question on its way, and its answer."""

    started: float
    ended: float = 0.0
    answer: T | ModelError | None = None
    is_missed: bool = False
    """Somebody wanted the answer, and went on without it."""
    done: threading.Event = field(default_factory=threading.Event)


class LastKnown(Generic[K, T]):
    """The last answers to one kind of question, by its argument; shared by all tabs, thread-safe.

    Args:
        ask: answers the question, in a background thread; a ModelError that it raises is an answer too. Any other
            error is logged, and the answer says so.
        fresh_seconds: how long an answer counts as fresh.
        patience: seconds that `get` waits for an answer from the moment it was asked for; most servers answer sooner.
        keep: for how many arguments answers are kept.
    """

    def __init__(self, ask: Callable[[K], T], *, fresh_seconds: float, patience: float = 0.25, keep: int = 32) -> None:
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self.patience = patience
        self._keep = keep
        self._asks: dict[K, _Ask[T]] = {}
        self._answered: dict[K, _Ask[T]] = {}
        self._expired = 0.0
        self._n_late = 0
        self._lock = threading.Lock()

    @property
    def is_asking(self) -> bool:
        """Whether an answer is on its way."""
        with self._lock:
            return any(not ask.done.is_set() for ask in self._asks.values())

    @property
    def n_late(self) -> int:
        """How many answers came after a `get` had returned without them."""
        with self._lock:
            return self._n_late

    def start(self, key: K) -> None:
        """Ask in the background, unless the answer is fresh or on its way."""
        with self._lock:
            self._begin(key)

    def get(self, key: K) -> Known[T]:
        """What is known. Asks again first if it is not fresh, and waits for the answer, but only very briefly."""
        with self._lock:
            ask = self._begin(key)
        ask.done.wait(max(0.0, ask.started + self.patience - time.monotonic()))
        with self._lock:
            answered = self._answered.get(key)
            ask.is_missed |= not ask.done.is_set()
            return Known(answered.answer if answered else None, not ask.done.is_set())

    def expire(self) -> None:
        """Let no answer count as fresh; it is still shown until the next one comes."""
        with self._lock:
            self._expired = time.monotonic()

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._asks.clear()
            self._answered.clear()

    def _begin(self, key: K) -> _Ask[T]:
        ask = self._asks.get(key)
        if ask and ask.started > self._expired and (not ask.done.is_set() or self._is_fresh(ask)):
            return ask
        for full in (self._asks, self._answered):
            while len(full) > self._keep:
                del full[next(iter(full))]
        ask = self._asks[key] = _Ask(time.monotonic())
        _BOARD.start(f"ask-{next(_numbers)}", "Asking a server", self._work(key, ask))
        return ask

    def _is_fresh(self, ask: _Ask[T]) -> bool:
        kept = max(self._fresh_seconds, _SLOW_FACTOR * (ask.ended - ask.started))
        return time.monotonic() - ask.ended < kept

    def _work(self, key: K, ask: _Ask[T]) -> Callable[[Report], None]:
        def work(report: Report) -> None:
            try:
                ask.answer = self._ask(key)
            except ModelError as error:
                ask.answer = error
            except Exception as error:
                ask.answer = ModelError(_FAULT.format(type(error).__name__))
                raise
            finally:
                self._end(key, ask)

        return work

    def _end(self, key: K, ask: _Ask[T]) -> None:
        ask.ended = time.monotonic()
        with self._lock:
            # An answer to an older question, or from before `clear`, does not replace a newer one.
            earlier = self._answered.get(key)
            is_wanted = self._asks.get(key) is ask or (earlier and earlier.started < ask.started)
            if is_wanted and ask.answer is not None:
                self._answered[key] = ask
            self._n_late += ask.is_missed
            ask.done.set()
