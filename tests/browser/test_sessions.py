"""Twenty sessions chat at once: each sees only its own answers, none waits for another, and memory stays flat.

Four of them are pages in a browser. The others speak the browser's protocol and cost no drawing.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.Common_pb2 import ChatInputValue
from streamlit.proto.WidgetStates_pb2 import WidgetState

from rag.store.collection import Collection
from tests.browser.app_server import PATIENCE, App, app_process, new_context
from tests.support.page_client import PageClient, exceptions, page_client
from tests.support.scripted_ollama import HEALTHY, Stream, scripted_server, streamed

SESSIONS, BROWSERS, ROUNDS = 20, 4, 3
GROWTH_ALLOWED = 64 * 1024 * 1024


class Meeting:
    """A model that answers only after all sessions have asked: if one session waited for another, none would finish."""

    def __init__(self) -> None:
        self._all_asked = threading.Barrier(SESSIONS)

    def __call__(self, body: dict) -> Stream:
        question = body["messages"][-1]["content"].rpartition("\n")[2]
        return streamed(answer_to(question), prompt_tokens=400, pause=self._wait)

    def _wait(self, number: int) -> None:
        if number == 1:
            self._all_asked.wait(PATIENCE)


@pytest.fixture
def app(sample: Collection) -> Iterator[App]:
    answers = {**HEALTHY, "/api/chat": Meeting()}
    with (
        scripted_server(answers) as server,
        app_process({**os.environ, "OLLAMA_HOST": server.address}) as running,
    ):
        yield running


def name(session: int, round_: int) -> str:
    return f"otter-{session:02d}-{round_}"


def answer_to(question: str) -> str:
    return f"Answer to {question} and nothing else."


class WithBrowser:
    """A session in a browser."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.goto("/chat?collection=Sample")
        page.get_by_text("Rewrite follow-up questions").click()

    def ask(self, question: str) -> None:
        field = self._page.get_by_placeholder("Ask about your documents")
        expect(field).to_be_enabled()
        field.fill(question)
        field.press("Enter")

    def wait_for(self, answer: str) -> None:
        expect(self._page.get_by_text(answer).last).to_be_visible()
        expect(self._page.get_by_placeholder("Ask about your documents")).to_be_enabled()

    def sessions_seen(self) -> set[str]:
        """The sessions whose questions are on the page."""
        assert self._page.get_by_test_id("stException").count() == 0
        return set(re.findall(r"otter-\d\d", self._page.evaluate("document.body.innerText")))


class WithoutBrowser:
    """A session that holds the same connection to the server as a browser, and draws nothing."""

    def __init__(self, client: PageClient) -> None:
        self._client = client
        elements = [message.delta.new_element for message in client.open("chat", "collection=Sample")]
        (self._field,) = {one.chat_input.id for one in elements if one.HasField("chat_input")}
        (rewrite,) = {one.checkbox.id for one in elements if one.checkbox.label == "Rewrite follow-up questions"}
        client.send(WidgetState(id=rewrite, bool_value=False))
        client.until_drawn()

    def ask(self, question: str) -> None:
        self._client.send(WidgetState(id=self._field, chat_input_value=ChatInputValue(data=question)))

    def wait_for(self, answer: str) -> None:
        while answer not in self._text():
            self._client.until_drawn()

    def sessions_seen(self) -> set[str]:
        """The sessions whose answers were sent to this one. Everyone's questions are, in the list of conversations."""
        assert exceptions(self._client.received) == []
        return set(re.findall(r"Answer to (otter-\d\d)", self._text()))

    def _text(self) -> str:
        return self._client.seen().decode("utf-8", "replace")


def test_twenty_sessions_at_once(app: App, sample: Collection, browser: Browser):
    with ExitStack() as stack:
        clients = [stack.enter_context(page_client(app.address)) for _ in range(SESSIONS - BROWSERS)]
        pages = [stack.enter_context(new_context(browser, base_url=app.address).new_page()) for _ in range(BROWSERS)]
        sessions = [*[WithoutBrowser(client) for client in clients], *[WithBrowser(page) for page in pages]]
        memory = []
        for round_ in range(ROUNDS):
            for number, session in enumerate(sessions):
                session.ask(name(number, round_))
            for number, session in enumerate(sessions):
                session.wait_for(answer_to(name(number, round_)))
            memory.append(app.resident_bytes())
        for number, session in enumerate(sessions):
            assert session.sessions_seen() == {f"otter-{number:02d}"}
    assert memory[-1] - memory[0] < GROWTH_ALLOWED, memory
