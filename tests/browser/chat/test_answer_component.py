"""An answer in a real browser: its source chips, the source card, and its links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rag import config
from tests.browser.app_server import app_process, new_context
from tests.pages.support.hand_made_answer import MOON, NINE, NOT, TEXT

_APP = Path(__file__).parent.with_name("answer_app") / "app.py"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with app_process({**os.environ, "PYTHONPATH": str(config.ROOT)}, str(_APP)) as app:
        yield app.address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(new_context(browser, viewport={"width": 1400, "height": 900}).new_page(), address)


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(new_context(browser, viewport={"width": 420, "height": 700}, has_touch=True).new_page(), address)


def opened(page: Page, address: str) -> Iterator[Page]:
    """The answer's page; a script error, or a script that the answer's text starts, fails the test."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(address)
    page.locator(".answer .chip").first.wait_for()
    yield page
    page.context.close()
    assert not faults


def card(page: Page):
    return page.locator(".card:popover-open")


def test_the_text_is_shown_with_its_markdown_and_never_as_html(page: Page):
    shown = page.locator(".answer").evaluate(
        "answer => [...answer.querySelectorAll('span')].filter((part) => !part.hidden)"
        ".map((part) => part.textContent).join('')"
    )
    assert shown == TEXT.replace("\n\n- ", "").replace("\n- ", "").replace("\n", "").replace("**", "")
    assert page.locator(".answer img").count() == 0
    assert page.locator(".answer li").count() == 2
    expect(page.locator(".answer strong")).to_have_text("plain")
    assert page.locator(".answer .differs").all_inner_texts() == [NINE]
    assert [chip.inner_text() for chip in page.locator(".chip").all()] == ["1", "1", "2", "2?"]


def test_a_chip_shows_its_passage_and_moves_nothing(page: Page):
    chip = page.get_by_role("button", name="Source 1: handbook.md, page 3 · Benefits > Leave, similarity 0.81")
    before = page.get_by_text("below").bounding_box()
    chip.hover()
    expect(card(page)).to_contain_text("handbook.md")
    expect(card(page)).to_contain_text("page 3 · Benefits > Leave")
    expect(card(page)).to_contain_text("similarity 0.81")
    marked = "".join(card(page).locator("mark").all_text_contents())
    assert marked == "Leave that is not taken by 31 March is lost, unless the manager agreed in writing."
    assert {"31", "March", "lost"} <= set(card(page).locator("b").all_text_contents())
    expect(card(page).locator("mark").first).to_be_in_viewport()
    assert page.get_by_text("below").bounding_box() == before
    page.mouse.move(5, 600)
    expect(card(page)).to_have_count(0)


def test_the_card_opens_with_the_keyboard_and_closes_on_escape(page: Page):
    page.locator(".chip").first.focus()
    page.keyboard.press("Tab")
    expect(page.locator(".chip").nth(1)).to_be_focused()
    expect(card(page)).to_contain_text("similarity 0.81")
    page.keyboard.press("ArrowDown")
    expect(card(page).locator(".passage")).to_be_focused()
    page.keyboard.press("Tab")
    expect(card(page).get_by_role("button", name="Open in document")).to_be_focused()
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    expect(page.locator(".chip").nth(1)).to_be_focused()


def test_an_unsupported_sentence_says_why(page: Page):
    page.get_by_text(NINE).hover()
    expect(card(page)).to_contain_text("The most similar passage does not contain the number 9.")
    expect(card(page)).to_contain_text("The nearest passage")
    page.keyboard.press("Escape")
    moon = page.locator(".unsupported", has_text=MOON)
    assert moon.evaluate("it => getComputedStyle(it).textDecorationStyle") == "dotted"
    moon.focus()
    expect(moon).to_have_accessible_description("No retrieved passage supports this sentence.")


def test_an_altered_sentence_has_an_amber_chip_with_a_question_mark_that_says_what_differs(page: Page):
    colours = "chip => getComputedStyle(chip).color"
    doubtful, sure = page.locator(".chip.doubtful"), page.locator(".chip:not(.doubtful)").last
    assert doubtful.evaluate(colours) != sure.evaluate(colours)
    expect(page.locator(".altered")).to_have_text(NOT)
    expect(doubtful).to_have_accessible_name(
        "Source 2: sickness_and_other_absence_final_v2.pdf, page 3 · Benefits > Leave, similarity 0.91. "
        "Says something else? The sentence says 'not', which the passage does not."
    )
    doubtful.hover()
    expect(card(page)).to_contain_text("Says something else? The sentence says 'not', which the passage does not.")
    expect(card(page)).to_contain_text("Compare with the passage:")
    expect(card(page).locator("mark").first).to_be_visible()
    doubtful.click()
    expect(page.get_by_text("opened chunk 42")).to_be_visible()


def test_an_open_card_stays_while_the_page_runs_again(page: Page):
    page.locator(".chip").first.hover()
    expect(card(page)).to_be_visible()
    answer = page.locator(".answer").element_handle()
    page.get_by_role("button", name="Again").evaluate("button => button.click()")
    expect(page.locator("[data-stale='true']")).to_have_count(0)
    expect(card(page)).to_be_visible()
    assert answer.evaluate("it => it.isConnected")


@pytest.mark.parametrize(("number", "chunk"), [(0, 41), (2, 42)])
def test_a_click_on_a_chip_opens_its_chunk(page: Page, number: int, chunk: int):
    page.locator(".chip").nth(number).click()
    expect(page.get_by_text(f"opened chunk {chunk}")).to_be_visible()
    expect(card(page)).to_have_count(0)


def test_the_link_to_the_nearest_passage_opens_it(page: Page):
    page.get_by_text(NINE).hover()
    card(page).get_by_role("button", name="Open in document").click()
    expect(page.get_by_text("opened chunk 42")).to_be_visible()


def test_on_a_phone_a_tap_opens_a_card_that_fits_and_a_tap_elsewhere_closes_it(phone: Page):
    for place in phone.locator(".chip, .unsupported").all():
        place.tap()
        expect(card(phone)).to_be_visible()
        box = card(phone).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 420
        assert box["y"] + box["height"] <= 700
        phone.touchscreen.tap(200, 690)
        expect(card(phone)).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 420
    assert phone.get_by_text("opened chunk").count() == 0


def test_the_card_follows_its_sentence_when_the_page_scrolls(phone: Page):
    phone.set_viewport_size({"width": 420, "height": 420})
    chip = phone.locator(".chip").first
    chip.tap()
    expect(card(phone)).to_be_visible()
    before = chip.bounding_box()["y"]
    phone.get_by_test_id("stMain").evaluate("main => main.scrollBy(0, 15)")
    phone.wait_for_function(
        """([chip, before]) => {
            const at = chip.getBoundingClientRect(), card = chip.getRootNode().querySelector(".card");
            const place = card.getBoundingClientRect();
            const gap = Math.min(Math.abs(place.top - at.bottom), Math.abs(at.top - place.bottom));
            return at.top < before - 10 && gap < 7 && place.bottom <= innerHeight;
        }""",
        arg=[chip.element_handle(), before],
    )
