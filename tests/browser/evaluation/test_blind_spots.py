"""What an exam found and missed, on the map in a real browser, and a question that is made for a region."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rag.evaluation.collection_exams import CollectionExam, documents_of, structure_exam
from rag.evaluation.collection_run import CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.coverage import FailedQuestion, coverage_of, failed_questions
from rag.evaluation.stored.questions import stored_questions
from rag.evaluation.stored.runs import save_run
from rag.store.collection import Collection
from rag.types import Embedder
from tests.browser.app_server import map_frame, map_value, wait_until
from tests.browser.lasso import drag_lasso


@pytest.fixture(scope="module")
def made(sample_folder: Path, embedder: Embedder) -> CollectionRun:
    """A run of 40 questions from the documents' structure, k = 3, by meaning and by words."""
    collection = Collection.open(sample_folder, "Sample")
    exam = structure_exam(documents_of(collection))
    chosen = CollectionExam(exam.name, exam.questions[:40])
    run = new_run(collection, chosen, (Setting("dense", 3), Setting("keyword", 3)))
    return answer_questions(run, collection, embedder, lambda _: None)


@pytest.fixture
def run(sample: Collection, data_dir: Path, made: CollectionRun) -> CollectionRun:
    """That run, stored."""
    save_run(data_dir, made)
    return made


@pytest.fixture
def drawn(run: CollectionRun, page: Page) -> Page:
    """The map of the sample, coloured by the run, opened from the Evaluate page."""
    page.goto("/evaluate?collection=Sample")
    page.get_by_role("link", name="Show the failed questions on the map").click()
    map_frame(page)
    page.get_by_role("button", name="Map quality").wait_for()
    wait_until(page, "scene.questions.length > 0 && chart.dataset.drawn.endsWith(scene.colourKey)")
    return page


def place_of_question(page: Page, number: int) -> tuple[float, float]:
    """Where on the page a failed question is drawn."""
    x, y = map_value(
        page,
        f"""(() => {{ const box = chart.getBoundingClientRect(), frame = window.frameElement.getBoundingClientRect(),
        {{ xaxis, yaxis }} = chart._fullLayout, at = scene.questions[{number}].at;
        return [frame.x + box.x + xaxis._offset + xaxis.l2p(at[0]), frame.y + box.y + yaxis._offset + yaxis.l2p(at[1])];
        }})()""",
    )
    return float(x), float(y)


