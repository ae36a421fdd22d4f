"""A process that asks questions and answers them word by word until it is killed, and prints each word it has said.

Arguments: the folder, the collection's name, the conversation's id. A line is a question's number, the number of words
said and the time; the first line of a question comes when it is stored.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rag.answer import Progress, Request, Stage
from rag.conversations import live
from rag.conversations.answer_run import AnswerRun
from rag.conversations.draft import TurnDraft
from rag.conversations.live import LiveTurn
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.turns import made_answer

KEPT_EVERY_SECONDS = 0.1
N_WORDS = 150


def word(number: int) -> str:
    return f"word{number} "


def report(question: str, n_words: int) -> None:
    """Print a line in one write, because two threads print."""
    sys.stdout.write(f"{question} {n_words} {time.monotonic()}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class SlowRun(AnswerRun):
    """Says 150 words in about half a second."""

    def __call__(self, stop: threading.Event | None = None) -> Iterator[Progress]:
        yield Stage("waiting")
        for number in range(N_WORDS):
            yield word(number)
            report(self.request.question, number + 1)
            time.sleep(0.003)
        yield made_answer(self.request.question, "".join(map(word, range(N_WORDS))).strip())


def main(folder: Path, name: str, conversation_id: int) -> None:
    live._KEPT_EVERY_SECONDS = KEPT_EVERY_SECONDS
    collection = Collection.open(folder, name)
    conversations = Conversations(collection)
    for number in count():
        runs = {"": SlowRun(Request(str(number)), "made up", None, collection)}
        draft = TurnDraft(conversations, conversation_id, None, str(number), runs)

        def save(answers: tuple[live.LabelledAnswer, ...], draft: TurnDraft = draft) -> str:
            draft.finish(answers)
            return ""

        turn = LiveTurn(str(number), runs, save, draft)
        turn.start()
        report(str(number), 0)
        version = 0
        while not turn.is_over:
            version = turn.wait(version, 10)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
