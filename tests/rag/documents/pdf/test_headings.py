"""Headings of PDFs: a chunk stands under the heading that a reader would name, or under none."""

from __future__ import annotations

import re

import pytest

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.types import ChunkingSpec, Document
from tests.rag.documents.pdf.reports import Kind, Report, report
from tests.rag.documents.pdf.writer import Bookmark, Pdf
from tests.support.chunk_cases import MODEL

KINDS = {
    "outline": Kind("outline", contents=True, seed=1),
    "outline in two columns": Kind("outline", columns=2, seed=2),
    "tags": Kind("tags", contents=True, seed=3),
    "both in two columns": Kind("both", columns=2, contents=True, seed=4),
    "neither": Kind("sizes", contents=True, seed=5),
    "neither in two columns": Kind("sizes", columns=2, seed=6),
}
PROSE = "The crew of the ferry saw the lights of the town and went on to the next quay before the tide."


def paths(document: Document) -> list[str]:
    return [heading.path for heading in document.headings]


def under(document: Document, words: str) -> str:
    """The heading above the first place of these words."""
    place = document.text.index(words)
    return next((one.path for one in reversed(document.headings) if one.start <= place), "")


def named(path: str, wanted: str) -> bool:
    """Whether a path ends as a reader would name it; the document's title may stand before."""
    return path in ("", wanted) or path.endswith(f" > {wanted}")


@pytest.fixture(scope="module", params=KINDS, ids=str)
def read(request) -> tuple[Report, Document]:
    made = report(KINDS[request.param])
    return made, load_document("report.pdf", made.content)


def test_chunks_stand_under_the_heading_that_a_reader_would_name(read):
    made, document = read
    wanted = {re.search(r"\d+x\d+", text)[0]: path for text, path, _ in made.sentences}
    chunks = chunk_document(document, ChunkingSpec(120), 254, MODEL)
    judged = right = with_heading = 0
    for chunk in chunks:
        known = [wanted[number] for number in re.findall(r"\d+x\d+", chunk.text) if number in wanted]
        if not known:
            continue
        judged += 1
        right += any(named(chunk.heading, path) for path in known)
        with_heading += chunk.heading != ""
    assert judged > 50
    assert right >= 0.95 * judged
    assert with_heading >= 0.9 * judged


def test_every_heading_is_found_once_and_in_order(read):
    made, document = read
    found = [path for path in paths(document) if any(named(path, wanted) for wanted in made.paths if path)]
    assert [path.rpartition(" > ")[2] for path in found] == [path.rpartition(" > ")[2] for path in made.paths]


def test_lines_of_the_contents_page_the_running_header_and_names_of_authors_are_no_headings(read):
    made, document = read
    titles = {heading.path.rpartition(" > ")[2] for heading in document.headings}
    allowed = {path.rpartition(" > ")[2] for path in made.paths} | {"The Harbours of the North", "Contents"}
    assert titles <= allowed


def test_rows_of_tables_are_no_headings(read):
    _, document = read
    assert document.rows
    for row in document.rows:
        assert not any(row.start <= heading.start < row.end for heading in document.headings)


def test_pages_are_exact(read):
    made, document = read
    texts = dict(enumerate((document.text[a:b] for a, b in spans(document)), start=1))
    assert len(texts) == made.n_pages
    for text, _, page in made.sentences:
        number = re.search(r"\d+x\d+", text)[0]
        assert number in texts[page] or number in texts.get(page + 1, ""), "a sentence may go on on the next page"


def spans(document: Document) -> list[tuple[int, int]]:
    return list(zip(document.pages, [*document.pages[1:], len(document.text)], strict=True))


def test_the_outline_is_believed_more_than_the_size_of_letters():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 700, "Sale!", 30, bold=True)
    page.text(72, 650, "Terms of delivery", 10)
    for line in range(8):
        page.text(72, 630 - 12 * line, PROSE)
    pdf.outline = [Bookmark(1, "Terms of delivery", 0, 660)]
    document = load_document("terms.pdf", pdf.content())
    assert paths(document) == ["Terms of delivery"]
    assert under(document, "Sale!") == ""


