"""The six steps of an answer in a real browser: shown without a model, at any width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.answering.types import Answer
from rag.conversations.store import Conversations
from rag.index.loading import load_index
from rag.map.layout import make_layout
from rag.map.projection_settings import ProjectionParameters
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection
from rag.types import Embedder
from tests.support.answers import made_answer, made_turn

BLOCK = "document.querySelector('[data-testid=stMainBlockContainer]')"
TITLES = ("Question", "Position on the map", "Retrieved passages", "Prompt sent to the model", "Generating the answer")
FITS = f"{BLOCK}.scrollWidth <= window.innerWidth"


@pytest.fixture
def answer(sample: Collection, embedder: Embedder) -> Answer:
    """An answer with real hits and a real query vector, kept in a conversation of the sample collection."""
    made = made_answer()
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve(made.query, 3)
    vector = tuple(embedder.encode_queries([made.query])[0].tolist())
    prompt = replace(made.prompt, hits=hits[:2], left_out=hits[2:])
    supports = tuple(replace(one, passage=(0, 10)) for one in made.supports)
    answer = replace(made, hits=hits, prompt=prompt, query_vector=vector, supports=supports)
    conversations = Conversations(sample)
    conversations.add(conversations.create(), made_turn(answer))
    make_layout(sample, ProjectionParameters())
    return answer


@pytest.fixture
def recorder(answer: Answer, sample: Collection, page: Page) -> Page:
    """The steps of the stored answer, open."""
    (kept,) = Conversations(sample).list()
    page.goto(f"/chat?collection=Sample&conversation={kept.conversation_id}")
    page.get_by_role("button", name="Show how this was answered").click()
    page.get_by_role("heading", name="Source of each sentence").wait_for()
    return page


def test_a_stored_answer_is_shown_without_a_model(recorder: Page, answer: Answer):
    for title in TITLES:
        expect(recorder.get_by_role("heading", name=title)).to_be_visible()
    expect(recorder.get_by_test_id("stPlotlyChart")).to_have_count(2)
    expect(recorder.locator(".js-plotly-plot .scatterlayer .points path").first).to_be_attached()
    expect(recorder.get_by_test_id("stCode").locator("code")).to_have_count(len(answer.prompt.messages))
    sent = [element.inner_text().strip() for element in recorder.get_by_test_id("stCode").locator("code").all()]
    assert sent == [message.content for message in answer.prompt.messages]
    expect(recorder.get_by_text("unused 458")).to_be_visible()
    assert recorder.get_by_test_id("stException").count() == 0


def test_everything_can_be_read_on_a_phone(recorder: Page):
    recorder.set_viewport_size({"width": 420, "height": 900})
    recorder.get_by_text("unused 458").scroll_into_view_if_needed()
    recorder.wait_for_function(FITS)
    for element in recorder.get_by_test_id("stPlotlyChart").all():
        box = element.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 420


def test_the_exported_report_has_the_map(recorder: Page, tmp_path: Path):
    recorder.keyboard.press("Escape")
    recorder.get_by_role("button", name="More", exact=True).click()
    with recorder.expect_download() as download:
        recorder.get_by_role("button", name="Export as HTML report").click()
    download.value.save_as(tmp_path / "report.html")
    report = recorder.context.browser.new_page()
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator("figure svg path")).to_be_visible()  # the star
    expect(report.locator("figure .number")).to_have_text(["1", "2"])


def test_a_steps_title_is_larger_than_its_text(recorder: Page):
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    for title in ("Question", "Source of each sentence"):
        assert recorder.get_by_role("heading", name=title).evaluate(size) > 16
