"""Draft questions with the real Ollama server in a browser: edit one, approve it, and run the exam "My questions"."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from rag.evaluation.drafting.waiting import stored_drafts
from rag.evaluation.stored.questions import stored_questions
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from tests.browser.conftest import OpenApp

ASKED = "Where does one learn what people here would ask?"


def choose_my_questions(page: Page) -> None:
    page.get_by_role("combobox", name="Exam").click()
    page.get_by_role("option", name="My questions").click()


def draft(page: Page, model: str) -> None:
    """Let the model draft two questions, and wait until it has ended."""
    page.get_by_role("combobox", name="Answering model").click()
    page.get_by_role("option", name=model).click()
    number = page.get_by_role("spinbutton", name="Questions")
    number.fill("2")
    number.press("Enter")
    start = page.get_by_role("button", name="Start drafting")
    expect(start).to_be_enabled()
    start.click()
    expect(start).to_be_disabled()
    expect(start).to_be_enabled()


def test_a_drafted_question_is_edited_approved_and_asked(
    sample: Collection, open_app: OpenApp, ollama: OllamaServer, data_dir: Path
):
    page = open_app(ollama.host)
    page.goto("/evaluate?collection=Sample")
    choose_my_questions(page)
    expect(page.get_by_text("There are no questions yet")).to_be_visible()
    draft(page, next(model.name for model in ollama.models() if not model.embeds_only))
    # A small model gives no usable question about most passages.
    drafts = stored_drafts(data_dir, sample.uid)
    expect(page.get_by_text(f"0 approved, 0 rejected, {len(drafts)} waiting")).to_be_visible()
    drafted = page.get_by_role("textbox", name="Drafted question")
    expect(drafted).to_have_value(drafts[0].draft.text)
    drafted.fill(ASKED)
    drafted.press("Control+Enter")
    expect(page.get_by_text("none of its words are in the passage")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(f"1 approved, 0 rejected, {len(drafts) - 1} waiting")).to_be_visible()
    expect(page.get_by_text("My questions (1)")).to_be_visible()
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.origin) == (ASKED, "drafted")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Averages over 1 question")).to_be_visible()
    page.reload()
    choose_my_questions(page)
    expect(page.get_by_text("My questions (1)")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
