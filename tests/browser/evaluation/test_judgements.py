"""Thumbs on passages in a real browser: judged while searching, chatting and evaluating, and asked as an exam."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from rag.conversations.store import Conversations
from rag.evaluation.questions import ExamQuestion
from rag.evaluation.stored.questions import stored_questions
from rag.evaluation.stored.runs import load_run, run_paths
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from tests.browser.app_server import PATIENCE, wait_for
from tests.browser.conftest import OpenApp
from tests.support.scripted_ollama import HEALTHY, Stream, scripted_server, streamed

QUESTION = "How many days of paid leave do full-time staff have?"
SEARCH = "/search?collection=Sample&query=how+many+days+of+paid+leave"


def thumbs(page: Page, name: str = "Answers the question") -> Locator:
    return page.get_by_role("radio", name=name).filter(visible=True)


def open_search(page: Page) -> None:
    """Open the Search page with five passages; wait until it no longer runs again by itself."""
    page.goto(SEARCH)
    page.get_by_text("Built-in model answers").first.wait_for(state="attached")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(thumbs(page)).to_have_count(5)


def is_marked(thumb: Locator, *, marked: bool = True) -> None:
    expect(thumb).to_have_attribute("aria-checked", str(marked).lower())


def stored(sample: Collection, data_dir: Path) -> tuple[ExamQuestion, ...]:
    return stored_questions(data_dir, sample.uid)


def choose_exam(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Exam").click()
    page.get_by_role("option", name=name).click()


def run_exam(page: Page, n_questions: int) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    about = f"Averages over {n_questions} question"
    expect(page.get_by_text(about).first).to_be_visible()


def ask(page: Page, question: str) -> None:
    field = page.get_by_placeholder("Ask about your documents")
    expect(field).to_be_enabled()
    field.fill(question)
    field.press("Enter")


def settled_top(page: Page, thumb: Locator) -> float:
    """Where the thumb is, in pixels from the top of the window, once the page no longer scrolls by itself."""
    before, now = -1.0, 0.0
    while before != now:
        page.wait_for_timeout(700)
        box = thumb.bounding_box()
        assert box is not None
        before, now = now, box["y"]
    return now


def test_a_judgement_outlives_a_reload_and_is_asked_in_my_questions(sample: Collection, page: Page, data_dir: Path):
    open_search(page)
    expect(page.get_by_text("Thumbs add this question to 'My questions'")).to_have_count(1)
    thumbs(page).first.click()
    expect(page.get_by_text("In 'My questions': 1 passage answers this question.")).to_be_visible()
    page.reload()
    expect(thumbs(page)).to_have_count(5)
    is_marked(thumbs(page).first)
    is_marked(thumbs(page).nth(1), marked=False)
    page.get_by_test_id("stMain").get_by_role("link", name="Evaluate").click()
    expect(page.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
    choose_exam(page, "My questions")
    expect(page.get_by_text("My questions (1)")).to_be_visible()
    run_exam(page, 1)
    (path,) = run_paths(data_dir, sample.uid)
    assert load_run(path).questions[0].text == "how many days of paid leave"
    assert page.get_by_test_id("stException").count() == 0


def test_the_keyboard_judges_and_takes_back(sample: Collection, page: Page, data_dir: Path):
    open_search(page)
    thumbs(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(thumbs(page, "Does not answer it").first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 passage does not answer this question")).to_be_visible()
    is_marked(thumbs(page, "Does not answer it").first)
    expect(thumbs(page, "Does not answer it").first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("Thumbs add this question to")).to_be_visible()
    assert stored(sample, data_dir) == ()


def test_quick_clicks_on_several_passages_are_all_stored(sample: Collection, page: Page, data_dir: Path):
    open_search(page)
    for number in range(5):
        thumbs(page).nth(number).click()
    expect(page.get_by_text("5 passages answer this question.")).to_be_visible()
    assert [span.grade for span in stored(sample, data_dir)[0].spans] == [1] * 5
    thumbs(page).first.dblclick()
    expect(page.get_by_text("5 passages answer this question.")).to_be_visible()
    is_marked(thumbs(page).first)


def test_on_evaluate_a_passage_answers_it_too_and_the_exam_has_it_at_once(
    sample: Collection, page: Page, data_dir: Path
):
    page.goto("/evaluate?collection=Sample")
    page.get_by_text("Averages over 88 questions").wait_for()
    choose_exam(page, "Sample questions")
    expect(page.get_by_text("Questions of this exam (37)")).to_be_visible()
    run_exam(page, 30)
    choose_exam(page, "My questions")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.get_by_text("This run is not changed.")).to_be_visible()
    thumb = thumbs(page).nth(1)
    thumb.click()
    expect(page.get_by_text("In 'My questions': 2 passages answer this question.")).to_be_visible()
    is_marked(thumb)
    is_marked(thumbs(page).first)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    run_exam(page, 1)
    newest = load_run(run_paths(data_dir, sample.uid)[0])
    assert newest.questions[0] == stored(sample, data_dir)[0]
    assert len(newest.questions[0].spans) == 2


def test_in_chat_the_passages_of_a_real_answer_are_judged(
    sample: Collection, open_app: OpenApp, data_dir: Path, ollama: OllamaServer
):
    page = open_app(os.environ.get("OLLAMA_HOST", ""))
    page.goto("/chat?collection=Sample")
    page.get_by_placeholder("Ask about your documents").wait_for()
    offer = page.get_by_role("button", name="Use ")
    if offer.count():
        offer.click()
        expect(offer).to_have_count(0)
    ask(page, QUESTION)
    expect(page.get_by_text("tokens read")).to_be_visible()
    page.get_by_text("retrieved passages").click()
    expect(page.get_by_text("Thumbs add this question to 'My questions'")).to_be_visible()
    thumb = thumbs(page).nth(1)
    settled_top(page, thumb)  # opening the passages scrolls to their end
    thumb.scroll_into_view_if_needed()
    before = settled_top(page, thumb)
    thumb.click()
    expect(page.get_by_text("In 'My questions': 1 passage answers this question.")).to_be_visible()
    is_marked(thumb)
    assert abs(settled_top(page, thumb) - before) < 30  # the line above grows by a link
    (turn,) = Conversations(sample).turns(1)
    answer = turn.answers[0].answer
    assert answer.model.startswith("ollama:")
    chunk = answer.hits[1].chunk
    (question,) = stored(sample, data_dir)
    assert question.text == QUESTION
    assert [(span.start, span.end, span.grade) for span in question.spans] == [(chunk.start, chunk.end, 1)]
    page.reload()
    page.get_by_text("retrieved passages").click()
    is_marked(thumbs(page).nth(1))
    assert page.get_by_test_id("stException").count() == 0


class Paced:
    """A model that writes two words, then waits until the test lets it continue."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.n_asked = 0

    def __call__(self, body: dict) -> Stream:
        self.n_asked += 1
        return streamed("They have 29 days.", prompt_tokens=800, pause=self._wait)

    def _wait(self, number: int) -> None:
        if number == 2:
            self.goes_on.wait(PATIENCE)


