"""Last known answers: asked in the background, shown meanwhile, asked again when they are not fresh."""

from __future__ import annotations

import threading

from rag.errors import ModelError
from rag.runtime.last_known import LastKnown

PATIENCE = 20.0


def test_an_answer_is_kept_until_it_expires():
    asked: list[str] = []
    known = LastKnown(lambda key: asked.append(key) or len(asked), fresh_seconds=600, patience=PATIENCE)
    assert [known.get("a").answer, known.get("a").answer, known.get("b").answer] == [1, 1, 2]
    known.expire()
    assert known.get("a").answer == 3
    assert asked == ["a", "b", "a"]


def test_meanwhile_the_last_answer_is_shown():
    go_on, answers = threading.Event(), iter([1, 2])

    def ask(key: str) -> int:
        answer = next(answers)
        if answer == 2:
            assert go_on.wait(PATIENCE)
        return answer

    known = LastKnown(ask, fresh_seconds=600, patience=PATIENCE)
    assert known.get("a").answer == 1
    known.expire()
    known.patience = 0.0
    shown = known.get("a")
    assert (shown.answer, shown.is_checking, known.is_asking) == (1, True, True)
    go_on.set()
    known.patience = PATIENCE
    assert known.get("a").answer == 2
    assert not known.is_asking


def test_before_the_first_answer_nothing_is_known():
    over = threading.Event()
    known = LastKnown(lambda key: over.wait(PATIENCE), fresh_seconds=600, patience=0.0)
    assert known.get("a").answer is None
    assert known.get("a").is_checking
    over.set()


def test_an_answer_is_late_when_somebody_went_on_without_it():
    over = threading.Event()
    known = LastKnown(lambda key: over.wait(PATIENCE), fresh_seconds=600, patience=0.0)
    known.start("nobody waits")
    known.get("a")
    known.get("a")
    assert known.n_late == 0
    over.set()
    known.patience = PATIENCE
    assert known.get("nobody waits").answer
    assert known.get("a").answer
    assert known.n_late == 1


def test_an_answer_in_time_is_not_late():
    known = LastKnown(lambda key: key, fresh_seconds=600, patience=PATIENCE)
    known.get("a")
    assert known.n_late == 0


def test_an_unexpected_error_is_an_answer_that_blames_the_app():
    def ask(key: str) -> int:
        raise ZeroDivisionError

    known = LastKnown(ask, fresh_seconds=600, patience=PATIENCE)
    assert "fault in this app, not in the server: ZeroDivisionError" in str(known.get("a").answer)


def test_an_error_is_an_answer():
    def ask(key: str) -> int:
        raise ModelError("no server")

    known = LastKnown(ask, fresh_seconds=600, patience=PATIENCE)
    assert str(known.get("a").answer) == "no server"


def test_an_answer_from_before_everything_was_forgotten_is_dropped():
    over, answers = threading.Event(), iter([1, 2])

    def ask(key: str) -> int:
        answer = next(answers)
        if answer == 1:
            assert over.wait(PATIENCE)
        return answer

    known = LastKnown(ask, fresh_seconds=600, patience=0.0)
    known.start("a")
    known.clear()
    known.patience = PATIENCE
    assert known.get("a").answer == 2
    over.set()
    assert known.get("a").answer == 2


def test_only_so_many_answers_are_kept():
    known = LastKnown(lambda key: key, fresh_seconds=600, patience=PATIENCE, keep=3)
    for key in range(20):
        assert known.get(key).answer == key
    assert len(known._answered) <= 4
