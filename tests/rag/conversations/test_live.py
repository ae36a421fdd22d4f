"""Live answers: visible while they are written, stopped one by one, saved once, none lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from rag import config
from rag.answer import Found, Request, Stage, unanswered
from rag.conversations.live import AnswerSoFar, LiveTurn, LiveTurns
from rag.errors import CollectionError
from rag.servers.types import Thought
from tests.support.turns import made_hit

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


def test_the_passages_found_are_there_before_the_first_word():
    hits = (made_hit(1, "Leave is 29 days."),)
    so_far = AnswerSoFar("").extended(Stage("retrieving")).extended(Found(hits)).extended(Stage("waiting"))
    assert (so_far.sources, so_far.text, so_far.stage) == (hits, "", "waiting")
    assert so_far.extended("Be").sources == hits


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
    # A fault is logged by the task, after the answer has shown it.
    for answer in turn.so_far():
        turn._tasks.wait(answer.label)


def test_pieces_are_visible_as_they_come_and_the_answer_is_saved_once():
    saved = []
    turn = LiveTurn("Why?", {"": saying(Thought("hm"), "Be", "cause.")}, keep(saved))
    turn.start()
    until_over(turn)
    (answer,) = turn.so_far()
    assert (answer.text, answer.is_done, turn.problem, turn.is_saved) == ("Because.", True, "", True)
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
    while not turn.so_far()[0].is_done:
        version = turn.wait(version, PATIENCE)
    assert not turn.so_far()[1].is_done
    assert not saved
    turn.stop()
    until_over(turn)
    assert [one.label for one in saved[0]] == ["a", "b"]


def test_a_fault_is_logged_and_shown_and_the_other_answer_is_saved(caplog):
    def faulty(stop):
        yield "half"
        raise ZeroDivisionError

    saved = []
    turn = LiveTurn("Why?", {"a": faulty, "b": saying("whole")}, keep(saved))
    turn.start()
    until_over(turn)
    assert "fault in this program" in turn.problem
    assert "ZeroDivisionError" in caplog.text
    assert turn.so_far()[0].text == "half"
    assert [one.label for one in saved[0]] == ["b"]


def test_a_problem_that_a_person_can_fix_is_shown_as_it_is(caplog):
    def refused(stop):
        yield "half"
        raise CollectionError("The collection is gone. Import it again.")

    turn = LiveTurn("Why?", {"": refused}, lambda answers: pytest.fail("nothing is complete"))
    turn.start()
    until_over(turn)
    assert (turn.problem, turn.is_saved) == ("The collection is gone. Import it again.", False)
    assert not caplog.records


def test_a_run_that_ends_without_an_answer_is_a_fault():
    turn = LiveTurn("Why?", {"": lambda stop: iter(["half"])}, lambda answers: pytest.fail("nothing is complete"))
    turn.start()
    until_over(turn)
    assert (turn.so_far()[0].is_done, "fault in this program" in turn.problem) == (True, True)


def test_a_fault_in_saving_ends_the_turn_and_says_so(caplog):
    turn = LiveTurn("Why?", {"": saying("text")}, lambda answers: 1 / 0)
    turn.start()
    until_over(turn)
    assert (turn.is_saved, "fault in this program" in turn.problem) == (False, True)


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


AT_EXIT = """
import threading
from dataclasses import replace
from rag.answer import Request, unanswered
from rag.conversations.live import LiveTurn

begun = threading.Event()

def until_stopped(stop):
    yield "half"
    begun.set()
    stop.wait()
    yield replace(unanswered(Request("Why?"), "made up", ""), text="half")

def save(answers):
    print("saved", answers[0].answer.text, flush=True)
    return ""

LiveTurn("Why?", {"": until_stopped}, save).start()
begun.wait()
"""


def test_at_the_end_of_the_program_answers_are_stopped_and_saved():
    ended = subprocess.run(
        [sys.executable, "-c", AT_EXIT], cwd=config.ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "saved half\n"
