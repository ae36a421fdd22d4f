"""A map that was taken away: it fetches nothing, keeps hostile text inert, and holds every point."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from rag.map.export.files import UNCLUSTERED_NAME, to_csv, to_html, to_parquet, to_table
from rag.map.export.svg import to_svg
from rag.map.points import MapLabel, MapPoints
from tests.browser.app_server import CHROMIUM, launch
from tests.conftest import lacking

HOSTILE = (
    "</script><img src=https://evil.example/a onerror=\"document.title='owned'\"><!-- <script>\u2028\u2029'\"&\x00 end"
)
SVG = "{http://www.w3.org/2000/svg}"
ADD_A_SCRIPT = "document.head.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))"
PICTURE_DONE = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def made_map(n=9, **changes) -> MapPoints:
    """n points on a diagonal, every third one hostile; the middle one is in the middle of the map."""
    rows = range(n)
    points = MapPoints(
        chunk_ids=np.arange(n, dtype=np.int64) + 100,
        xy=np.column_stack([np.arange(n) / 7, np.arange(n) / 3]).astype(np.float32),
        texts=[HOSTILE if row % 3 == 2 else f'chunk {row} says, "zwölf"\r\nand a line; 日本 =1+1' for row in rows],
        documents=["guide.pdf" if row % 2 else HOSTILE for row in rows],
        pages=[row if row % 2 else None for row in rows],
        headings=["" if row % 2 else "A > B" for row in rows],
        clusters=np.array([row % 2 - 1 for row in rows], dtype=np.int64),
        colour_labels=["odd & <b>" if row % 2 else "even" for row in rows],
        colours={"unused": "#111111", "even": "#0072B2", "odd & <b>": "#E69F00"},
        cluster_labels=[MapLabel(0, "<i>name</i>", 0.5, 1.0)],
        title="Sample </title><script>",
    )
    return replace(points, **changes)


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
    addresses = [value for _, own in reader.elements for name, value in own.items() if name in ("src", "href")]
    assert addresses == ["data:,"]
    assert not {tag for tag, _ in reader.elements} & {"img", "iframe", "object", "embed", "base", "form", "a"}
    assert not [name for _, own in reader.elements for name in own if name.startswith("on")]
    own = [block for tag, block in reader.blocks if tag in ("script", "style") and not block.startswith("{")]
    assert len(own) == 2
    for word in ("http:", "https:", "//", "url(", "@import", "fetch(", "import(", "XMLHttpRequest", "innerHTML"):
        assert not any(word in block for block in own)


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


def test_the_drawing_has_a_circle_for_each_point_and_each_colour():
    drawing = ElementTree.fromstring(to_svg(made_map(headings=["\x00\x0b"] * 9)))
    groups = drawing.findall(f"{SVG}g")
    assert [(group.get("fill"), len(group)) for group in groups] == [("#0072B2", 5), ("#E69F00", 4)]
    written = [element.text for element in drawing.findall(f"{SVG}text")]
    assert written == ["<i>name</i>", "Sample </title><script>", "Colours", "even", "odd & <b>"]
    assert len(drawing.findall(f"{SVG}circle")) == 2
    ups = [float(circle.get("cy")) for circle in groups[0]]
    assert ups == sorted(ups, reverse=True)


def test_the_drawing_leaves_out_names_that_overlap_and_says_what_the_legend_lacks():
    labels = [f"label {number}" for number in range(60)]
    points = made_map(
        60,
        colour_labels=labels,
        colours=dict.fromkeys(labels, "#0072b2"),
        cluster_labels=[MapLabel(0, "first", 1, 1), MapLabel(1, "covered", 1.01, 1), MapLabel(2, "far", 8, 15)],
    )
    written = [element.text for element in ElementTree.fromstring(to_svg(points)).findall(f"{SVG}text")]
    assert written[:2] == ["first", "far"]
    assert "covered" not in written
    shown = [text for text in written if text.startswith("label ")]
    assert written[-1] == f"and {60 - len(shown)} more"


def test_the_table_names_each_chunks_cluster():
    table = to_table(made_map())
    assert list(table) == ["chunk_id", "document", "page", "heading", "x", "y", "cluster", "label", "text"]
    assert table["label"].tolist() == [UNCLUSTERED_NAME, "<i>name</i>"] * 4 + [UNCLUSTERED_NAME]


def test_csv_and_parquet_round_trip():
    texts = [text.replace("\x00", "") for text in made_map().texts]
    points = made_map(texts=texts, documents=['a,b\n"c"'] * 9)
    table = to_table(points)
    content = to_csv(points)
    assert content.startswith(b"\xef\xbb\xbfchunk_id,document,")
    kinds = {"page": "Int64", "x": "float32", "y": "float32"}
    words = dict.fromkeys(("document", "heading", "label", "text"), str)
    again = pd.read_csv(io.BytesIO(content), dtype=kinds | words, keep_default_na=False, na_values={"page": [""]})
    pd.testing.assert_frame_equal(again, table)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(to_parquet(points))), table)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    points = made_map(n)
    assert len(stored(to_html(points))["text"]) == n
    assert len(ElementTree.fromstring(to_svg(points)).findall(f"{SVG}g/{SVG}circle")) == n
    assert len(pd.read_parquet(io.BytesIO(to_parquet(points)))) == n


def test_points_in_one_place_are_drawn():
    points = made_map(xy=np.full((9, 2), 5, dtype=np.float32))
    assert set(stored(to_html(points))["x"]) == {0}
    assert "nan" not in to_svg(points)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": ["x"]}, "one row for each of the 9"),
        ({"xy": np.zeros((9, 3), dtype=np.float32)}, "one row for each of the 9"),
        ({"xy": np.full((9, 2), np.nan, dtype=np.float32)}, "finite"),
        ({"colours": {"even": "#0072B2"}}, "no colour for"),
        ({"colours": {"even": "#0072B2", "odd & <b>": 'red"/><script>'}}, "a colour must be like"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        made_map(**changes)


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


def hovers_and_chooses(page) -> None:
    """The map's middle is chunk 4: its text appears over it, and beside the map when it is clicked."""
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
    assert page.locator("#chosen-text").inner_text().startswith("chunk 4 says")
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
    page.locator("#whole").click()


def searches(page) -> None:
    """Matching chunks keep their strength and get a rim; the others fade. A click on a result shows it whole."""
    ink = "[...pen.getImageData(0, 0, canvas.width, canvas.height).data].reduce((a, b, i) => i % 4 == 3 ? a + b : a, 0)"
    page.evaluate(PICTURE_DONE)
    before = page.evaluate(ink)
    page.fill("#search", "CHUNK says zwölf 7 page")
    page.evaluate(PICTURE_DONE)
    assert page.inner_text("#found") == "1 of 9 chunks"
    assert page.evaluate(ink) < before
    page.fill("#search", "evil.example end")
    assert page.inner_text("#found") == "6 of 9 chunks"
    page.locator("#hits button").nth(1).click()
    assert page.locator("#chosen-text").text_content() == HOSTILE
    page.fill("#search", "")
    assert page.inner_text("#found") == ""
