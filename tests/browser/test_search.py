"""The Search page in a real browser: the results follow what is typed."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from rag.store.collection import Collection


def opened(page: Page, address: str = "/search?collection=Sample") -> Locator:
    """The search field, once it is visible."""
    page.goto(address)
    field = page.get_by_role("textbox", name="Question or phrase")
    field.wait_for()
    return field


def hits(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_test_id("stHtml").filter(visible=True)


def test_hits_change_while_one_types(shipped_sample: Collection, page: Page):
    field = opened(page)
    expect(page.get_by_text("Example: holiday")).to_be_visible()
    field.press_sequentially("paid leave", delay=30)
    expect(hits(page)).to_have_count(5)
    expect(page.locator("mark").filter(has_text="leave").first).to_be_visible()
    first = hits(page).first.inner_text()
    field.press("ControlOrMeta+a")
    field.press_sequentially("planets and moons around the sun", delay=60)
    expect(hits(page).first).not_to_have_text(first)
    expect(field).to_have_value("planets and moons around the sun")
    expect(field).to_be_focused()
    page.wait_for_url("**query=planets+and+moons+around+the+sun*")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Example: holiday")).to_be_visible()
    expect(field).to_be_focused()
    assert page.get_by_test_id("stException").count() == 0


def test_letters_in_the_middle_stay_where_they_are_put(sample: Collection, page: Page):
    field = opened(page, "/search?collection=Sample&query=paid+staff")
    expect(field).to_have_value("paid staff")
    expect(hits(page)).to_have_count(5)
    field.evaluate("field => { field.focus(); field.setSelectionRange(5, 5); }")
    for word in ("leave ", "for ", "all "):
        page.keyboard.type(word, delay=20)
        page.wait_for_url(f"**{word.strip()}+staff*")
    expect(field).to_have_value("paid leave for all staff")
    assert field.evaluate("field => field.selectionStart") == len("paid leave for all ")


def test_nothing_is_sent_while_a_word_is_composed(shipped_sample: Collection, page: Page):
    field = opened(page, "/search?collection=Sample&query=staff")
    expect(hits(page)).to_have_count(5)  # the model is loaded: what is sent now is answered at once
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Example: holiday")).to_be_visible()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "leav", "selectionStart": 4, "selectionEnd": 4})
    expect(field).to_have_value("leav")
    page.wait_for_timeout(1_000)  # five times what a typed letter waits
    assert "query=" not in page.url
    keyboard.send("Input.insertText", {"text": "leave"})
    expect(hits(page)).to_have_count(5)
    expect(field).to_have_value("leave")


def test_the_query_is_there_after_a_reload_and_after_another_page(sample: Collection, page: Page):
    field = opened(page)
    field.press_sequentially("paid leave", delay=10)
    page.wait_for_url("**query=paid+leave*")
    page.reload()
    expect(field).to_have_value("paid leave")
    expect(hits(page)).to_have_count(5)
    page.get_by_role("link", name="Neighbors").first.click()
    expect(page.get_by_role("heading", name="Neighbors")).to_be_visible()
    page.get_by_role("link", name="Search").click()
    expect(field).to_have_value("paid leave")
    expect(hits(page)).to_have_count(5)


def test_on_a_phone_nothing_is_wider_than_the_screen(sample: Collection, page: Page):
    page.set_viewport_size({"width": 420, "height": 900})
    field = opened(page, "/search?collection=Sample&query=paid+leave")
    expect(hits(page)).to_have_count(5)
    assert field.bounding_box()["width"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    widest = hits(page).evaluate_all("all => Math.max(...all.map(one => one.getBoundingClientRect().right))")
    assert widest <= 420


def test_an_example_is_put_into_the_field(shipped_sample: Collection, page: Page):
    field = opened(page)
    expect(page.get_by_text("Example: holiday")).to_be_visible()
    page.get_by_role("button", name="E58").click()
    expect(field).to_have_value("E58")
    expect(page.get_by_text("An error code is found by its letters")).to_be_visible()
    field.press("End")
    field.press_sequentially("?")
    expect(field).to_have_value("E58?")
    page.wait_for_url("**query=E58%3F*")
    page.get_by_role("button", name="holiday").click()
    expect(field).to_have_value("holiday")
