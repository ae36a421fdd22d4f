"""Our readers compared with second, independent ones on real files: at most one word in twenty is missing."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from rag import config
from rag.documents.loading import load_document
from rag.types import Document
from tests.support.formats.excel_files import xls
from tests.support.formats.powerpoint_files import Slide, box, ppt, text
from tests.support.formats.second_readers import SECOND_READERS, missing, real_files, recall
from tests.support.formats.word_files import doc, line
from tests.support.good_files import SENTENCE, docx, epub, odp, ods, open_document, paragraph, pptx

SHARED = config.ROOT.parent / "shared"
FEWEST = 0.95
FILES = [path for folder in ("files", "cases") for path in real_files(SHARED / folder)]
# What the second reader counts as words, and we do not.
ALLOWED = {
    # The bullet "o" of Courier New, twice in 35 words.
    "list_complex.rtf": {"o"},
}


def everything(document: Document) -> str:
    """A document's text with the names and values of its rows' fields, which are kept apart from the text."""
    fields = (" ".join(field) for row in document.rows for field in row.fields)
    return "\n".join([document.text, *fields])


@pytest.mark.skipif(not FILES, reason="the folder of real files is not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_at_most_one_word_in_twenty_is_missing(path: Path):
    expected = SECOND_READERS[path.suffix.lower()](path.read_bytes())
    found = everything(load_document(path.name, path.read_bytes()))
    lost = set(missing(found, expected)) - ALLOWED.get(path.name, set())
    assert recall(found, expected) >= FEWEST or not lost, sorted(lost)[:40]


def written_by_openpyxl() -> bytes:
    buffer = io.BytesIO()
    workbook = openpyxl.Workbook()
    workbook.active.append([SENTENCE])
    workbook.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", docx(paragraph(SENTENCE))),
        ("a.odt", open_document("text", f"<text:p>{SENTENCE}</text:p>")),
        ("a.ods", ods([["boat", "text"], ["Anna", SENTENCE]])),
        ("a.odp", odp([("Boats", SENTENCE)])),
        ("a.rtf", rf"{{\rtf1\ansi {SENTENCE}}}".encode()),
        ("a.epub", epub([("Boats", SENTENCE)])),
        ("a.pptx", pptx([("Boats", SENTENCE)])),
        ("a.xlsx", written_by_openpyxl()),
        ("a.xls", xls([[SENTENCE]])),
        ("a.doc", doc([line(SENTENCE)])),
        ("a.ppt", ppt([Slide([box(text(SENTENCE))])])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_second_readers_read(name: str, content: bytes):
    assert recall(SECOND_READERS[Path(name).suffix](content), SENTENCE) == 1
    assert recall(everything(load_document(name, content)), SENTENCE) == 1


def test_a_lost_word_is_counted():
    assert recall("one two two", "One, two; three two") == 0.75
    assert missing("one two", "one two two three") == ["three", "two"]
