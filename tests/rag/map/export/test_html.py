"""An exported map as HTML: it fetches nothing, keeps hostile text inert, holds every point, and works offline."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rag.map.export.html import to_html
from rag.map.points import MapQuestion
from tests.browser.app_server import CHROMIUM, launch
from tests.conftest import lacking
from tests.support.maps import HOSTILE, made_map

ADD_A_SCRIPT = "document.head.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))"
PICTURE_DONE = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Reader(HTMLParser):
    """The elements of a page with their attributes, and the content of each script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] in ("script", "style", "title") and data.strip():
            self.blocks.append((self.elements[-1][0], data))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def stored(page: str) -> dict:
    return json.loads(next(block for tag, block in read(page).blocks if tag == "script" and block.startswith("{")))


def test_the_page_fetches_nothing():
    reader = read(to_html(made_map()))
    attributes = [pair for _, pairs in reader.elements for pair in pairs.items()]
    addresses = [value for name, value in attributes if name in ("src", "href")]
    assert addresses == ["data:,"]
    assert not {tag for tag, _ in reader.elements} & {"img", "iframe", "object", "embed", "base", "form", "a"}
    assert not [name for name, _ in attributes if name.startswith("on")]
    inline = [block for tag, block in reader.blocks if tag in ("script", "style") and not block.startswith("{")]
    assert len(inline) == 2
    for word in ("http:", "https:", "//", "url(", "@import", "fetch(", "import(", "XMLHttpRequest", "innerHTML"):
        assert not any(word in block for block in inline)


def test_hostile_text_stays_inside_its_block():
    plain = made_map(texts=["x"] * 9, documents=["x"] * 9, colour_labels=["even"] * 9, cluster_labels=(), title="x")
    page = to_html(made_map())
    assert [tag for tag, _ in read(page).elements] == [tag for tag, _ in read(to_html(plain)).elements]
    assert stored(page)["text"] == made_map().texts
    assert not set(page) & {"\u2028", "\u2029", "\x00"}
    assert "evil.example" in page


def test_the_page_holds_every_point_where_it_belongs():
    points = made_map()
    payload = stored(to_html(points))
    span = float(np.ptp(points.xy, axis=0).max())
    x, y = np.array(payload["x"]) / 100_000 * span, np.array(payload["y"]) / 100_000 * span
    np.testing.assert_allclose(x, points.xy[:, 0], atol=1e-4)
    np.testing.assert_allclose(points.xy[:, 1].max() - y, points.xy[:, 1], atol=1e-4)
    assert [payload["documents"][i] for i in payload["document"]] == points.documents
    assert [payload["headings"][i] for i in payload["heading"]] == points.headings
    assert [payload["groups"][i]["name"] for i in payload["group"]] == points.colour_labels
    assert payload["page"] == points.pages
    assert payload["groups"] == [{"name": n, "colour": points.colours[n]} for n in ("even", "odd & <b>")]


def test_questions_are_stored_at_their_places():
    points = made_map()
    on_a_chunk = tuple(points.xy[4].tolist())
    payload = stored(to_html(made_map(questions=[MapQuestion("q1", HOSTILE, "rank 7", on_a_chunk)])))
    (asked,) = payload["questions"]
    assert (asked["text"], asked["note"]) == (HOSTILE, "rank 7")
    assert (asked["x"], asked["y"]) == (pytest.approx(payload["x"][4], abs=1), pytest.approx(payload["y"][4], abs=1))
    assert stored(to_html(points))["questions"] == []


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    assert len(stored(to_html(made_map(n)))["text"]) == n


def test_points_in_one_place_are_drawn():
    points = made_map(xy=np.full((9, 2), 5, dtype=np.float32))
    assert set(stored(to_html(points))["x"]) == {0}


