"""Shared by tests of the Chat page: asking, reading stored turns, and a model that repeats the question."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from rag.answering.types import Turn
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.scripted_ollama import Stream, streamed

QUESTION = "How many days of paid leave do full-time staff have?"
GOLD = "Full-time staff have 29 days of paid leave in each calendar year."


def echoed(body: dict) -> Stream:
    """The scripted model repeats the question that it finds in its prompt."""
    return streamed("Echo: " + body["messages"][-1]["content"].rpartition("\n")[2], prompt_tokens=500)


def ask(app: AppTest, question: str) -> AppTest:
    app.chat_input[0].set_value(question).run()
    assert not app.exception
    return app


def kept(collection: Collection) -> list[Turn]:
    """The turns of the newest conversation."""
    conversations = Conversations(collection)
    return conversations.turns(conversations.list()[0].conversation_id)
