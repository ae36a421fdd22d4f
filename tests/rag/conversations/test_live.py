"""Answers in threads of their own: heard as they come, stopped one by one, saved once, none lost."""

from __future__ import annotations

import threading
from dataclasses import replace

from rag.answer import Request, Stage, unanswered
from rag.conversations.live import LiveTurn, LiveTurns
from rag.errors import CollectionError
from rag.servers.types import Thought

PATIENCE = 10.0


def answer_of(text: str):
    return replace(unanswered(Request("Why?"), "made up", ""), text=text)


def saying(*pieces):
    """A run that says these pieces, and then the answer they make."""

    def run(stop):
        yield Stage("waiting")
        yield from pieces
        yield answer_of("".join(piece for piece in pieces if isinstance(piece, str)))

    return run


def keep(saved: list):
    def save(answers) -> str:
        saved.append(answers)
        return ""

    return save


def until_over(turn: LiveTurn) -> None:
    version = 0
    while not turn.is_over:
        newer = turn.wait(version, PATIENCE)
        assert newer > version
        version = newer


def test_what_comes_is_heard_and_saved_once():
    saved = []
    turn = LiveTurn("Why?", {"": saying(Thought("hm"), "Be", "cause.")}, keep(saved))
    turn.start()
    until_over(turn)
    (heard,) = turn.heard()
    assert (heard.text, heard.is_done, turn.problem, turn.is_saved) == ("Because.", True, "", True)
    assert [[one.answer.text for one in answers] for answers in saved] == [["Because."]]


def test_each_answer_side_by_side_is_stopped_alone():
    def until_stopped(stop):
        yield "one "
        assert stop.wait(PATIENCE)
        yield answer_of("one")

    saved = []
    turn = LiveTurn("Why?", {"a": until_stopped, "b": until_stopped}, keep(saved))
    turn.start()
    turn.stop("a")
    version = 0
    while not turn.heard()[0].is_done:
        version = turn.wait(version, PATIENCE)
    assert not turn.heard()[1].is_done
    assert not saved
    turn.stop()
    until_over(turn)
    assert [one.label for one in saved[0]] == ["a", "b"]


def test_a_fault_is_said_and_the_other_answer_is_saved():
    def faulty(stop):
        yield "half"
        raise ZeroDivisionError

    saved = []
    turn = LiveTurn("Why?", {"a": faulty, "b": saying("whole")}, keep(saved))
    turn.start()
    until_over(turn)
    assert "fault in this program" in turn.problem
    assert turn.heard()[0].text == "half"
    assert [one.label for one in saved[0]] == ["b"]


def test_answers_that_cannot_be_saved_say_why_and_stay():
    def refuse(answers):
        raise CollectionError("database is locked")

    turns = LiveTurns()
    turn = LiveTurn("Why?", {"": saying("text")}, refuse)
    assert turns.start("key", turn)
    until_over(turn)
    other = LiveTurn("And?", {"": saying("more")}, lambda answers: "")
    assert turns.start("other", other)
    assert turns.of("key") is turn
    assert "locked" in turn.problem
    assert not turn.is_saved
    turns.drop("key")
    assert turns.of("key") is None


def test_one_question_at_a_time_under_a_key():
    goes_on = threading.Event()

    def waiting(stop):
        assert goes_on.wait(PATIENCE)
        yield answer_of("late")

    turns = LiveTurns()
    first, second = (LiveTurn("Why?", {"": waiting}, lambda answers: "") for _ in range(2))
    assert turns.start("key", first)
    assert not turns.start("key", second)
    turns.drop("key")
    assert turns.of("key") is first
    goes_on.set()
    until_over(first)
    assert turns.start("key", second)