@pytest.fixture
def model() -> Paced:
    return Paced()


def test_a_passage_is_judged_while_the_next_answer_is_written(
    sample: Collection, open_app: OpenApp, data_dir: Path, model: Paced
):
    with scripted_server({**HEALTHY, "/api/chat": model}) as server:
        page = open_app(server.address)
        page.goto("/chat?collection=Sample")
        ask(page, QUESTION)
        expect(page.get_by_text("tokens read")).to_be_visible()
        page.get_by_text("retrieved passages").click()
        model.goes_on.clear()
        ask(page, "What colour is the lanyard that visitors wear?")
        expect(page.get_by_text("Rewriting the question")).to_be_visible()
        thumbs(page).first.click()
        wait_for(lambda: stored(sample, data_dir), page)
        expect(page.get_by_text("In 'My questions': 1 passage answers this question.")).to_be_visible()
        expect(page.get_by_text("Rewriting the question")).to_be_visible()
        is_marked(thumbs(page).first)
        model.goes_on.set()
        expect(page.get_by_text("tokens read")).to_have_count(2)
        assert model.n_asked == 3  # two answers, and the second question rewritten
        is_marked(thumbs(page).first)
        assert page.get_by_test_id("stException").count() == 0


def test_on_a_phone_thumbs_fit(sample: Collection, page: Page):
    page.set_viewport_size({"width": 420, "height": 900})
    open_search(page)
    for name in ("Answers the question", "Does not answer it"):
        box = thumbs(page, name).first.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 420
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
