"""Outlook messages: people, date, the body in each of its forms, attachments, code pages, damage."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rag import config
from rag.documents.archives import is_archive, open_archive
from rag.documents.formats import MSG
from rag.documents.loading import load_document
from rag.documents.readers.mail.compressed_rtf import decompress_rtf
from rag.errors import DocumentError
from tests.support.formats.outlook_files import compound_file, message
from tests.support.formats.source_words import missing

SUBJECT, SENDER, ADDRESS, BODY, RTF, HTML, SENT = 0x37, 0x0C1A, 0x0C1F, 0x1000, 0x1009, 0x1013, 0x39
CODE_PAGE, BODY_CODE_PAGE, CLASS = 0x3FFD, 0x3FDE, 0x1A
# The examples of [MS-OXRTFCP], section 4.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
    "68656c090020627705b06c647d0a800fa0"
)  # fmt: skip
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
MAIL = {
    SUBJECT: "Roof of hall B",
    SENDER: "Ada Roe",
    ADDRESS: "ada@depot.example",
    BODY: "The roof leaks above bay 7.\r\nPlease look at it.",
    SENT: datetime(2025, 4, 1, 9, 30, tzinfo=UTC),
}
CASES = config.ROOT.parent / "shared" / "cases" / "msg" / "meeting.msg"


def test_subject_people_date_and_text_are_read():
    people = [(1, "Ben", "ben@depot.example"), (2, "Cy", "cy@depot.example")]
    document = load_document("roof.msg", compound_file(message(MAIL, people=people)))
    assert document.media_type == MSG
    assert document.text == (
        "Subject: Roof of hall B\nFrom: Ada Roe <ada@depot.example>\nTo: Ben <ben@depot.example>\n"
        "Cc: Cy <cy@depot.example>\nDate: Tue, 01 Apr 2025 09:30:00 +0000\n\n"
        "The roof leaks above bay 7.\nPlease look at it."
    )
    assert [heading.path for heading in document.headings] == ["Roof of hall B"]


def test_a_second_reader_finds_no_other_words():
    import kreuzberg

    content = compound_file(message(MAIL, people=[(1, "Ben", "ben@depot.example")]))
    config_ = kreuzberg.ExtractionConfig(use_cache=False)
    other = kreuzberg.extract_bytes_sync(content, "application/vnd.ms-outlook", config_).content
    # It writes the date as 2025-04-01T09:30:00+00:00.
    assert set(missing(other, [load_document("roof.msg", content)])) <= {"04", "01t09", "00"}


def test_the_html_body_is_read_if_the_plain_one_says_less():
    html = "<p>The <b>roof</b> leaks above bay seven and nine, in the north corner.</p>".encode("cp1252")
    document = load_document("a.msg", compound_file(message(MAIL | {BODY: "HTML only", HTML: html})))
    assert "north corner" in document.text
    assert any("HTML only" in note for note in document.notes)


def test_the_rtf_body_is_read_if_there_is_no_other():
    values = {SUBJECT: "Hello", RTF: HELLO}
    assert load_document("a.msg", compound_file(message(values))).text == "Subject: Hello\n\nhello world"


def test_compressed_rtf_is_unpacked_as_its_specification_shows():
    assert decompress_rtf(HELLO) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    assert decompress_rtf(CROSSING) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    with pytest.raises(ValueError, match="unknown kind"):
        decompress_rtf(bytes(20))


@pytest.mark.parametrize(("page", "text"), [("cp950", "格式測試"), ("cp1251", "Привет"), ("cp1252", "Überfällig")])
def test_texts_in_an_old_code_page_are_read(page, text):
    number = int(page.removeprefix("cp"))
    stated = message({SUBJECT: text, BODY: f"{text}!", CODE_PAGE: number}, code_page=page)
    for_body_only = message({SUBJECT: text, BODY: f"{text}!", BODY_CODE_PAGE: number}, code_page=page)
    for tree in (stated, for_body_only):
        assert load_document("a.msg", compound_file(tree)).text == f"Subject: {text}\n\n{text}!"


def test_attached_files_and_messages_are_documents_of_their_own():
    inner = message({SUBJECT: "Pump", BODY: "The pump is loud."}, files=[("log.txt", b"12 bar")], inside=True)
    files = [("prices.csv", b"part,price\nP-77,4150\n"), ("large.txt", b"word " * 2000)]
    content = compound_file(message(MAIL, files=files, messages=[inner]))
    members = {member.name: member.content for member in open_archive("a.msg", content).members}
    assert list(members) == ["a.msg", "a.msg/prices.csv", "a.msg/large.txt", "a.msg/Pump.eml", "a.msg/Pump.eml/log.txt"]
    assert members["a.msg/large.txt"] == files[1][1]
    assert members["a.msg/Pump.eml/log.txt"] == b"12 bar"
    assert load_document("Pump.eml", members["a.msg/Pump.eml"]).text == "Subject: Pump\n\nThe pump is loud."


def test_an_item_that_is_no_mail_is_read_and_said_to_be_none():
    document = load_document("a.msg", compound_file(message({SUBJECT: "Stand-up", CLASS: "IPM.Appointment"})))
    assert document.text == "Subject: Stand-up"
    assert "IPM.Appointment" in document.notes[0]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_damaged_message_gets_a_sentence(share):
    content = compound_file(message(MAIL, files=[("a.txt", b"x" * 6000)]))
    cut = content[: int(share * len(content))]
    with pytest.raises(DocumentError, match=r"'cut\.msg' .*(damaged|another type)"):
        load_document("cut.msg", cut)


def test_a_message_of_zeros_gets_a_sentence():
    content = CASES.read_bytes() if CASES.is_file() else b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    with pytest.raises(DocumentError, match=r"'meeting\.msg' (is not|could not be read as) an Outlook message"):
        open_archive("meeting.msg", content) if is_archive("meeting.msg", content) else load_document(
            "meeting.msg", content
        )
