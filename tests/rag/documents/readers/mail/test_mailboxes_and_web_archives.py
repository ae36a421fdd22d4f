"""Mailboxes (MBOX) and saved web pages (MHTML)."""

from __future__ import annotations

import io
import mailbox
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from rag.documents.archives import open_archive
from rag.documents.formats import MBOX, MHTML
from rag.documents.loading import load_document
from rag.errors import DocumentError
from tests.rag.documents.readers.mail.test_mail import attach, mail
from tests.support.formats.source_words import missing

PAGE = "<html><head><title>Bike hire</title></head><body><h1>Rules</h1><p>At most 14 days.</p></body></html>"


def saved(folder: Path, messages: list[EmailMessage]) -> bytes:
    """The messages in a mailbox that Python's own module writes."""
    box = mailbox.mbox(folder / "box")
    for message in messages:
        box.add(message)
    box.close()
    return (folder / "box").read_bytes()


def test_each_message_of_a_mailbox_is_a_section_under_its_subject(tmp_path):
    content = saved(tmp_path, [mail("Roof", "It leaks."), mail("Lamp", "From here on it is dark.")])
    document = load_document("box.mbox", content)
    assert [heading.path for heading in document.headings] == ["Roof", "Lamp"]
    assert document.text[document.headings[1].start :].startswith("Subject: Lamp\nFrom: sales@pumps.example")
    assert document.text.endswith("\n\nFrom here on it is dark.")
    assert missing("Roof It leaks. Lamp From here on it is dark.", [document]) == []


def test_a_mailbox_without_a_suffix_is_known_by_its_first_line(tmp_path):
    content = saved(tmp_path, [mail("Roof", "It leaks.")])
    document = load_document("Inbox", content)
    assert document.media_type == MBOX
    assert "mailbox" in document.notes[0]
    assert load_document("letter", b"From here on\nit is dark.").media_type == "text/plain"


def test_the_attachments_of_all_messages_are_documents(tmp_path):
    first, second = mail("Roof", "It leaks."), mail("Lamp", "Dark.")
    attach(first, "a.txt", b"one")
    attach(second, "a.txt", b"two")
    members = open_archive("box.mbox", saved(tmp_path, [first, second])).members
    assert [(member.name, member.content) for member in members[1:]] == [
        ("box.mbox/message 1/a.txt", b"one"),
        ("box.mbox/message 2/a.txt", b"two"),
    ]


def test_what_is_no_mailbox_is_refused():
    with pytest.raises(DocumentError, match=r"'a\.mbox' is not a mailbox"):
        load_document("a.mbox", b"just a text\n")


def web_archive(*pages: str, subject: str = "Bike hire") -> bytes:
    archive = MIMEMultipart("related", type="text/html")
    archive["From"], archive["Subject"] = "<Saved by Blink>", subject
    for page in pages:
        archive.attach(MIMEText(page, "html", "utf-8"))
    archive.attach(MIMEText("p { color: red }", "css", "utf-8"))
    return archive.as_bytes()


@pytest.mark.parametrize("name", ["page.mht", "page.mhtml"])
def test_a_saved_page_is_read_with_its_title(name):
    document = load_document(name, web_archive(PAGE))
    assert document.media_type == MHTML
    assert document.text == "Bike hire\n\n# Rules\n\nAt most 14 days."
    assert [heading.path for heading in document.headings] == ["Rules"]
    assert "color" not in document.text


def test_the_frames_of_a_saved_page_are_said():
    document = load_document("page.mht", web_archive(PAGE, "<p>Buy now</p>"))
    assert document.notes == ("A frame in the page was left out (2 words: 'Buy now').",)


def test_a_web_archive_that_ends_in_doc_is_read():
    document = load_document("page.doc", web_archive(PAGE))
    assert "At most 14 days." in document.text
    assert "web archive" in document.notes[0]


def test_a_web_archive_without_a_page_is_refused():
    with pytest.raises(DocumentError, match="holds no page"):
        load_document("a.mht", io.BytesIO(b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n").read())


def test_a_broken_message_is_named_and_the_others_are_read(tmp_path):
    content = saved(tmp_path, [mail("Roof", "It leaks."), mail("Lamp", "Dark.")])
    broken = b"From x Mon Jun 01 10:00:00 2009\nContent-Type: multipart/mixed; boundary=x\n\n"
    document = load_document("box.mbox", broken + content)
    assert [heading.path for heading in document.headings] == ["Roof", "Lamp"]
    assert document.notes[0].startswith("Message 1: 'box.mbox' is not an e-mail")


def test_headings_and_rows_keep_their_places_in_later_messages(tmp_path):
    table = "<h2>Prices</h2><table><tr><th>Part</th><th>Price</th></tr><tr><td>P</td><td>4</td></tr></table>"
    content = saved(tmp_path, [mail("First", "Short.", html=f"<p>One two three four.</p>{table}") for _ in range(3)])
    document = load_document("box.mbox", content)
    assert [heading.path for heading in document.headings] == ["First", "First > Prices"] * 3
    assert [document.text[row.start : row.end] for row in document.rows] == ["Part: P; Price: 4"] * 3
    assert all("Prices" in document.text[heading.start :][:10] for heading in document.headings[1::2])
