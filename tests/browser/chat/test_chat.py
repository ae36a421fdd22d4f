"""Chat in a real browser: streaming, sources, comparing, stopping, reloading, and a server
that is killed in the middle of an answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.browser.app_server import PATIENCE, wait_for
from tests.browser.conftest import OpenApp
from tests.browser.private_ollama import SCRIPT, private_ollama
from tests.conftest import lacking
from tests.support.scripted_ollama import HEALTHY, Stream, scripted_server, streamed

QUESTION = "How many days of paid leave do full-time staff have?"
GOLD = "Full-time staff have 29 days of paid leave a year."
MORE = "Otters agree with all of that."


def chat_page(open_app: OpenApp, host: str) -> Page:
    page = open_app(host)
    page.goto("/chat?collection=Sample")
    page.get_by_placeholder("Ask about your documents").wait_for()
    return page


class Paced:
    """A model that writes two words, or `n_words`, then waits until the test lets it continue."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.n_words = 2

    def __call__(self, body: dict) -> Stream:
        without = not any("====" in message["content"] for message in body["messages"])
        text = "I cannot know how many days." if without else f"{GOLD} {MORE}"
        return streamed(text, prompt_tokens=800, pause=self._wait)

    def _wait(self, number: int) -> None:
        if number == self.n_words:
            self.goes_on.wait(PATIENCE)


@pytest.fixture
def model() -> Paced:
    return Paced()


@pytest.fixture
def chat(sample: Collection, model: Paced, open_app: OpenApp) -> Iterator[Page]:
    with scripted_server({**HEALTHY, "/api/chat": model}) as server:
        yield chat_page(open_app, server.address)


def ask(page: Page, question: str) -> None:
    field = page.get_by_placeholder("Ask about your documents")
    expect(field).to_be_enabled()
    field.fill(question)
    field.press("Enter")


def no_exception(page: Page) -> None:
    assert page.get_by_test_id("stException").count() == 0


def test_an_answer_streams_survives_a_reload_and_its_source_opens(chat: Page, sample: Collection, model: Paced):
    ask(chat, QUESTION)
    expect(chat.get_by_text("Full-time staff ▌")).to_be_visible()
    expect(chat.get_by_placeholder("Answering...")).to_be_disabled()
    model.goes_on.set()
    expect(chat.get_by_text("1 of 2 sentences backed by sources")).to_be_visible()
    chip = chat.get_by_role("button", name="Source 1")
    chip.hover()
    expect(chat.get_by_text("Open in document")).to_be_visible()
    assert "conversation=" in chat.url
    chat.reload()
    expect(chat.get_by_text(MORE)).to_be_visible()
    no_exception(chat)
    chat.get_by_role("button", name="Source 1").click()
    expect(chat).to_have_url(re.compile("/documents.*chunk="))
    expect(chat.get_by_text("29 days of paid leave").first).to_be_visible()
    no_exception(chat)


def test_the_sources_are_there_before_the_first_word(chat: Page, sample: Collection, model: Paced):
    model.n_words = 0
    ask(chat, QUESTION)
    expect(chat.get_by_text("5 passages found")).to_be_visible()
    expect(chat.get_by_text("leave-and-benefits.html").first).to_be_visible()
    expect(chat.get_by_text("Reading sources")).to_be_visible()
    expect(chat.get_by_text("▌")).to_have_count(0)
    model.goes_on.set()
    expect(chat.get_by_text("All 5 retrieved passages")).to_be_visible()
    expect(chat.get_by_text("5 passages found")).to_have_count(0)
    no_exception(chat)


def test_a_reload_during_an_answer_loses_nothing_and_the_recorder_opens(chat: Page, sample: Collection, model: Paced):
    ask(chat, QUESTION)
    expect(chat.get_by_text("Full-time staff ▌")).to_be_visible()
    chat.reload()
    expect(chat.get_by_text("Full-time staff ▌")).to_be_visible()
    model.goes_on.set()
    expect(chat.get_by_text("1 of 2 sentences backed by sources")).to_be_visible()
    chat.get_by_role("button", name="Show how this was answered").click()
    dialog = chat.get_by_role("dialog")
    for step in ("Position on the map", "Retrieved passages", "Prompt sent to the model", "Generating the answer"):
        expect(dialog.get_by_role("heading", name=step)).to_be_visible()
    message = Conversations(sample).turns(1)[0].answers[0].answer.prompt.messages[0].content
    expect(dialog.get_by_text(message.splitlines()[0][:60]).first).to_be_attached()
    no_exception(chat)


