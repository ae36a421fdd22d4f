"""Large type: a switch for all pages."""

from __future__ import annotations

from playwright.sync_api import Page

from rag.store.collection import Collection
from tests.browser.accessibility.every_page import open_page, wait_until_still

_SIZES = """() => ['h1', 'label', '[data-testid=stCaptionContainer]']
  .map((one) => parseFloat(getComputedStyle(document.querySelector(one)).fontSize))"""


def test_all_text_is_a_quarter_larger_on_every_page(sample: Collection, page: Page):
    open_page(page, "search")
    before = page.evaluate(_SIZES)
    page.get_by_text("Large type").click()
    page.wait_for_function(f"(before) => ({_SIZES})()[0] > before", arg=before[0])
    assert page.evaluate(_SIZES) == [1.25 * one for one in before]
    page.get_by_role("link", name="Models").first.click()
    page.get_by_role("heading", name="Models", level=1).wait_for()
    wait_until_still(page)
    assert page.evaluate(_SIZES)[0] == 1.25 * before[0]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
