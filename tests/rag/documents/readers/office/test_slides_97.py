"""Presentations of PowerPoint 97 to 2003 (PPT), written here construct by construct."""

from __future__ import annotations

import struct

import pytest

from rag.documents.loading import load_document
from rag.documents.parsed import Parsed
from rag.documents.readers.compound import READ_IN_PART
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file
from tests.support.formats.powerpoint_files import (
    BODY,
    TITLE,
    Slide,
    box,
    comment,
    current_user,
    group,
    picture,
    ppt,
    record,
    stream,
    table,
    text,
)


def simple(title: str, *bodies: str, **options: str | bool | bytes) -> Slide:
    return Slide([box(text(title, TITLE)), *(box(text(body, BODY)) for body in bodies)], **options)


def test_slides_are_pages_with_titles_in_the_order_of_the_presentation():
    slides = [simple("One", "first\rpoint\x0bgoes on"), simple("Two", "Żeglarz"), Slide([box(text("no title"))])]
    document = load_document("a.ppt", ppt(slides, order=(1, 0, 2)))
    assert document.text == "Two\n\nŻeglarz\n\nOne\n\nfirst\npoint\ngoes on\n\nno title"
    assert [heading.path for heading in document.headings] == ["Two", "One", "Slide 3"]
    assert [document.text[start : start + 3] for start in document.pages] == ["Two", "One", "no "]
    assert "Click to edit" not in document.text


def test_texts_of_the_outline_are_read_where_a_shape_shows_them():
    def reference(number: int) -> bytes:
        return box(record(0x0F9E, struct.pack("<I", number)))

    outline = [text("Boats", TITLE), text("body", BODY), text("shown nowhere")]
    slide = Slide([box(text("above")), reference(1), reference(0)], outline)
    document = load_document("a.ppt", ppt([slide]))
    assert document.text == "above\n\nbody\n\nBoats\n\nshown nowhere"
    assert [heading.path for heading in document.headings] == ["Boats"]


def test_groups_tables_and_descriptions_are_read():
    pictures = [picture("A ferry at sea"), picture("C:\\My pictures\\ferry.png"), picture("ferry.png")]
    shapes = [group(group(box(text("In groups")))), table([["Boat", "Price"], ["Anna", "5"]]), *pictures]
    document = load_document("a.ppt", ppt([Slide(shapes)]))
    assert document.text == "In groups\n\nBoat: Anna; Price: 5\n\nPicture: A ferry at sea"


def test_notes_and_comments_follow_their_slide():
    further = comment("Eve", "Really?") + comment("", "No name")
    slides = [simple("One", notes="Say hello", further=further), simple("Two")]
    assert load_document("a.ppt", ppt(slides)).text == (
        "One\n\nNotes: Say hello\n\nComment by Eve: Really?\n\nComment: No name\n\nTwo"
    )


def test_a_hidden_slide_is_read_and_named():
    document = load_document("a.ppt", ppt([simple("One"), simple("Two", hidden=True)]))
    assert [heading.path for heading in document.headings] == ["One", "Two (hidden slide)"]
    assert document.notes == ("Hidden slides were read, and their headings say so: slide 2.",)


def test_only_the_last_save_counts():
    before = [simple("Old title", "old"), simple("Deleted"), simple("Deleted as well")]
    assert load_document("a.ppt", ppt(before, [simple("New title")])).text == "New title"


def test_footers_stand_once_and_numbers_and_dates_are_left_out():
    number = text("Slide *", further=record(0x0FD8, struct.pack("<I", 6)))
    drawn = box(text("Drawn"), further=record(0x0420, b"\x09"))
    date = box(text("May 2003"), further=record(0x0420, b"\x07"))
    document = load_document("a.ppt", ppt([Slide([box(number), drawn, date]), simple("Two")], footer="Acme"))
    assert document.text == "Slide\n\nTwo\n\nFooter: Drawn\n\nFooter: Acme"
    assert len(document.pages) == 2


def test_a_damaged_slide_is_left_out_and_named():
    content, last_edit = stream([[simple("One"), simple("Two")]])
    at = content.index(struct.pack("<H", 0x03EE))
    damaged = content[:at] + b"\xee\x13" + content[at + 2 :]
    streams = {"PowerPoint Document": damaged.ljust(4096, b"\0"), "Current User": current_user(last_edit)}
    document = load_document("a.ppt", compound_file(streams))
    assert document.text.strip() == "Two"
    assert document.notes == ("Damaged slides were left out: slide 1.",)


def test_without_its_first_stream_the_last_save_is_found():
    content, _ = stream([[simple("Old")], [simple("New")]])
    assert load_document("a.ppt", compound_file({"PowerPoint Document": content.ljust(4096, b"\0")})).text == "New"


def test_a_password_is_named():
    with pytest.raises(DocumentError, match=r"'a\.ppt' is protected by a password"):
        load_document("a.ppt", ppt([simple("One")], locked=True))


def test_a_presentation_without_its_directory_is_read_by_words_with_a_note(monkeypatch):
    content, _ = stream([[simple("One")]])
    cut = content[: content.index(struct.pack("<H", 0x1772)) - 2]
    monkeypatch.setattr("rag.documents.readers.powerpoint.reading.extract", lambda *_: Parsed("One"))
    document = load_document("a.ppt", compound_file({"PowerPoint Document": cut.ljust(4096, b"\0")}))
    assert document.text == "One"
    assert document.notes == (READ_IN_PART,)
