"""The Evaluate page in a real browser: run an exam, open a failed question, see it on the map, continue a run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from pages.shared.evaluate.questions import answered_questions
from rag.evaluation.stored.runs import load_run, run_paths, save_run
from rag.store.collection import Collection
from tests.browser.app_server import map_frame

_HEADER, _ROW = 36, 35
"""Heights of the list of questions, which is drawn on a canvas."""


def run_exam(page: Page) -> None:
    """Open the page, which asks the questions from the documents' structure; some fail."""
    page.goto("/evaluate?collection=Sample")
    expect(page.get_by_text("Averages over 88 questions")).to_be_visible()


def question_list(page: Page) -> Locator:
    """The list of questions; the exam's own list is in an expander that is closed."""
    return page.get_by_test_id("stDataFrame").filter(visible=True).first


def test_a_failed_question_is_opened_and_seen_on_the_map(sample: Collection, page: Page, data_dir: Path):
    run_exam(page)
    headline = page.get_by_text("the highest nDCG@10")
    expect(headline).to_be_visible()
    expect(page.get_by_test_id("stTable").get_by_text("Meaning and words")).to_be_visible()
    (path,) = run_paths(data_dir, sample.uid)
    first, *_, fifth = (one.question for one in answered_questions(load_run(path))[:5])
    question_list(page).click(position={"x": 16, "y": _HEADER + _ROW * 4.5})
    expect(page.get_by_role("heading", name=fifth.text, exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=first.text, exact=True)).to_have_count(0)
    expect(page.get_by_text("Rank of the expected passage")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Of \d+ chunks\. \w+"))).to_be_visible()
    link = page.get_by_role("link", name="Show on map").first
    (chunk,) = sample.chunks([int(str(link.get_attribute("href")).rpartition("chunk=")[2])])
    assert any(chunk.start < span.end and span.start < chunk.end for span in fifth.spans)
    link.click()
    map_frame(page)
    expect(page.get_by_text("selected chunk")).to_be_visible()
    longest = max(re.findall(r"\w+", chunk.text), key=len)
    expect(page.get_by_test_id("stMain").get_by_text(longest).filter(visible=True).first).to_be_visible()
    page.get_by_role("link", name="Evaluate").click()
    expect(page.get_by_role("heading", name=fifth.text, exact=True)).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_a_run_outlives_a_reload_and_is_continued(sample: Collection, page: Page, data_dir: Path):
    run_exam(page)
    (path,) = run_paths(data_dir, sample.uid)
    whole = load_run(path)
    page.reload()
    expect(page.get_by_text("Averages over 88 questions")).to_be_visible()
    headline = page.get_by_text("the highest nDCG@10").inner_text()
    save_run(data_dir, replace(whole, answers=dict(list(whole.answers.items())[:50])))
    page.reload()
    expect(page.get_by_text("This run ended early: 50 of 102 questions answered.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("the highest nDCG@10")).to_have_text(headline)
    assert load_run(path).answers == whole.answers


def test_the_first_result_alone_is_one_click_away(sample: Collection, page: Page, data_dir: Path):
    run_exam(page)
    shown = page.get_by_test_id("stAlert").filter(has_text="What to see:")
    expect(shown).to_contain_text("among the first 5 results")
    page.get_by_role("button", name="Only the first result").click()
    expect(shown).to_contain_text("at rank 1")
    expect(page.get_by_role("spinbutton", name="Passages (k)")).to_have_value("1")
    assert len(run_paths(data_dir, sample.uid)) == 2
    page.get_by_role("button", name="The first 5 results").click()
    expect(shown).to_contain_text("among the first 5 results")
    assert len(run_paths(data_dir, sample.uid)) == 2


def test_nothing_is_wider_than_a_phone(sample: Collection, page: Page):
    page.set_viewport_size({"width": 420, "height": 900})
    run_exam(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    table = page.get_by_test_id("stTable")
    expect(table).to_be_visible()
    # What does not fit is reached by scrolling the table itself.
    assert table.evaluate(
        "one => [one, ...one.querySelectorAll('*')].every(part => part.scrollWidth <= part.clientWidth + 1 "
        "|| part.clientWidth === 0 || getComputedStyle(part).overflowX !== 'hidden')"
    )
