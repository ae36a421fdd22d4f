"""A page as a page: columns, turned text, lists, headers and footers, words that a line's end divides."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.documents.readers.pdf.hyphens import Hyphens
from rag.types import ChunkingSpec, Document
from tests.rag.documents.pdf.reports import Kind, report
from tests.rag.documents.pdf.writer import Pdf, width
from tests.support.chunk_cases import MODEL, bounded


def page_texts(document: Document) -> list[str]:
    ends = [*document.pages[1:], len(document.text)]
    return [document.text[start:end].strip() for start, end in zip(document.pages, ends, strict=True)]


def filled(words: list[str], measure: float, size: float = 10) -> list[str]:
    """Lines as a typesetter fills them."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size) <= measure:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_columns_are_read_one_after_another(columns):
    made = report(Kind("outline", columns=columns, tables=False, seed=columns))
    joined = " ".join(load_document("columns.pdf", made.content).text.split())
    places = [joined.find(text) for text, _, _ in made.sentences]
    assert sum(place >= 0 for place in places) >= 0.95 * len(places), "sentences are whole"
    found = [place for place in places if place >= 0]
    assert found == sorted(found)


def test_a_title_over_two_columns_is_read_before_them():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 740, "News of the valley and of the villages along the river this week", 14, bold=True)
    for line in range(10):
        page.text(72, 700 - 13 * line, f"left line {line} tells of the bridge")
    for line in range(10):
        page.text(320, 700 - 13 * line, f"right line {line} tells of the mill")
    text = load_document("news.pdf", pdf.content()).text
    assert text.index("News of the valley") < text.index("left line 0")
    assert text.index("left line 9") < text.index("right line 0")


def test_text_along_the_margin_is_kept_apart():
    pdf = Pdf()
    page = pdf.page()
    words = re.findall(r"\w+", "The ferry goes every hour and the last one leaves the quay at ten in the evening")
    for at, line in enumerate(filled(words * 4, 440)):
        page.text(100, 700 - 13 * at, line)
    page.text(60, 400, "Draft of the harbour office", 10, angle=90)
    text = load_document("draft.pdf", pdf.content()).text
    flow, _, apart = text.partition("\n\n")
    assert apart == "Draft of the harbour office"
    assert " ".join(flow.split()) == " ".join(words * 4)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_whose_text_is_turned_is_read_like_any_other(angle):
    pdf = Pdf()
    page = pdf.page()
    x, y, down = {90: (100, 72, (13, 0)), 180: (540, 100, (0, 13)), 270: (500, 720, (-13, 0))}[angle]
    lines = filled(("The crane lifts the boats in spring and in autumn " * 6).split(), 300)
    for at, line in enumerate(lines):
        page.text(x + at * down[0], y + at * down[1], line, angle=angle)
    assert " ".join(load_document("turned.pdf", pdf.content()).text.split()) == " ".join(lines)


def test_the_lines_of_a_price_list_stay_lines_and_no_chunk_cuts_one():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 740, "Price list", 18, bold=True)
    rows = [f"Wing nut of brass, size {number}, box of {number * 5} at {number}.35" for number in range(10, 45)]
    for at, row in enumerate(rows):
        page.text(72, 710 - 15 * at, row)
    document = load_document("prices.pdf", pdf.content())
    assert [line for line in document.text.split("\n") if line.startswith("Wing")] == rows
    for chunk in chunk_document(document, ChunkingSpec(40), 254, MODEL):
        assert all(line in [*rows, "Price list", ""] for line in chunk.text.split("\n"))


def test_a_line_that_ended_before_the_margin_stays_a_line():
    pdf = Pdf()
    page = pdf.page()
    words = re.findall(r"\w+", "All guests of the harbour pay for the water and for the light on the quay in advance")
    prose = filled(words * 3, 440)
    address = ["Harbour Office", "12 North Quay", "Leeds"]
    for at, line in enumerate([*prose, *address]):
        page.text(72, 700 - 13 * at, line)
    text = load_document("letter.pdf", pdf.content()).text
    assert "\n".join(address) in text
    assert " ".join(words * 3) in text


