"""Broken and hostile mail, markup and chats: each is read or refused with a sentence, and no fault gets out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.documents.archives import is_archive, open_archive
from rag.documents.loading import load_document
from rag.errors import DocumentError
from rag.types import Document
from tests.rag.documents.readers.mail.test_mail import OFFER, attach, mail
from tests.rag.documents.readers.mail.test_outlook import HELLO, MAIL, RTF
from tests.rag.documents.readers.markup.test_lightweight import ADOC, ORG, RST, TEX
from tests.rag.documents.readers.markup.test_markdown import GUIDE
from tests.rag.documents.readers.markup.test_notebooks import BOOK
from tests.rag.documents.readers.markup.test_web_pages import FULL
from tests.rag.documents.readers.speech.test_chats import WHATSAPP, day, said, telegram
from tests.rag.documents.readers.speech.test_subtitles import SRT, VTT
from tests.support.formats.outlook_files import compound_file, message


def offer() -> bytes:
    one = mail("Offer", "Read the HTML.", html=OFFER)
    attach(one, "a.csv", b"a,b\n1,2\n")
    one.add_attachment(mail("inner", "text"))
    return one.as_bytes()


INNER = message({0x37: "inner", RTF: HELLO}, inside=True)
GOOD = {
    "a.msg": compound_file(message(MAIL, people=[(1, "B", "b@c")], files=[("a.txt", b"x")], messages=[INNER])),
    "a.eml": offer(),
    "a.mbox": b"From x Mon Jun 01 10:00:00 2009\n" + offer(),
    "a.mht": b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + FULL,
    "a.html": FULL,
    "a.ipynb": BOOK,
    "a.md": GUIDE.encode(),
    "a.rst": RST.encode(),
    "a.tex": TEX.encode(),
    "a.org": ORG.encode(),
    "a.adoc": ADOC.encode(),
    "a.srt": SRT.encode(),
    "a.vtt": VTT.encode(),
    "a.txt": WHATSAPP["Android, Spain"][0].encode(),
    "a.json": telegram(said("x"), said(["y", {"type": "link", "text": "z"}])),
    "b.json": day({"user": "U1", "text": "Hi <@U2>"}).encode(),
}


def read(name: str, content: bytes) -> tuple[Document | None, str]:
    try:
        if is_archive(name, content):
            open_archive(name, content)
        return load_document(name, content), ""
    except DocumentError as error:
        return None, str(error)


def outcome(name: str, content: bytes) -> Document | None:
    """The document, or None if it is refused with a sentence that names the file."""
    document, reason = read(name, content)
    if document is None:
        assert reason.startswith(f"'{name}")
        assert reason.endswith(".")
        return None
    assert all(note.endswith(".") for note in document.notes), document.notes
    for row in document.rows:
        assert 0 <= row.start <= row.end <= len(document.text)
    for heading in document.headings:
        assert 0 <= heading.start <= len(document.text)
    return document


@pytest.mark.parametrize("name", GOOD)
def test_the_good_files_are_read(name):
    document = outcome(name, GOOD[name])
    assert document is not None
    assert document.text


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_file_with_a_few_wrong_bytes_is_read_or_refused(name, data):
    content = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    outcome(name, bytes(content))


@pytest.mark.parametrize("name", GOOD)
@given(share=st.floats(0.01, 0.99))
@settings(max_examples=15, deadline=None)
def test_a_file_that_breaks_off_is_read_or_refused(name, share):
    outcome(name, GOOD[name][: max(int(share * len(GOOD[name])), 1)])


LONG = 50_000
HOSTILE = {
    "comments.md": b"<!--" * LONG,
    "fences.md": b"`a``b" * LONG + b"<!-- x -->",
    "bomb.md": b"---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n---\ntext",
    "deep.md": b"---\na: " + b"[" * LONG + b"\n---\ntext",
    "spaces.tex": b"\\section{x}" + b" " * LONG * 4 + b"x",
    "braces.tex": b"\\emph{" * LONG,
    "sections.tex": b"\\section{a\n" * LONG,
    "percents.tex": b"\\" * LONG * 4 + b"%",
    "spaces.org": b"* " + b" " * LONG * 4 + b"x" + b" " * LONG + b":a:",
    "spaces.adoc": b"== x" + b" =" * LONG + b" " * LONG + b"y",
    "dots.rst": b"..\n" * LONG + b"=" * LONG,
    "tags.vtt": b"00:00.000 --> 00:01.000\n" + b"<v <v " * LONG,
    "times.srt": b"00:00:00,000 --> 00:00:01,000\n" * LONG,
    "dashes.txt": b"a-\n" * LONG,
    "dates.txt": b"01.04.25, 09:00 - " * LONG,
    "from.mbox": b"From " + b"11:11 " * LONG,
    "lists.json": json.dumps({"type": "x", "messages": [{"type": "message", "date": "", "text": "DEEP"}]})
    .replace('"DEEP"', "[" * 900 + "]" * 900)
    .encode(),
    "tags.html": b"<nav" * 10_000,
    "navs.html": b"<nav>x" * 2000 + b"<div class=menu hidden>" * 2000,
    "deep.ipynb": b'{"cells": [{"cell_type": "code", "outputs": [{"data": {"text/html": "'
    + b"<table>" * 3000
    + b'"}}]}]}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_or_refused(name):
    outcome(name, HOSTILE[name])


def test_aliases_in_front_matter_are_not_followed():
    document = load_document("bomb.md", HOSTILE["bomb.md"])
    assert document.rows == ()
    assert document.text.startswith("---\na: &a")