def most_alone(page: Page, failed: tuple[FailedQuestion, ...]) -> int:
    """The failed question that is farthest from the next one, so that a click can mean no other."""
    places = np.array([place_of_question(page, number) for number in range(len(failed))])
    apart = np.hypot(*(places[:, None] - places[None, :]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return int(apart.min(axis=1).argmax())


def test_colours_and_marks_are_those_of_the_run(drawn: Page, run: CollectionRun, sample: Collection):
    ids = map_value(drawn, "[...scene.ids]")
    assert sorted(ids) == sample.chunk_ids().tolist()
    coverage = coverage_of(run, np.array(ids))
    groups = [(count > 0) + (count >= coverage.hub_from) for count in coverage.counts.tolist()]
    assert set(groups) == {0, 1, 2}
    assert map_value(drawn, "[...scene.codes]") == groups
    legend = map_frame(drawn).locator("#legend")
    expect(legend.locator("b")).to_have_text("Found by exam questions")
    failed = failed_questions(run)
    expect(legend.locator("button")).to_have_text(
        [
            f"no question ({groups.count(0)})",
            f"1 to {coverage.hub_from - 1} questions ({groups.count(1)})",
            f"{coverage.hub_from} or more (hub) ({groups.count(2)})",
            f"✕Failed questions ({len(failed)})",
        ]
    )
    expect(drawn.get_by_text(f"{groups.count(0)} chunks of 303 were found by no question.")).to_be_visible()
    marked = map_value(drawn, "chart.data.filter((trace) => trace.questions).map((trace) => [...trace.x])")
    assert marked == [map_value(drawn, "scene.questions.map((one) => one.at[0])")]
    assert map_value(drawn, "scene.questions.map((one) => one.text)") == [one.question.text for one in failed]
    legend.locator("button", has_text="Failed questions").click()
    wait_until(drawn, "!chart.data.some((trace) => trace.questions)")
    legend.locator("button", has_text="Failed questions").click()
    wait_until(drawn, "chart.data.some((trace) => trace.questions)")


def test_a_failed_question_is_read_opened_and_closed(drawn: Page, run: CollectionRun, sample: Collection):
    failed = failed_questions(run)
    number = most_alone(drawn, failed)
    one = failed[number]
    x, y = place_of_question(drawn, number)
    drawn.mouse.move(x - 60, y)
    drawn.mouse.move(x, y, steps=5)
    tip = map_frame(drawn).locator("#tip")
    expect(tip).to_contain_text(one.question.text)
    expect(tip).to_contain_text("Rank of the expected passage: Meaning ")
    drawn.mouse.click(x, y)
    expect(drawn.get_by_text("What came instead")).to_be_visible()
    assert f"question={one.question.question_id}" in drawn.url
    (span,) = [span for span in one.question.spans if span.grade > 0][:1]
    passage = documents_of(sample)[span.document].text[span.start : span.end]
    expect(drawn.get_by_text(passage.split("\n")[0].strip("# ")[:60]).first).to_be_attached()
    hits = [hit.chunk_id for hit in run.answers[one.question.question_id][one.worst].hits[:3]]
    wait_until(drawn, f"Boolean(scene.star) && scene.hits.length === {len(hits)} && scene.expected.length > 0")
    assert map_value(drawn, "[...scene.hits].map((row) => scene.ids[row])") == hits
    assert map_value(drawn, "[...scene.star]") == pytest.approx(map_value(drawn, f"scene.questions[{number}].at"))
    wait_until(drawn, "chart.data.some((trace) => trace.marker?.symbol === 'square-open')")
    drawn.reload()
    expect(drawn.get_by_text("What came instead")).to_be_visible()
    drawn.get_by_role("button", name="Close").click()
    expect(drawn.get_by_text("What came instead")).to_have_count(0)
    assert "question=" not in drawn.url
    assert drawn.get_by_test_id("stException").count() == 0


def test_a_question_is_written_for_a_region(drawn: Page, sample: Collection, data_dir: Path):
    drag_lasso(drawn)()
    expect(drawn.get_by_text(re.compile(r"^\d+ selected$"))).to_be_visible()
    chosen = set(map_value(drawn, "[...scene.chosen]"))
    assert len(chosen) > 1
    drawn.get_by_text("Make a question for this region").click()
    box = drawn.get_by_role("textbox", name="Question that this passage answers")
    box.fill("What happens in this corner of the map?")
    # Sent before the click: on a busy machine, both may arrive in the other order.
    box.press("Control+Enter")
    drawn.get_by_role("button", name="Save question").click()
    expect(drawn.get_by_text("Saved to 'My questions', which has 1 question now.")).to_be_visible()
    expect(box).to_have_value("")
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.origin) == ("What happens in this corner of the map?", "written")
    (span,) = question.spans
    names = sample.document_names()
    passages = {(names[one.document_id], one.start, one.end) for one in sample.chunks(sorted(chosen))}
    assert (span.document, span.start, span.end) in passages
    drawn.get_by_role("link", name="Open Evaluate").click()
    expect(drawn.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()


def test_the_marks_in_three_dimensions(drawn: Page, run: CollectionRun):
    n_failed = len(failed_questions(run))
    drawn.get_by_role("button", name="Projection").click()
    drawn.get_by_text("3D", exact=True).click()
    drawn.get_by_role("button", name="Recompute map").click()
    wait_until(drawn, "drawn === 3")
    drawn.keyboard.press("Escape")
    assert map_value(drawn, "scene.questions.map((one) => one.at.length)") == [3] * n_failed
    marks = "chart.data.filter((trace) => trace.questions).map((trace) => [trace.type, trace.z.length])"
    assert map_value(drawn, marks) == [["scatter3d", n_failed]]
    drawn.get_by_test_id("stMain").get_by_role("button", name="Export").click()
    expect(drawn.get_by_text("These files are made from a map in 2D")).to_be_visible()
    assert drawn.get_by_test_id("stException").count() == 0


def test_exported_pictures_have_the_failed_questions(drawn: Page, run: CollectionRun):
    failed = failed_questions(run)
    contents = {}
    for kind in ("Interactive HTML", "SVG image"):
        button = drawn.get_by_test_id("stMain").get_by_role("button", name="Export")
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        with drawn.expect_download() as download:
            drawn.get_by_role("button", name=kind).click()
        contents[kind] = Path(download.value.path()).read_text("utf-8")
    start = contents["Interactive HTML"].index('id="map-points">') + len('id="map-points">')
    payload, _ = json.JSONDecoder().raw_decode(contents["Interactive HTML"][start:])
    assert [one["text"] for one in payload["questions"]] == [one.question.text for one in failed]
    assert contents["SVG image"].count("<g><title>") == len(failed)
    assert "Failed questions" in contents["SVG image"]


def test_nothing_is_wider_than_a_phone(drawn: Page, run: CollectionRun):
    one = failed_questions(run)[0]
    drawn.set_viewport_size({"width": 420, "height": 900})
    drawn.goto(f"{drawn.url}&question={one.question.question_id}")
    expect(drawn.get_by_text("What came instead")).to_be_visible()
    main = drawn.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
