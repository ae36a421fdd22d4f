"""Twenty sessions chat at once: each sees only its own answers, none waits for another, and memory stays flat."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from rag.store.collection import Collection
from tests.browser.app_server import App, app_process
from tests.support.scripted_ollama import HEALTHY, Stream, scripted_server, streamed

SESSIONS, ROUNDS = 20, 3
GROWTH_ALLOWED = 64 * 1024 * 1024
PATIENCE = 180.0


class Meeting:
    """A model that answers only after all sessions have asked: if one session waited for another, none would finish."""

    def __init__(self) -> None:
        self._all_asked = threading.Barrier(SESSIONS)

    def __call__(self, body: dict) -> Stream:
        question = body["messages"][-1]["content"].rpartition("\n")[2]
        return streamed(f"Answer to {question} and nothing else.", prompt_tokens=400, pause=self._wait)

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


def ask(page: Page, question: str) -> None:
    field = page.get_by_placeholder("Ask about your documents")
    expect(field).to_be_enabled(timeout=PATIENCE * 1000)
    field.fill(question)
    field.press("Enter")


def test_twenty_sessions_at_once(app: App, sample: Collection, browser: Browser):
    pages = [browser.new_page(base_url=app.address) for _ in range(SESSIONS)]
    for page in pages:
        page.goto("/chat?collection=Sample")
    for page in pages:
        page.get_by_text("Rewrite follow-up questions").click(timeout=PATIENCE * 1000)
    memory = []
    for round_ in range(ROUNDS):
        for session, page in enumerate(pages):
            ask(page, name(session, round_))
        for session, page in enumerate(pages):
            answer = page.get_by_text(f"Answer to {name(session, round_)} and nothing else.").last
            expect(answer).to_be_visible(timeout=PATIENCE * 1000)
            expect(page.get_by_placeholder("Ask about your documents")).to_be_enabled(timeout=PATIENCE * 1000)
        memory.append(app.resident_bytes())
    for session, page in enumerate(pages):
        seen = page.evaluate("document.body.innerText")
        assert name(session, 0) in seen
        assert not [other for other in range(SESSIONS) if other != session and f"otter-{other:02d}" in seen]
        assert page.get_by_test_id("stException").count() == 0
    for page in pages:
        page.close()
    assert memory[-1] - memory[0] < GROWTH_ALLOWED, memory
