"""Drafts: a question is stored before its answer, its words meanwhile; a killed program loses neither."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from rag import config
from rag.answer import Request, Stage
from rag.answering.types import LabelledAnswer
from rag.conversations.answer_run import AnswerRun
from rag.conversations.draft import INTERRUPTED, TurnDraft
from rag.conversations.live import AnswerSoFar, LiveTurn, LiveTurns
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from tests.support.collections import require_sound
from tests.support.processes.answer import N_WORDS, word
from tests.support.turns import made_answer

KILLS = int(os.environ.get("EXPLORER_KILLS", "8"))
SLACK_SECONDS = 1.0
PATIENCE = 30.0


def draft_of(collection, conversation_id, slot=None, question="Why?") -> TurnDraft:
    runs = {"": AnswerRun(Request(question), "made up", None, collection)}
    return TurnDraft(Conversations(collection), conversation_id, slot, question, runs)


def test_a_question_is_stored_at_once_its_words_meanwhile_and_its_answer_in_the_end(collection):
    store = Conversations(collection)
    conversation = store.create()
    draft = draft_of(collection, conversation)
    turn_id = draft.begin()
    [turn] = store.turns(conversation)
    assert (turn.turn_id, turn.question, turn.answers[0].answer.text) == (turn_id, "Why?", "")
    assert (turn.answers[0].answer.problem, turn.answers[0].answer.usage.ending) == (INTERRUPTED, "broken")
    assert store.list()[0].title == "Why?"
    draft.keep([AnswerSoFar("", "writing", "Because ", "Hm.")])
    [turn] = store.turns(conversation)
    assert (turn.answers[0].answer.text, turn.answers[0].answer.thoughts) == ("Because", "Hm.")
    answers = (LabelledAnswer("", made_answer("Why?")),)
    draft.finish(answers)
    [turn] = store.turns(conversation)
    assert (turn.turn_id, turn.answers) == (turn_id, answers)


def test_a_draft_of_a_stored_question_is_its_newest_version(collection):
    store = Conversations(collection)
    conversation = store.create()
    first = draft_of(collection, conversation)
    first.begin()
    first.finish((LabelledAnswer("", made_answer("Why?")),))
    draft_of(collection, conversation, slot=0).begin()
    [turn] = store.turns(conversation)
    assert (turn.version, turn.versions, turn.answers[0].answer.problem) == (2, 2, INTERRUPTED)


def test_an_answer_that_fails_keeps_its_question_and_says_why(collection):
    store = Conversations(collection)
    conversation = store.create()

    def faulty(stop):
        yield "Half"
        raise CollectionError("The file is gone.")

    turn = LiveTurn("Why?", {"": faulty}, lambda answers: "", draft_of(collection, conversation))
    turn.start()
    while not turn.is_over:
        turn.wait(0, 0.05)
    [stored] = store.turns(conversation)
    assert (stored.turn_id, stored.answers[0].answer.problem) == (turn.turn_id, "The file is gone.")
    assert stored.answers[0].answer.text == "Half"


def test_words_are_stored_while_the_answer_is_written(collection, monkeypatch):
    monkeypatch.setattr("rag.conversations.live._KEPT_EVERY_SECONDS", 0.01)
    store = Conversations(collection)
    conversation, goes_on = store.create(), threading.Event()

    def run(stop):
        yield Stage("waiting")
        yield "First words"
        goes_on.wait(PATIENCE)
        yield made_answer("Why?")

    draft = draft_of(collection, conversation)
    turn = LiveTurn("Why?", {"": run}, lambda answers: draft.finish(answers) or "", draft)
    turn.start()
    deadline = time.monotonic() + PATIENCE
    while store.turns(conversation)[0].answers[0].answer.text != "First words":
        assert time.monotonic() < deadline, "the words were not stored"
        time.sleep(0.01)
    goes_on.set()
    while not turn.is_over:
        turn.wait(0, 0.05)
    assert store.turns(conversation)[0].answers[0].answer == made_answer("Why?")


def test_a_question_that_cannot_be_stored_is_not_answered(collection):
    turns = LiveTurns()
    lost = LiveTurn("Why?", {"": lambda stop: pytest.fail("asked")}, lambda answers: "", draft_of(collection, 99))
    with pytest.raises(CollectionError, match="no longer in the collection"):
        turns.start("key", lost)
    assert turns.of("key") is None


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill without notice")
def test_killed_at_random_moments_no_question_is_gone(collection):
    """After each kill every question is there, and of the last answer at most the last words are missing."""
    store, chosen = Conversations(collection), random.Random(4)
    in_an_answer = 0
    for _ in range(KILLS):
        conversation = store.create()
        command = [
            "tests.support.processes.answer",
            str(collection.path.parent),
            collection.spec.name,
            str(conversation),
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, cwd=config.ROOT, env=os.environ
        )
        with process:
            lines = [process.stdout.readline()]
            try:
                process.wait(timeout=chosen.random() * 2)
            except subprocess.TimeoutExpired:
                process.kill()
            lines += process.stdout.readlines()
        whole = [line.split() for line in lines if line.endswith("\n")]
        said = [(int(number), int(n_words), float(at)) for number, n_words, at in whole]
        require_sound(collection.path)
        turns = store.turns(conversation)
        # The process may be killed after a question is stored and before it says so.
        assert [turn.question for turn in turns][: said[-1][0] + 1] == [str(n) for n in range(said[-1][0] + 1)]
        assert len(turns) - said[-1][0] - 1 in (0, 1)
        for turn, _ in pairwise(turns):
            assert turn.answers[0].answer.problem == ""
        answer = turns[said[-1][0]].answers[0].answer
        words = answer.text.split()
        assert words == "".join(map(word, range(N_WORDS))).split()[: len(words)]
        ended_at = said[-1][2]
        n_due = max((n for number, n, at in said if number == said[-1][0] and at < ended_at - SLACK_SECONDS), default=0)
        assert len(words) >= n_due
        in_an_answer += answer.problem == INTERRUPTED
    assert in_an_answer >= KILLS // 2