def test_a_title_of_the_outline_that_is_not_printed_begins_where_the_outline_leads_to():
    pdf = Pdf()
    page = pdf.page()
    for at, title in enumerate(("Ropes", "Anchors")):
        page.text(72, 700 - 200 * at, title, 14)
        page.text(72, 680 - 200 * at, PROSE)
    page.text(72, 300, f"{PROSE[:-1]} third.")
    pdf.outline = [Bookmark(1, "Ropes", 0, 715), Bookmark(1, "Anchors", 0, 515), Bookmark(1, "Sails", 0, 320)]
    document = load_document("gear.pdf", pdf.content())
    assert under(document, "third.") == "Sails"


def test_a_section_whose_place_is_unknown_ends_the_one_before():
    pdf = Pdf()
    for number in range(3):
        page = pdf.page()
        if number != 1:
            page.text(72, 700, f"Part {number} of the rules", 10)
        page.text(72, 600, f"{PROSE[:-1]} on day {number}.")
    pdf.outline = [Bookmark(1, f"Part {number} of the rules", number) for number in range(3)]
    document = load_document("rules.pdf", pdf.content())
    assert under(document, "on day 0") == "Part 0 of the rules"
    assert under(document, "on day 1") == ""
    assert under(document, "on day 2") == "Part 2 of the rules"


def test_an_outline_whose_titles_stand_nowhere_is_not_believed():
    pdf = Pdf()
    for number in range(4):
        page = pdf.page()
        page.text(72, 700, f"The {('north', 'east', 'south', 'west')[number]} quay", 18, bold=True)
        for line in range(6):
            page.text(72, 660 - 12 * line, PROSE)
    pdf.outline = [Bookmark(1, f"Slide {number}", number) for number in range(1, 4)]
    assert paths(load_document("quays.pdf", pdf.content())) == [
        "The north quay", "The east quay", "The south quay", "The west quay",
    ]  # fmt: skip


def test_names_dates_captions_and_bold_labels_are_no_headings():
    pdf = Pdf()
    page = pdf.page()
    page.text(72, 720, "A Study of Tides", 24, bold=True)
    page.text(72, 690, "Maria Poole and John Reed", 14)
    page.text(72, 668, "14 October 2025", 12)
    for section, title in enumerate(("Methods", "Results")):
        top = 620 - 260 * section
        page.text(72, top, title, 16, bold=True)
        for line in range(8):
            page.text(72, top - 24 - 12 * line, PROSE)
        page.text(72, top - 150, f"Table {section + 1}: Heights of water", 10, bold=True)
        page.text(72, top - 170, "Note:", 10, bold=True)
        page.text(72, top - 190, PROSE)
    assert [path.rpartition(" > ")[2] for path in paths(load_document("tides.pdf", pdf.content()))] == [
        "A Study of Tides", "Methods", "Results",
    ]  # fmt: skip


def test_where_size_and_weight_settle_nothing_there_is_no_heading():
    pdf = Pdf()
    page = pdf.page()
    for line in range(40):
        page.text(72, 740 - 16 * line, f"Item {line} of the store", 10 + line % 5)
    assert load_document("store.pdf", pdf.content()).headings == ()


def test_an_outline_without_an_end_is_read():
    pdf = Pdf()
    pdf.page().text(72, 700, "The only page")
    pdf.outline = [Bookmark(1, "The only page", 0), Bookmark(1, "Again", 0)]
    content = re.sub(
        rb"/Next \d+ 0 R", lambda found: b"/Next 9 0 R ".ljust(len(found[0]))[: len(found[0])], pdf.content()
    )
    document = load_document("loop.pdf", content)
    assert document.text == "The only page"


def test_a_tagged_heading_of_two_lines_is_one_heading():
    pdf = Pdf()
    page = pdf.page()
    lines = ["Rules for the storage of boats in the", "northern shed in winter"]
    pdf.tags = [("H1", 0, page.begin("H1"))]
    for at, line in enumerate(lines):
        page.text(72, 700 - 16 * at, line, 13)
    page.end()
    for at in range(6):
        pdf.tags.append(("P", 0, page.begin("P")))
        page.text(72, 660 - 12 * at, PROSE)
        page.end()
    assert paths(load_document("shed.pdf", pdf.content())) == [" ".join(lines)]
