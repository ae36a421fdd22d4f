"""No page has a serious or critical violation of WCAG AA, in the light and in the dark theme."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route

from pages.shared.how_it_works.chapters import CHAPTERS
from rag.store.collection import Collection
from tests.browser.accessibility.axe import violations, violations_now
from tests.browser.accessibility.every_page import PAGES, open_page, wait_until_still
from tests.browser.app_server import map_frame, new_context


@pytest.mark.parametrize("path", PAGES, ids=list(PAGES.values()))
def test_every_page(path: str, sample: Collection, page: Page):
    open_page(page, path)
    assert violations(page) == []


_OUTER = (
    "<html lang=en><title>A</title><main><h1>A</h1><p style='color:#888'>faint</p><img src='data:,'>"
    "<iframe title=b src='inner'></iframe></main>"
)
_INNER = "<html lang=en><title>b</title><p style='color:#999'>fainter</p>"


def test_a_faint_text_and_a_picture_without_words_are_found(browser: Browser):
    page = new_context(browser).new_page()

    def serve(route: Route) -> None:
        is_inner = route.request.url.endswith("inner")
        route.fulfill(content_type="text/html", body=_INNER if is_inner else _OUTER)

    page.route("http://127.0.0.1:9/**", serve)
    page.goto("http://127.0.0.1:9/")
    found = violations_now(page)
    page.context.close()
    assert sum("color-contrast" in one for one in found) == 2
    assert sum("image-alt" in one for one in found) == 1


def test_an_opened_chunk_and_the_topics_on_the_map(sample: Collection, page: Page):
    page.goto(f"/?collection=Sample&chunk={sample.chunks()[0].chunk_id}")
    map_frame(page)
    page.get_by_text(re.compile(r"Topics \(\d+\)")).click()
    wait_until_still(page)
    assert violations(page) == []


def test_a_question_on_the_map_and_among_the_neighbors(sample: Collection, page: Page):
    page.goto("/?collection=Sample&query=how+do+plants+survive+a+dry+summer")
    map_frame(page)
    wait_until_still(page)
    assert violations(page) == []
    page.goto("/neighbors?collection=Sample&query=the+bank+raised+its+interest+rates")
    page.get_by_text("Sum of all token pairs").wait_for()
    wait_until_still(page)
    assert violations(page) == []


def test_an_answer_and_how_it_was_made(sample: Collection, page: Page):
    page.goto("/chat?collection=Sample")
    page.get_by_role("button", name="How many days of paid leave").click()
    page.get_by_text("tokens read").wait_for()
    wait_until_still(page)
    assert violations(page) == []
    page.get_by_role("button", name="Without documents").click()
    page.get_by_role("button", name="Add the wrong documents").wait_for()
    wait_until_still(page)
    assert violations(page) == []
    page.get_by_role("button", name="Show how this was answered").last.click()
    page.get_by_role("dialog").get_by_text("Source of each sentence").wait_for()
    wait_until_still(page)
    assert violations(page) == []


def test_a_comparison_of_models_and_a_run_of_an_exam(sample: Collection, page: Page):
    page.goto("/compare_models?collection=Sample")
    page.get_by_role("button", name="Compare", exact=True).click()
    map_frame(page)
    wait_until_still(page)
    assert violations(page) == []
    page.goto("/evaluate?collection=Sample")
    page.get_by_text("Averages over").wait_for()
    wait_until_still(page)
    assert violations(page) == []


def test_a_document_and_its_chunks(sample: Collection, page: Page):
    page.goto(f"/documents?collection=Sample&chunk={sample.chunks()[0].chunk_id}")
    page.get_by_role("button", name="Close document").wait_for()
    wait_until_still(page)
    assert violations(page) == []


def test_the_chapters_of_how_embeddings_work(sample: Collection, page: Page):
    for number, chapter in enumerate(CHAPTERS, start=1):
        page.goto(f"/how_it_works?collection=Sample&chapter={number}")
        page.get_by_role("heading", name=chapter.headline).wait_for()
        wait_until_still(page)
        assert violations(page) == [], chapter.name
