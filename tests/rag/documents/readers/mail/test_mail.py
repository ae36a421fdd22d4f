"""E-mail: the richer body is read, attachments and forwarded messages are documents of their own."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from rag.documents.archives import ArchiveLimits, is_archive, open_archive
from rag.documents.loading import load_document
from rag.documents.sources import SourceFile
from rag.errors import DocumentError
from rag.ingest.outcomes import FileOutcome
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder
from tests.support.formats.source_words import missing
from tests.support.good_files import SENTENCE, pdf, zipped

PLACEHOLDER = "This message needs an HTML mail reader."
OFFER = (
    "<html><body><h2>Pumps</h2><p>We can deliver <b>three pumps of type P-77</b> in week 19 at 4,150 euro each.</p>"
    "<table><tr><th>Part</th><th>Price</th></tr><tr><td>P-77</td><td>4150</td></tr><tr><td>Seal</td><td>35</td></tr>"
    "</table></body></html>"
)


def mail(subject: str, text: str, *, html: str = "", sender: str = "sales@pumps.example") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, "office@depot.example"
    message["Date"] = "Tue, 04 Mar 2025 10:00:00 +0000"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def attach(message: EmailMessage, name: str, content: bytes) -> None:
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)


def take_in(data_dir, name: str, content: bytes) -> dict[str, FileOutcome]:
    collection = Collection.create(data_dir, "c", WordEmbedder().spec, ChunkingSpec())
    files = [SourceFile(name, name, lambda: content, len(content))]
    outcomes = list(ingest(collection, files, WordEmbedder(), ReadHere()))
    assert len({outcome.path for outcome in outcomes}) == len(outcomes)
    return {outcome.path: outcome for outcome in outcomes}


def test_the_html_part_is_the_mail_if_the_plain_text_is_a_placeholder():
    document = load_document("offer.eml", mail("Offer", PLACEHOLDER, html=OFFER).as_bytes())
    assert "three pumps of type P-77" in document.text
    assert "Part: P-77; Price: 4150" in [document.text[row.start : row.end] for row in document.rows]
    assert [heading.path for heading in document.headings] == ["Offer", "Offer > Pumps"]
    assert PLACEHOLDER not in document.text
    assert any(PLACEHOLDER in note for note in document.notes)


def test_the_plain_text_is_the_mail_if_it_says_the_same():
    message = mail("Offer", "Three pumps in week 19.", html="<p>Three <b>pumps</b> in week 19.</p>")
    document = load_document("offer.eml", message.as_bytes())
    assert document.text.endswith("\n\nThree pumps in week 19.")
    assert document.notes == ()


def test_a_long_plain_text_with_words_of_its_own_is_kept_below_the_html():
    plain = " ".join(f"only{number}" for number in range(60))
    html = f"<p>{' '.join(f'shown{number}' for number in range(80))}</p>"
    document = load_document("a.eml", mail("Both", plain, html=html).as_bytes())
    assert document.text.index("shown79") < document.text.index("only0") < document.text.index("only59")


def test_people_date_and_subject_stand_above_the_text_and_the_subject_is_its_heading():
    document = load_document("a.eml", mail("Grüße", "Bis morgen.").as_bytes())
    assert document.text.split("\n")[:4] == [
        "Subject: Grüße",
        "From: sales@pumps.example",
        "To: office@depot.example",
        "Date: Tue, 04 Mar 2025 10:00:00 +0000",
    ]
    assert [(heading.start, heading.path) for heading in document.headings] == [(0, "Grüße")]


def test_each_attachment_is_a_document_with_an_outcome_of_its_own(data_dir):
    message = mail("Offer", SENTENCE)
    attach(message, "prices.csv", b"part,price\nP-77,4150\nSeal,35\n")
    attach(message, "plan.pdf", pdf([SENTENCE]))
    attach(message, "more.zip", zipped({"inner.txt": SENTENCE}))
    attach(message, "tool.exe", b"MZ\x90\0" + bytes(200))
    outcomes = take_in(data_dir, "offer.eml", message.as_bytes())
    assert {path: one.outcome for path, one in outcomes.items()} == {
        "offer.eml": "added",
        "offer.eml/prices.csv": "added",
        "offer.eml/plan.pdf": "added",
        "offer.eml/more.zip/inner.txt": "added",
        "offer.eml/tool.exe": "failed",
    }
    assert "Windows program" in outcomes["offer.eml/tool.exe"].reason
    assert "prices.csv, plan.pdf, more.zip and tool.exe" in outcomes["offer.eml"].reason


def test_a_forwarded_message_is_a_document_named_by_its_subject():
    outer, inner = mail("Fwd: roof", "See below."), mail("roof", "The roof of hall B leaks above bay 7.")
    attach(inner, "photo list.txt", b"bay 7")
    outer.add_attachment(inner)
    archive = open_archive("fwd.eml", outer.as_bytes())
    assert [member.name for member in archive.members] == [
        "fwd.eml",
        "fwd.eml/roof.eml",
        "fwd.eml/roof.eml/photo list.txt",
    ]
    assert "leaks above bay 7" in load_document("roof.eml", archive.members[1].content).text
    assert "leaks" not in load_document("fwd.eml", archive.members[0].content).text


def test_a_mail_in_an_archive_brings_its_attachments():
    message = mail("Offer", SENTENCE)
    attach(message, "a.txt", b"attached")
    names = [member.name for member in open_archive("z.zip", zipped({"in/offer.eml": message.as_bytes()})).members]
    assert names == ["z.zip/in/offer.eml", "z.zip/in/offer.eml/a.txt"]


def test_messages_in_messages_end_at_a_limit_that_is_said():
    message = mail("level 0", SENTENCE)
    for level in range(1, 9):
        outer = mail(f"level {level}", SENTENCE)
        outer.add_attachment(message)
        message = outer
    archive = open_archive("deep.eml", message.as_bytes(), ArchiveLimits(messages=3))
    assert len(archive.members) == 3
    assert ["messages are opened 3 levels deep" in refusal.reason for refusal in archive.refused] == [True]


def test_equal_and_unsafe_names_of_attachments_are_told_apart_and_made_safe():
    message = mail("Offer", SENTENCE)
    for name in ("a.txt", "a.txt", "../../etc/passwd.txt"):
        attach(message, name, name.encode())
    names = [member.name for member in open_archive("o.eml", message.as_bytes()).members]
    assert names == ["o.eml", "o.eml/a.txt", "o.eml/a (2).txt", "o.eml/etc/passwd.txt"]


def test_quoted_text_signature_and_disclaimer_are_kept():
    text = "Yes, go ahead.\n\nOn Mon, Jan 6, Y wrote:\n> Shall I order five?\n\n-- \nX\nDepot Ltd\nConfidential."
    document = load_document("reply.eml", mail("Re: order", text).as_bytes())
    assert document.text.endswith("> Shall I order five?\n\n-- \nX\nDepot Ltd\nConfidential.")


def test_pictures_in_the_text_are_named_and_no_documents():
    message = mail("Logo", "Hello", html='<p>Hello</p><img src="cid:x">')
    html = message.get_payload()[1]
    html.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<x>", filename="logo.png")
    assert [member.name for member in open_archive("a.eml", message.as_bytes()).members] == ["a.eml"]
    assert load_document("a.eml", message.as_bytes()).notes == ("Pictures in the message are not read: logo.png.",)


def test_an_encrypted_message_says_so():
    head = b"Subject: secret\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\n"
    document = load_document("a.eml", head + b"MIAGCSqGSIb3DQEHA6CAMIACAQAxggE")
    assert document.notes == ("The message is encrypted, so its text is not read. Save a decrypted copy.",)


def test_a_mail_that_only_mentions_parts_is_one_document():
    content = mail("multipart/mixed explained", "A message of type multipart/mixed has parts.").as_bytes()
    assert is_archive("a.eml", content)
    assert [member.name for member in open_archive("a.eml", content).members] == ["a.eml"]
    assert not is_archive("a.txt", content)


def test_what_is_no_mail_is_refused_by_name():
    with pytest.raises(DocumentError, match=r"'a\.eml' is not an e-mail"):
        load_document("a.eml", b"Content-Type: multipart/mixed; boundary=x\n\n")


def raw_words(message: EmailMessage) -> str:
    """The header and all texts of a message, by the parser of Python's older policy."""
    parsed = message_from_bytes(message.as_bytes())
    parts = [part.get_payload(decode=True) for part in parsed.walk() if part.get_content_maintype() == "text"]
    texts = [part for part in parts if isinstance(part, bytes)]
    return " ".join(
        [*(str(message[key]) for key in ("Subject", "From", "To")), *(text.decode("utf-8") for text in texts)]
    )