def test_headers_and_footers_leave_the_text_and_are_named_in_a_note():
    pdf = Pdf()
    for number in range(1, 8):
        page = pdf.page()
        page.text(72, 760, "Rules of the harbour" if number % 2 else "Edition of May", 9)
        page.text(280, 30, f"Page {number} of 7", 9)
        for line in range(30):
            page.text(72, 700 - 14 * line, f"Rule {number}.{line} holds for all boats of this harbour and its guests")
    document = load_document("rules.pdf", pdf.content())
    assert "Rules of the harbour" not in document.text
    assert "Page 3" not in document.text
    assert all(f"Rule {number}.{line} holds" in document.text for number in range(1, 8) for line in range(30))
    assert document.notes == (
        "Headers and footers that repeat on the pages were left out of the text: page numbers, 'Rules of the harbour' "
        "and 'Edition of May'.",
    )


def test_the_only_line_of_a_page_is_no_footer():
    pdf = Pdf()
    for number in range(1, 6):
        pdf.page().text(72, 740, f"Page {number}")
    document = load_document("numbers.pdf", pdf.content())
    assert page_texts(document) == [f"Page {number}" for number in range(1, 6)]
    assert document.notes == ()


def test_titles_of_chapters_at_the_top_of_their_pages_stay():
    pdf = Pdf()
    for number in range(12):
        page = pdf.page()
        if number % 4 == 0:
            page.text(72, 740, f"Chapter {1 + number // 4}", 20, bold=True)
        for line in range(30):
            page.text(72, 690 - 14 * line, f"On day {number} the crew of boat {line} went out to the nets at dawn")
    document = load_document("chapters.pdf", pdf.content())
    assert [heading.path for heading in document.headings] == ["Chapter 1", "Chapter 2", "Chapter 3"]


HYPHENS = (
    "The committee noted the impor-", "tance of early war-", "nings, and asked for a price-",
    "determining factor to be set by the well-", "known institute.",
)  # fmt: skip


def test_price_determining_and_well_known_keep_their_hyphen_and_importance_has_none():
    pdf = Pdf()
    page = pdf.page()
    for at, line in enumerate(HYPHENS):
        page.text(72, 700 - 13 * at, line)
    assert load_document("hyphens.pdf", pdf.content()).text == (
        "The committee noted the importance of early warnings, and asked for a price-determining factor to be set by "
        "the well-known institute."
    )


def test_the_form_that_the_rest_of_the_document_has_decides():
    hyphens = Hyphens("en")
    hyphens.learn(["Our web-site has a database.", "The co-op and the data-", "base of the co-"])
    assert hyphens.joined("in the data-", "base of") == "in the database of"
    assert hyphens.joined("on the web-", "site of") == "on the web-site of"
    assert hyphens.joined("of the co-", "op today") == "of the co-op today"
    assert Hyphens("de").joined("die Haupt-", "und Nebenfrage") == "die Haupt- und Nebenfrage"
    assert Hyphens("de").joined("die Müller-", "Meier GmbH") == "die Müller-Meier GmbH"
    assert Hyphens("de").joined("die Versiche-", "rung") == "die Versicherung"
    assert Hyphens("en").joined("from 1990-", "1995 on") == "from 1990-1995 on"


@bounded
@given(st.text("abcdefgh", min_size=4, max_size=12), st.integers(2, 8))
def test_a_word_that_occurs_whole_is_joined_wherever_it_is_divided(word, at):
    hyphens = Hyphens("en")
    hyphens.learn([f"the {word} is here"])
    at = min(at, len(word) - 1)
    assert hyphens.joined(f"a {word[:at]}-", f"{word[at:]} b") == f"a {word} b"


def test_soft_hyphens_are_removed():
    pdf = Pdf()
    page = pdf.page()
    page.unicode(72, 700, "The \u00adhar\u00adbour mas\u00adter of the northern quay")
    text = load_document("soft.pdf", pdf.content()).text
    assert text == "The harbour master of the northern quay"


