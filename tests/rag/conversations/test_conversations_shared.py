"""Conversations while many write at once, and while a writer is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading

import pytest

from rag import config
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.collections import require_sound
from tests.support.turns import made_turn


def test_twenty_at_once_in_twenty_conversations(collection):
    together, failures = threading.Barrier(20), []

    def talk(number: int) -> None:
        opened = Conversations(collection)
        try:
            together.wait()
            one = opened.create(f"Session {number}")
            for question in range(5):
                opened.add(one, made_turn(f"{number}.{question}"))
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=talk, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    listed = Conversations(collection).list()
    assert sorted(one.title for one in listed) == sorted(f"Session {number}" for number in range(20))
    for one in listed:
        number = one.title.removeprefix("Session ")
        turns = Conversations(collection).turns(one.conversation_id)
        assert [(turn.slot, turn.question) for turn in turns] == [(i, f"{number}.{i}") for i in range(5)]
    require_sound(collection.path)


def test_twenty_at_once_in_one_conversation_lose_nothing(conversations, collection):
    one = conversations.create("All")
    threads = [
        threading.Thread(target=lambda number=number: conversations.add(one, made_turn(f"Q{number}")))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns = conversations.turns(one)
    assert [turn.slot for turn in turns] == list(range(20))
    assert {turn.question for turn in turns} == {f"Q{number}" for number in range(20)}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill without notice")
def test_killed_while_adding(conversations, collection):
    chosen = random.Random(6)
    one = conversations.create("Killed")
    command = [
        sys.executable,
        "-m",
        "tests.support.processes.add_turns",
        str(collection.path.parent),
        "Birds",
        str(one),
    ]
    stored: list[int] = []
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=config.ROOT, env=os.environ) as process:
            for _ in range(chosen.randrange(1, 12)):
                stored.append(int(process.stdout.readline()))
            process.kill()
            stored += [int(line) for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -signal.SIGKILL
        require_sound(collection.path)
        turns = Conversations(Collection.open(collection.path.parent, "Birds")).turns(one)
        # The last one may have been stored and not yet told of.
        assert [turn.turn_id for turn in turns][: len(stored)] == stored
        assert len(turns) <= len(stored) + 1
        assert [turn.slot for turn in turns] == list(range(len(turns)))
        stored = [turn.turn_id for turn in turns]
