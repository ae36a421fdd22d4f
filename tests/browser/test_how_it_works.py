"""How embeddings work in a real browser: led through by Next, by keyboard, from a chunk, and with an animation."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from pages.shared.how_it_works.chapters import CHAPTERS
from rag.store.collection import Collection


@pytest.fixture
def chapters(sample: Collection, page: Page) -> Page:
    page.goto("/how_it_works?collection=Sample")
    page.get_by_role("heading", name=CHAPTERS[0].headline).wait_for()
    return page


def wait_until_drawn(page: Page) -> None:
    page.get_by_test_id("stSpinner").first.wait_for(state="detached")
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")


def test_next_leads_through_all_chapters_and_each_figure_has_words(chapters: Page):
    page = chapters
    for number, chapter in enumerate(CHAPTERS, start=1):
        page.get_by_role("heading", name=f"{number}. {chapter.headline}").wait_for()
        wait_until_drawn(page)
        assert page.get_by_test_id("stException").count() == 0, chapter.name
        without_words = page.locator("[data-testid=stPlotlyChart]:not([aria-label]):not(:has([aria-label]))")
        expect(without_words).to_have_count(0)
        if number < len(CHAPTERS):
            page.get_by_role("button", name="Next: ").first.click()
    assert "chapter=10" in page.url


def test_the_keyboard_alone_reaches_the_controls(chapters: Page):
    page = chapters
    wait_until_drawn(page)
    page.get_by_role("textbox", name="Your text").focus()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate("(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()")
        seen.add(label)
        if label.endswith("Next: Token table"):
            break
    assert any("1 Tokens" in label for label in seen)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=CHAPTERS[1].headline).wait_for()


def test_the_slider_of_layers_changes_the_picture(chapters: Page):
    page = chapters
    page.goto("/how_it_works?collection=Sample&chapter=3")
    page.get_by_text("8 occurrences of 'bank'").first.wait_for()
    wait_until_drawn(page)
    chart = page.get_by_test_id("stPlotlyChart").first
    before = chart.screenshot()
    page.get_by_role("slider", name="After layer").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("slider", name="After layer")).to_have_value("0")
    wait_until_drawn(page)
    page.wait_for_timeout(1500)
    assert chart.screenshot() != before


def edit_first_row(page: Page, text: str) -> None:
    editor = page.get_by_test_id("stDataFrame").first
    editor.locator("canvas").first.wait_for()
    page.get_by_text("What embeddings hardly see").scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)  # The charts above take their heights.
    editor.scroll_into_view_if_needed()
    box = editor.bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + 0.7 * box["width"], box["y"] + 55)
    cell = page.locator("textarea.gdg-input")
    cell.fill(text)
    cell.press("Enter")
    cell.wait_for(state="detached")


def test_a_changed_sentence_is_measured_and_stays_changed(chapters: Page):
    page = chapters
    page.goto("/how_it_works?collection=Sample&chapter=5")
    page.get_by_text("6 of 6").wait_for()
    wait_until_drawn(page)
    edit_first_row(page, "Otters swim in the sea.")
    page.get_by_text("5 of 6").wait_for()
    wait_until_drawn(page)
    edit_first_row(page, "Bananas are yellow and sweet.")
    wait_until_drawn(page)
    page.wait_for_timeout(2_000)
    expect(page.get_by_text("5 of 6")).to_be_visible()
    cells = page.get_by_test_id("stDataFrame").first.locator("td")
    expect(cells.filter(has_text="Bananas are yellow and sweet.")).not_to_have_count(0)


def test_a_hit_leads_to_how_it_was_made_and_again(sample: Collection, page: Page):
    page.goto("/neighbors?collection=Sample&query=days+of+paid+leave")
    first = text_behind_hit(sample, page, 0)
    page.get_by_role("link", name="Neighbors").first.click()
    box = page.get_by_role("textbox", name="Find texts similar to")
    box.fill("days of paid leave")
    box.press("Enter")
    assert first != text_behind_hit(sample, page, 1)


def text_behind_hit(sample: Collection, page: Page, number: int) -> str:
    """Follow "How was this made?" at a hit, counted from 0; returns the text that is then explained."""
    page.get_by_text("Similarity among the results").wait_for()
    page.get_by_role("link", name="How was this made?").nth(number).click()
    page.get_by_role("heading", name=CHAPTERS[0].headline).wait_for()
    chunk_id = int(parse_qs(urlsplit(page.url).query)["chunk"][0])
    text = sample.chunks([chunk_id])[0].text
    expect(page.get_by_role("textbox", name="Your text")).to_have_value(text)
    return text