def test_a_table_in_a_column_stays_in_its_place():
    made = report(Kind("outline", columns=2, n_chapters=2, seed=9))
    document = load_document("tables.pdf", made.content)
    rows = [document.text[row.start : row.end] for row in document.rows]
    assert len(rows) == 7 * 8
    assert all(row.count(";") == 3 and row.startswith("Boat: ") for row in rows)


def test_a_damaged_page_costs_only_itself():
    pdf = Pdf()
    for number in range(5):
        pdf.page().text(72, 700, f"The boat has number {number} and is painted blue.")
    content = pdf.content()
    at = content.index(b"stream\n", content.index(b"stream\n", content.index(b"Length")) + 20) + 7
    document = load_document("torn.pdf", content[:at] + b"\xff" * 20 + content[at + 20 :])
    assert len(document.pages) == 5
    assert sum(f"number {number}" in document.text for number in range(5)) >= 4


def cells(page, rows: list[list[str]], top: float) -> None:
    """A table in which each cell has its own four sides, as word processors draw it."""
    for down, row in enumerate(rows):
        for along, cell in enumerate(row):
            x, y = 72 + 110 * along, top - 18 * down
            page.text(x + 3, y + 5, cell, 9)
            for side in (
                (x, y, x + 110, y),
                (x, y + 18, x + 110, y + 18),
                (x, y, x, y + 18),
                (x + 110, y, x + 110, y + 18),
            ):
                page.line(*side)


def test_a_table_whose_cells_have_sides_of_their_own_is_one_table():
    pdf = Pdf()
    rows = [["Boat", "Owner", "Seats"], *[[f"Gull {at}", "Ada Brook", str(at)] for at in range(1, 30)]]
    cells(pdf.page(), rows, 700)
    document = load_document("boats.pdf", pdf.content())
    found = [document.text[row.start : row.end] for row in document.rows]
    assert found == [f"Boat: {boat}; Owner: {owner}; Seats: {seats}" for boat, owner, seats in rows[1:]]


def test_rows_at_the_top_of_each_page_are_no_header():
    pdf = Pdf()
    rows = [[f"Gull {at}", "Ada Brook", f"{at}.50"] for at in range(1, 161)]
    for first in range(0, 160, 40):
        cells(pdf.page(), [["Boat", "Owner", "Rent"], *rows[first : first + 40]], 750)
    document = load_document("boats.pdf", pdf.content())
    found = [document.text[row.start : row.end] for row in document.rows]
    assert found == [f"Boat: {boat}; Owner: {owner}; Rent: {rent}" for boat, owner, rent in rows]
    assert document.notes == ()


@pytest.mark.parametrize("bullet", ["-", "*", "1.", "(a)"])
def test_the_bullets_of_a_list_are_no_column(bullet):
    pdf = Pdf()
    page = pdf.page()
    items = [f"The boat of the {name} stays in the shed" for name in ("baker", "miller", "smith", "weaver", "cook")]
    for at, item in enumerate(items):
        page.text(72, 700 - 20 * at, bullet)
        page.text(110, 700 - 20 * at, item)
    text = " ".join(load_document("list.pdf", pdf.content()).text.split())
    assert text == " ".join(f"{bullet} {item}" for item in items)


def test_the_labels_of_a_form_are_read_line_by_line_below_its_title():
    pdf = Pdf()
    page = pdf.page()
    page.text(180, 740, "Application", 24, bold=True)
    for down, (left, right) in enumerate((("First name", "Last name"), ("Born", "Town"), ("Member", "Guest"))):
        page.text(72, 700 - 20 * down, left)
        page.text(190, 700 - 20 * down, right)
    page.text(72, 630, "Remarks")
    text = " ".join(load_document("form.pdf", pdf.content()).text.split())
    assert text.startswith("Application First name")
    assert text.index("First name") < text.index("Born") < text.index("Member") < text.index("Remarks")