def test_of_two_answers_side_by_side_one_is_stopped(chat: Page, sample: Collection, model: Paced):
    model.goes_on.set()
    ask(chat, QUESTION)
    expect(chat.get_by_text("1 of 2 sentences backed by sources")).to_be_visible()
    model.goes_on.clear()
    chat.get_by_role("button", name="Compare").click()
    chat.get_by_role("button", name="Answer side by side").click()
    expect(chat.get_by_text("I cannot ▌")).to_be_visible()
    expect(chat.get_by_text("Full-time staff ▌")).to_be_visible()
    chat.get_by_role("button", name="Stop", exact=True).first.click()
    expect(chat.get_by_text("I cannot ▌")).to_have_count(0)
    expect(chat.get_by_text("Full-time staff ▌")).to_be_visible()
    model.goes_on.set()
    expect(chat.get_by_text("Words that the first answer does not have")).to_be_visible()
    without, right = (one.answer for one in Conversations(sample).turns(1)[1].answers)
    assert (without.usage.ending, without.text) == ("stopped", "I cannot")
    assert right.text == f"{GOLD} {MORE}"
    chat.reload()
    expect(chat.get_by_text("Stopped.")).to_be_visible()
    no_exception(chat)


def test_retrieval_settings_hold_on_every_page(chat: Page, sample: Collection):
    chat.get_by_role("link", name="Search").click()
    expect(chat.get_by_role("heading", name="Search", exact=True)).to_be_visible()
    expect(chat.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    chat.get_by_role("button", name="Search settings").click()
    slider = chat.get_by_role("slider", name="Passages Passages")
    slider.focus()
    for value in ("6", "7", "8", "9"):
        slider.press("ArrowRight")
        expect(slider).to_have_value(value)
    chat.wait_for_timeout(1_000)
    chat.keyboard.press("Escape")
    for name in ("Documents", "Chat"):
        chat.get_by_role("link", name=name).click()
        expect(chat.get_by_role("heading", name=name, exact=True)).to_be_visible()
    chat.get_by_role("button", name="Search settings").click()
    expect(chat.get_by_role("slider", name="Passages Passages")).to_have_value("9")
    no_exception(chat)


def written(page: Page) -> str:
    return page.get_by_test_id("stChatMessage").last.inner_text()


def endings(collection: Collection) -> list[str]:
    """How each answer of the first conversation ended; "broken" until it is complete."""
    return [turn.answers[0].answer.usage.ending for turn in Conversations(collection).turns(1)]


def test_a_real_server_killed_during_an_answer(sample: Collection, tmp_path: Path, open_app: OpenApp):
    if not SCRIPT.exists():
        lacking("no real Ollama server that may be killed")
    with private_ollama(tmp_path / "ollama") as server:
        page = chat_page(open_app, server.address)
        # Its only model has no chat template, so the built-in one would answer.
        page.get_by_role("button", name="Use ").click()
        expect(page.get_by_role("button", name="Use ")).to_have_count(0)
        ask(page, QUESTION)
        page.get_by_test_id("stChatMessage").last.wait_for()  # loads models first
        wait_for(lambda: "▌" in written(page), page)
        server.kill()
        expect(page.get_by_text("stopped in the middle of the answer")).to_be_visible()
        answer = Conversations(sample).turns(1)[0].answers[0].answer
        assert answer.usage.ending == "broken"
        assert answer.text
        expect(page.get_by_text(answer.text.split("\n")[0][:20]).first).to_be_visible()
        server.start()
        ask(page, "What colour is the lanyard that visitors wear?")
        wait_for(lambda: endings(sample)[1:] not in ([], ["broken"]), page)
        second = Conversations(sample).turns(1)[1].answers[0].answer
        assert second.text
        assert second.problem == ""
        no_exception(page)
