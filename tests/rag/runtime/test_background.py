"""Background tasks: their order, progress, stop and errors; all tabs see the same."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rag import config
from rag.errors import ModelError
from rag.runtime import background
from rag.runtime.background import Stopped, TaskBoard

PATIENCE = 30


@pytest.fixture
def board() -> Iterator[TaskBoard]:
    """A board whose tasks have ended after the test."""
    board = TaskBoard(keep=3)
    yield board
    background._stop_at_exit()


class Steps:
    """A task that halts before each report until the test lets it go on."""

    def __init__(self, *shares: float) -> None:
        self.shares = shares
        self.halted = [threading.Event() for _ in range(len(shares) + 1)]
        self.goes_on = [threading.Event() for _ in range(len(shares) + 1)]

    def work(self, report: Callable[[float], None]) -> None:
        for i, share in enumerate(self.shares):
            self.halt(i)
            report(share)
        self.halt(len(self.shares))

    def halt(self, i: int) -> None:
        self.halted[i].set()
        assert self.goes_on[i].wait(PATIENCE)

    def until(self, i: int) -> None:
        for goes_on in self.goes_on[:i]:
            goes_on.set()
        assert self.halted[i].wait(PATIENCE)

    def to_the_end(self) -> None:
        for goes_on in self.goes_on:
            goes_on.set()


def started(board: TaskBoard, key: str, *shares: float) -> Steps:
    steps = Steps(*shares)
    board.start(key, f"Task {key}", steps.work)
    return steps


def test_a_task_is_followed_from_its_start_to_its_end(board):
    steps = started(board, "a", 0.25, 0.5)
    steps.until(1)
    view = board.view("a")
    assert (view.key, view.title, view.state, view.share, view.error) == ("a", "Task a", "running", 0.25, "")
    assert view.is_active
    steps.to_the_end()
    board.wait("a")
    view = board.view("a")
    assert (view.state, view.share, view.is_active, view.seconds_left) == ("done", 1.0, False, None)
    assert view.seconds == board.view("a").seconds > 0


def test_the_share_never_falls_and_stays_in_its_range(board):
    steps = started(board, "a", -1.0, 0.5, 0.25, 7.0)
    for i, share in enumerate([0.0, 0.0, 0.5, 0.5, 1.0]):
        steps.until(i)
        assert board.view("a").share == share
    steps.to_the_end()


def test_the_time_left_follows_from_the_share(board, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("rag.runtime.background.time.monotonic", lambda: now)
    steps = started(board, "a", 0.25)
    steps.until(0)
    now = 1020.0
    assert board.view("a").seconds_left is None
    steps.until(1)
    assert (board.view("a").seconds, board.view("a").seconds_left) == (20.0, 60.0)
    steps.to_the_end()


def test_one_runs_at_a_time_in_order(board):
    first, second = started(board, "a"), started(board, "b")
    first.until(0)
    view = board.view("b")
    assert (view.state, view.is_active, view.seconds, second.halted[0].is_set()) == ("waiting", True, 0.0, False)
    first.to_the_end()
    second.until(0)
    assert (board.view("a").state, board.view("b").state) == ("done", "running")
    second.to_the_end()
    board.wait("b")


def test_a_key_that_is_active_is_not_started_twice(board):
    first, second = started(board, "a"), started(board, "b")
    for key in "ab":
        board.start(key, "Again", lambda report: pytest.fail("it was started twice"))
    assert (board.view("a").title, board.view("b").title) == ("Task a", "Task b")
    first.to_the_end()
    second.to_the_end()
    board.wait("b")
    assert [board.view(key).state for key in "ab"] == ["done", "done"]


def test_a_key_that_has_ended_can_be_started_again(board):
    started(board, "a").to_the_end()
    board.wait("a")
    again = started(board, "a", 0.5)
    again.until(1)
    assert (board.view("a").state, board.view("a").share) == ("running", 0.5)
    again.to_the_end()


def test_a_running_task_stops_when_it_reports(board):
    seen = []

    def work(report):
        try:
            steps.work(report)
        except Stopped as stopped:
            seen.append(str(stopped))
            raise

    steps = Steps(0.25, 0.5)
    board.start("a", "Layout", work)
    steps.until(1)
    assert not board.view("a").is_stopping
    board.stop("a")
    assert (board.view("a").state, board.view("a").is_stopping) == ("running", True)
    steps.to_the_end()
    board.wait("a")
    assert (board.view("a").state, board.view("a").error, board.view("a").is_stopping) == ("stopped", "", False)
    assert len(seen) == 1
    assert "Layout" in seen[0]


def test_a_waiting_task_stops_at_once_and_is_never_run(board):
    first = started(board, "a")
    board.start("b", "Task b", lambda report: pytest.fail("it was stopped"))
    third = started(board, "c")
    board.stop("b")
    board.wait("b")
    assert (board.view("a").is_active, board.view("b").state) == (True, "stopped")
    first.to_the_end()
    third.to_the_end()
    board.wait("c")
    assert [board.view(key).state for key in "abc"] == ["done", "stopped", "done"]


def test_a_task_that_ends_before_it_notices_the_stop_is_done(board):
    steps = started(board, "a")
    steps.until(0)
    board.stop("a")
    steps.to_the_end()
    board.wait("a")
    assert board.view("a").state == "done"


def test_a_problem_that_a_person_can_fix_is_shown_as_it_is(board, caplog):
    def work(report):
        report(0.5)
        raise ModelError("The model is away. Fetch it.")

    board.start("a", "Task", work)
    board.wait("a")
    view = board.view("a")
    assert (view.state, view.error, view.share) == ("failed", "The model is away. Fetch it.", 0.5)
    assert not caplog.records


def test_a_fault_is_logged_and_the_next_task_runs(board, caplog):
    with caplog.at_level(logging.ERROR):
        board.start("a", "Task a", lambda report: 1 / 0)
        board.wait("a")
    assert board.view("a").state == "failed"
    assert "fault in this program" in board.view("a").error
    assert "ZeroDivisionError" in caplog.text
    started(board, "b").to_the_end()
    board.wait("b")
    assert board.view("b").state == "done"


def test_an_interrupt_raised_in_a_task_does_not_block_the_next_one(board, caplog):
    def leave(report):
        raise SystemExit

    board.start("a", "Task a", leave)
    started(board, "b").to_the_end()
    board.wait("b")
    assert [board.view(key).state for key in "ab"] == ["failed", "done"]


def test_tidying_up_comes_before_the_end_of_a_task_and_its_fault_is_reported(board, caplog):
    tidied = []
    board.start("a", "Task a", lambda report: 1 / 0, tidy_up=lambda: tidied.append("a"))
    board.wait("a")
    assert tidied == ["a"]
    board.start("b", "Task b", lambda report: None, tidy_up=lambda: 1 / 0)
    board.wait("b")
    assert (board.view("b").state, "fault in this program" in board.view("b").error) == ("failed", True)


def test_a_task_that_is_stopped_while_it_waits_is_tidied_up_in_its_turn(board):
    tidied = threading.Event()
    first = started(board, "a")
    board.start("b", "Task b", lambda report: pytest.fail("it was stopped"), tidy_up=tidied.set)
    board.stop("b")
    board.wait("b")
    assert not tidied.is_set()
    first.to_the_end()
    assert tidied.wait(PATIENCE)


def test_work_that_waits_for_the_stop_itself_is_given_the_event(board):
    stop_requested = threading.Event()

    def work(report):
        assert stop_requested.wait(PATIENCE)
        report(0.5)

    board.start("a", "Task a", work, stop_requested=stop_requested)
    board.stop("a")
    board.wait("a")
    assert board.view("a").state == "stopped"


def test_without_a_queue_all_run_at_the_same_time():
    board = TaskBoard(one_at_a_time=False)
    meet = threading.Barrier(3, timeout=PATIENCE)
    for key in "abc":
        board.start(key, key, lambda report: meet.wait() and None)
    for key in "abc":
        board.wait(key)
    assert {board.view(key).state for key in "abc"} == {"done"}


def test_what_has_ended_is_forgotten_and_what_runs_is_not(board):
    steps = started(board, "a")
    board.forget("a")
    assert board.view("a") is not None
    steps.to_the_end()
    board.wait("a")
    board.forget("a")
    assert board.view("a") is None


def test_an_unknown_key_is_no_task(board):
    assert board.view("none") is None
    board.stop("none")
    board.forget("none")
    board.wait("none")


def test_only_the_newest_of_the_ended_are_kept(board):
    running = started(board, "first")
    for i in range(6):
        started(board, f"waiting {i}")
        board.stop(f"waiting {i}")
    last = started(board, "last")
    kept = [key for key in (f"waiting {i}" for i in range(6)) if board.view(key)]
    assert kept == ["waiting 3", "waiting 4", "waiting 5"]
    assert board.view("first").is_active
    assert board.view("last").is_active
    running.to_the_end()
    last.to_the_end()
    board.wait("last")


def program(code: str) -> tuple[str, float]:
    """What a program prints, and how many seconds it runs."""
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return ended.stdout, time.monotonic() - begun


def test_at_the_end_of_the_program_running_tasks_are_stopped():
    code = """
import threading
from rag.runtime.background import Stopped, TaskBoard

running = threading.Event()

def work(report):
    try:
        while True:
            report(0.5)
            running.set()
    except Stopped:
        print("stopped", flush=True)
        raise

board = TaskBoard()
board.start("a", "Task", work)
board.start("b", "Never", lambda report: print("ran"))
assert running.wait(30)
"""
    assert program(code)[0] == "stopped\n"


def test_at_the_end_of_the_program_all_boards_share_one_limited_wait():
    code = """
import threading
from rag.runtime import background

background._SECONDS_AT_EXIT = 1.0
running = threading.Barrier(3)

def stubborn(report):
    running.wait()
    threading.Event().wait()

for _ in range(2):
    background.TaskBoard().start("a", "Task", stubborn)
running.wait()
print("end", flush=True)
"""
    printed, seconds = program(code)
    assert printed == "end\n"
    assert 1.0 <= seconds < 10.0