@pytest.mark.slow
def test_the_page_works_offline_in_a_browser(tmp_path: Path):
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    file = tmp_path / "map.html"
    file.write_text(to_html(made_map()), encoding="utf-8")
    with launch() as browser:
        page = browser.new_context(offline=True, viewport={"width": 1100, "height": 700}).new_page()
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: message.type != "error" or wrong.append(message.text))
        page.goto(file.as_uri())
        page.evaluate(PICTURE_DONE)
        hovers_and_chooses(page)
        searches(page)
        assert asked == [file.as_uri()]
        assert wrong == []
        assert page.locator("img").count() == 0
        page.evaluate(ADD_A_SCRIPT)
        assert page.title() == "Sample </title><script>"


@pytest.mark.slow
def test_a_question_is_seen_read_and_hidden_in_a_browser(tmp_path: Path):
    if not CHROMIUM.exists():
        lacking(f"no Chromium at {CHROMIUM}")
    file = tmp_path / "map.html"
    asked = [MapQuestion("q1", HOSTILE, "Rank of the passage: 7", tuple(made_map().xy[4].tolist()))]
    file.write_text(to_html(made_map(questions=asked, questions_title="Failed questions")), encoding="utf-8")
    with launch() as browser:
        page = browser.new_context(offline=True, viewport={"width": 1100, "height": 700}).new_page()
        page.goto(file.as_uri())
        page.evaluate(PICTURE_DONE)
        box, tip = page.locator("#map").bounding_box(), page.locator("#tip")
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*middle)
        assert "evil.example" in tip.inner_text()
        assert "Rank of the passage: 7" in tip.inner_text()
        page.locator("#legend button", has_text="Failed questions (1)").click()
        page.mouse.move(*middle)
        assert "chunk 4 says" in tip.inner_text()
        assert page.locator("#legend button", has_text="Failed").get_attribute("aria-pressed") == "false"
        page.locator("#legend button", has_text="Failed").click()
        page.mouse.move(*middle)
        assert "Rank of the passage: 7" in tip.inner_text()
        assert page.locator("img").count() == 0


def hovers_and_chooses(page) -> None:
    """Chunk 4 is in the middle of the map: hovering shows its text there, a click shows it in the panel."""
    box = page.locator("#map").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tip = page.locator("#tip")
    assert not tip.is_visible()
    page.mouse.move(*middle)
    assert "chunk 4 says" in tip.inner_text()
    assert "even" in tip.inner_text()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    assert not tip.is_visible()
    page.mouse.click(*middle)
    assert page.locator("#selected-text").inner_text().startswith("chunk 4 says")
    page.locator("#legend button", has_text="even (5)").click()
    page.mouse.move(*middle)
    assert not tip.is_visible()
    page.locator("#legend button", has_text="even (5)").click()
    pans_and_zooms(page, middle)


def pans_and_zooms(page, middle: tuple[float, float]) -> None:
    tip, (x, y) = page.locator("#tip"), middle
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y, steps=3)
    page.mouse.up()
    page.mouse.move(x, y)
    assert not tip.is_visible()
    page.mouse.move(x + 90, y)
    page.mouse.wheel(0, -600)
    page.evaluate(PICTURE_DONE)
    page.mouse.move(x + 91, y)
    assert "chunk 4 says" in tip.inner_text()
    page.locator("#show-all").click()


def searches(page) -> None:
    """Matching chunks keep their strength and get a rim; the others fade. A click on a result shows it whole."""
    pixels = "context.getImageData(0, 0, canvas.width, canvas.height).data"
    ink = f"[...{pixels}].reduce((a, b, i) => i % 4 == 3 ? a + b : a, 0)"
    page.evaluate(PICTURE_DONE)
    before = page.evaluate(ink)
    page.fill("#search", "CHUNK says zwölf 7 page")
    page.evaluate(PICTURE_DONE)
    assert page.inner_text("#found") == "1 of 9 chunks"
    assert page.evaluate(ink) < before
    page.fill("#search", "evil.example end")
    assert page.inner_text("#found") == "6 of 9 chunks"
    page.locator("#hits button").nth(1).click()
    assert page.locator("#selected-text").text_content() == HOSTILE
    page.fill("#search", "")
    assert page.inner_text("#found") == ""
