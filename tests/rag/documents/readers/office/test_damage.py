"""Damaged files: the text before the damage is read, and a person reads a sentence, not what a parser says."""

from __future__ import annotations

import io
import zipfile

import kreuzberg
import pytest

from rag.documents.loading import load_document
from rag.documents.readers.panics import without_panic
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file
from tests.support.good_files import SENTENCE, docx, epub, odp, ods, open_document, paragraph, pptx


def cut(content: bytes, part: str, before: bytes) -> bytes:
    """A file one part of which ends before these bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(buffer, "w") as written:
        for name in package.namelist():
            text = package.read(name)
            written.writestr(name, text[: text.index(before)] if name == part else text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", cut(docx(paragraph(SENTENCE) + paragraph("lost")), "word/document.xml", b"lost")),
        ("a.odt", cut(open_document("text", f"<text:p>{SENTENCE}</text:p><text:p>lost"), "content.xml", b"lost")),
        ("a.ods", cut(ods([[SENTENCE], ["lost"]]), "content.xml", b"lost")),
        ("a.odp", cut(odp([(SENTENCE, "lost")]), "content.xml", b"lost")),
        ("a.pptx", cut(pptx([(SENTENCE, "lost")]), "ppt/slides/slide1.xml", b"lost")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_text_before_the_damage_is_read_and_the_damage_named(name: str, content: bytes):
    document = load_document(name, content)
    assert document.text.strip() == SENTENCE
    assert len(document.notes) == 1
    assert "damage" in document.notes[0]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.docx", docx(paragraph(SENTENCE)), "word/document.xml"),
        ("a.odt", open_document("text", "<text:p>x</text:p>"), "content.xml"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_without_a_root_is_refused(name: str, content: bytes, part: str):
    with pytest.raises(DocumentError, match=f"'{name}' is damaged"):
        load_document(name, cut(content, part, b"<"))


class PanicException(BaseException):
    """As a parser written in Rust raises it."""


def test_a_panic_becomes_a_sentence():
    said = r"'a\.doc' could not be read as a book: the parser failed on it\."
    with pytest.raises(DocumentError, match=said), without_panic("a.doc", "a book"):
        raise PanicException("byte index 1 is not a char boundary")


def test_other_exceptions_stay_as_they_are():
    for error in (KeyboardInterrupt(), ValueError("x")):
        with pytest.raises(type(error)), without_panic("a.doc", "a book"):
            raise error


def test_a_panic_that_the_parser_reports_is_not_shown(monkeypatch):
    def fail(*_: object) -> None:
        raise kreuzberg.ParsingError("Extraction panicked: byte index 7 is not a char boundary; it is inside 'é'")

    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", fail)
    with pytest.raises(DocumentError) as raised:
        load_document("a.doc", compound_file({"WordDocument": bytes(5000)}))
    assert str(raised.value).endswith("the parser failed on it. Save it in another format.")


@pytest.mark.parametrize("depth", [100, 20_000])
def test_elements_in_one_another_without_end_are_read(depth: int):
    def nested(start: str, inner: str) -> str:
        ends = "".join(f"</{tag}>" for tag in reversed([one.split(" ")[0] for one in start.strip("<>").split("><")]))
        return start * depth + inner + ends * depth

    bodies = {
        "a.odt": [
            open_document("text", nested(start, f"<text:p>{SENTENCE}</text:p>"))
            for start in (
                "<text:section>",
                "<text:list><text:list-item>",
                "<table:table><table:table-row><table:table-cell>",
                "<draw:frame><draw:text-box>",
            )
        ]
        + [open_document("text", f"<text:p>{nested('<text:span>', SENTENCE)}</text:p>")],
        "a.docx": [
            docx(nested("<w:sdt><w:sdtContent>", paragraph(SENTENCE))),
            docx(f"<w:p>{nested('<w:hyperlink>', f'<w:r><w:t>{SENTENCE}</w:t></w:r>')}</w:p>"),
            docx(nested("<w:p><w:r><w:pict><w:txbxContent>", paragraph(SENTENCE))),
        ],
        "a.epub": [epub([("One", nested(start, SENTENCE))]) for start in ("<div>", "<b>", "<ul><li>", "<blockquote>")],
        "a.rtf": [rb"{\rtf1 " + b"{" * depth + SENTENCE.encode() + b"}" * depth + b"}"],
    }
    for name, contents in bodies.items():
        for content in contents:
            assert SENTENCE in " ".join(load_document(name, content).text.split()), name