def with_everything() -> Sequence[EmailMessage]:
    forwarded = mail("Fwd: lamp", "See the note below.")
    forwarded.add_attachment(mail("lamp", "The lamp of bay 3 is broken."))
    attached = mail("List", "The list is attached.", html="<p>The list is attached.</p>")
    attach(attached, "list.txt", b"nails and screws")
    return [
        mail("Plain", f"{SENTENCE}\n\n> quoted words\n\n-- \nsignature"),
        mail("Same", SENTENCE, html=f"<p>{SENTENCE}</p>"),
        mail("Placeholder", "Open it in HTML."),
        forwarded,
        attached,
    ]


@pytest.mark.parametrize("message", with_everything(), ids=lambda message: str(message["Subject"]))
def test_no_word_of_a_mail_is_dropped_in_silence(message):
    members = open_archive("m.eml", message.as_bytes()).members
    documents = [load_document(member.name.rpartition("/")[2], member.content) for member in members]
    source = raw_words(message).replace("<p>", " ").replace("</p>", " ")
    lost = missing(source, documents)
    # The HTML version of a text that is read as plain text says the same.
    assert set(lost) <= set(SENTENCE.casefold().rstrip(".").split()) | {"the", "list", "is", "attached"}
    assert not lost or message.get_body(("html",)) is not None
