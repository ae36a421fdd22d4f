"""The list of pages in a real browser: the marked page, and the sidebar on a narrow screen."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_the_current_page_is_marked_for_screen_readers(documents: Page):
    pages = documents.get_by_role("navigation", name="Pages")
    marked = pages.locator("[aria-current=page]")
    expect(marked).to_contain_text("Documents")
    pages.get_by_role("link", name="Models", exact=True).click()
    documents.get_by_role("heading", name="Models", level=1).wait_for()
    expect(marked).to_contain_text("Models")
    expect(marked).to_have_count(1)
    expect(pages.get_by_role("link")).to_have_count(12)


def test_on_a_narrow_screen_the_sidebar_makes_way_for_the_page(documents: Page):
    documents.set_viewport_size({"width": 420, "height": 900})
    documents.goto("/documents")
    documents.get_by_test_id("stExpandSidebarButton").click()
    pages = documents.get_by_role("navigation", name="Pages")
    expect(pages.locator("[aria-current=page]")).to_contain_text("Documents")
    pages.get_by_role("link", name="Models", exact=True).click()
    documents.get_by_role("heading", name="Models", level=1).wait_for()
    expect(documents.get_by_test_id("stExpandSidebarButton")).to_be_visible()
