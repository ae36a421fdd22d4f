"""PDFs from elsewhere, against two other readers; damaged and hostile ones have an outcome each."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
import warnings
from pathlib import Path

import pdfplumber
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.documents.loading import load_document
from rag.documents.sandbox.reader import DocumentReader, ReadLimits
from rag.errors import DocumentError
from rag.types import Document
from tests.rag.documents.pdf.reports import Kind, report
from tests.rag.documents.pdf.writer import Pdf
from tests.support.chunk_cases import bounded

SHARED = config.ROOT.parent / "shared"
FILES = sorted((SHARED / "files").rglob("*.pdf"))
HOSTILE = sorted((SHARED / "hostile").rglob("*.pdf"))
WITHOUT_SPACES = {"pdflatex-4-pages.pdf", "GeoBase_NHNC1_Data_Model_UML_EN.pdf"}
"""PDFs in which pdfplumber joins words or divides them into letters, so that it is no reference."""


def words(text: str) -> set[str]:
    """The words of a text, without case and with plain letters for ligatures."""
    return set(re.findall(r"\w+", unicodedata.normalize("NFKC", text).replace("\xad", "").casefold()))


def recall(document: Document, reference: str) -> float:
    """The share of the reference's words that the document has, or says in its notes that it left out.

    A word that a line's end divides counts as found if it is part of a word.
    """
    wanted = words(reference)
    said = document.text + " ".join(document.notes)
    found, joined = words(said), "".join(sorted(words(said)))
    is_numbered = "page numbers" in said
    kept = [
        one for one in wanted if one in found or one in joined or (is_numbered and re.fullmatch(r"\d+|[ivx]+", one))
    ]
    return len(kept) / len(wanted) if wanted else 1.0


def by_pypdf(content: bytes) -> str:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def by_pdfplumber(content: bytes) -> str:
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pdfplumber.open(io.BytesIO(content)) as document:
            return "\n".join(page.extract_text() for page in document.pages)


@pytest.mark.skipif(not FILES, reason="the folder of real files is not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_words_that_other_readers_find_are_read(path: Path):
    content = path.read_bytes()
    document = load_document(path.name, content)
    assert recall(document, by_pypdf(content)) >= 0.95 or "AcroForm" in path.name
    if path.name not in WITHOUT_SPACES and "vertical" not in path.name and "AcroForm" not in path.name:
        assert recall(document, by_pdfplumber(content)) >= 0.95


@pytest.mark.parametrize("columns", [1, 2])
def test_the_words_of_a_report_are_those_that_other_readers_find(columns):
    made = report(Kind("both", columns=columns, contents=True, seed=11))
    document = load_document("report.pdf", made.content)
    assert recall(document, by_pypdf(made.content)) >= 0.98
    assert recall(document, by_pdfplumber(made.content)) >= 0.98


def test_pages_are_those_that_pypdf_counts():
    made = report(Kind("sizes", columns=2, seed=12))
    document = load_document("report.pdf", made.content)
    pages = pypdf.PdfReader(io.BytesIO(made.content)).pages
    ends = [*document.pages[1:], len(document.text)]
    for page, start, end in zip(pages, document.pages, ends, strict=True):
        theirs = set(re.findall(r"\d+x\d+", page.extract_text()))
        assert theirs == set(re.findall(r"\d+x\d+", document.text[start:end]))


@pytest.mark.slow
@pytest.mark.skipif(not HOSTILE, reason="the folder of hostile files is not here")
def test_every_hostile_pdf_has_an_outcome_within_its_limits():
    limits = ReadLimits(seconds=30, memory_bytes=1 << 30)
    with DocumentReader(limits) as reader:
        outcomes = [(path.name, outcome(reader, path)) for path in HOSTILE]
        assert reader.read("good.txt", b"after").text == "after"
    refused = [(name, said) for name, said in outcomes if said not in ("text", "note")]
    assert all(name in said for name, said in refused)
    assert not any(re.search("crashed|limit of", said) for _, said in refused)
    assert sum(said == "text" for _, said in outcomes) > 50


def outcome(reader: DocumentReader, path: Path) -> str:
    """What became of a file: "text", "note" for a document that says why it has no text, or the error."""
    try:
        document = reader.read(path.name, path.read_bytes())
    except DocumentError as error:
        return str(error)
    assert document.text or document.notes
    return "text" if document.text else "note"


def test_a_page_with_very_many_characters_is_read_without_its_layout():
    pdf = Pdf()
    page = pdf.page()
    for at in range(3_000):
        page.text(72, 780 - at / 4, f"Line {at} of a very long page, on which the letters are small and many.", 1)
    document = load_document("dense.pdf", pdf.content())
    assert all(f"Line {at} of" in document.text for at in range(3_000))


@pytest.mark.slow
def test_a_pdf_that_needs_too_much_memory_is_ended_and_the_next_is_read():
    pdf = Pdf()
    page = pdf.page()
    page.operators += [f"BT /F1 1 Tf 1 0 0 1 {at % 90 * 6} {at / 90} Tm (w{at}) Tj ET" for at in range(300_000)]
    with DocumentReader(ReadLimits(seconds=60, memory_bytes=450 << 20)) as reader:
        with pytest.raises(DocumentError, match=r"'many\.pdf' (needs more memory|crashed its parser)"):
            reader.read("many.pdf", pdf.content())
        assert reader.read("good.txt", b"after").text == "after"


MADE = report(Kind("both", n_chapters=1, n_sections=2, contents=True, seed=13)).content


@pytest.fixture(scope="module", autouse=True)
def _libraries_are_loaded():
    # Libraries that seed a generator when they are imported would do so while hypothesis counts on it.
    load_document("first.pdf", MADE)


@bounded
@given(st.lists(st.tuples(st.integers(0, len(MADE) - 1), st.integers(0, 255)), min_size=1, max_size=40))
def test_a_pdf_with_wrong_bytes_is_read_or_refused(changes):
    content = bytearray(MADE)
    for at, value in changes:
        content[at] = value
    try:
        document = load_document("broken.pdf", bytes(content))
    except DocumentError:
        return
    assert document.text or document.notes
    assert all(0 <= heading.start <= len(document.text) for heading in document.headings)


CASES = {
    "pdf-comment/notes.pdf": ["The gate opens at six.", "Comment: Reviewer: from June it opens at five"],
    "pdf-form/form.pdf": ["name: Rosa Quill", "insured: checked", "town: Leeds"],
    "pdf-hyphen/hyphen.pdf": ["importance of early warnings", "a price-determining factor", "the well-known institute"],
    "pdf-pricelist/pricelist.pdf": ["Article: A-029; Description: Wing nut brass; Pack: 250; Price: 41.15"],
    "pdf-printed-tables/price.pdf": ["Boat: Kayak for two; Full day: 31; Deposit: 50"],
    "pdf-printed-tables/two.pdf": ["the carpenters' association volunteered to construct a temporary crossing"],
    "rtl/rtl.pdf": ["שעות הפתיחה של הספרייה הן תשע עד חמש", "ساعات العمل من التاسعة الى الخامسة"],
}
"""Files that people had trouble with, and what each says."""


@pytest.mark.parametrize("name", CASES)
def test_the_files_that_people_had_trouble_with_say_what_is_printed(name):
    path = SHARED / "cases" / name
    if not path.is_file():
        pytest.skip("the folder of cases is not here")
    text = load_document(path.name, path.read_bytes()).text
    for passage in CASES[name]:
        assert passage in text
