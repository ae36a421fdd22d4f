"""Read mailboxes (MBOX): each message is a section whose heading is its subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from rag.documents.parsed import Parsed, name_some
from rag.documents.readers.mail.eml import read_eml
from rag.documents.readers.mail.message import Attachment, moved, parsed_mail
from rag.errors import DocumentError
from rag.types import Heading, Row

# A message begins with "From ", a sender and a date, after a blank line, or a header follows.
_BEGIN = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From "
    rb"(?:[^\r\n]{1,300}\d\d:\d\d[^\r\n]{1,40}\d{4}[^\r\n]{0,40}(?:\r?\n|\Z)|[^\r\n]*\r?\n(?=[!-9;-~]+:))"
)
_MOST_NOTES = 20
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def is_mailbox(content: bytes) -> bool:
    """Whether a file begins as a mailbox does; in Thunderbird its name has no suffix."""
    return content.startswith(b"From ") and _BEGIN.match(content[:2000]) is not None


def messages(content: bytes) -> Iterator[bytes]:
    """The messages in a mailbox, in order."""
    begins = [match.span() for match in _BEGIN.finditer(content)]
    for number, (_, start) in enumerate(begins):
        end = begins[number + 1][0] if number + 1 < len(begins) else len(content)
        yield _QUOTED.sub(rb"\1", content[start:end])


def read_mailbox(name: str, content: bytes) -> Parsed:
    """All messages, one below the other.

    Raises:
        DocumentError: the file is no mailbox.
    """
    texts: list[str] = []
    headings: list[Heading] = []
    rows: list[Row] = []
    notes: dict[str, list[str]] = {}
    start = count = 0
    for count, message in enumerate(messages(content), start=1):
        try:
            part = moved(parsed_mail(name, read_eml(name, message)), start)
        except DocumentError as error:
            notes.setdefault(str(error), []).append(str(count))
            continue
        texts.append(part.text)
        headings += part.headings
        rows += part.rows
        for note in part.notes:
            notes.setdefault(note, []).append(str(count))
        start += len(part.text) + 2
    if not count:
        raise DocumentError(f"'{name}' is not a mailbox: no line begins with 'From '. Export it again as MBOX.")
    return Parsed("\n\n".join(texts), (), tuple(headings), tuple(rows), tuple(_numbered(notes)))


def _numbered(notes: dict[str, list[str]]) -> Iterator[str]:
    """The notes with the numbers of their messages; of many different ones, the first."""
    for note, numbers in islice(notes.items(), _MOST_NOTES):
        yield f"Message{'s' if len(numbers) > 1 else ''} {name_some(numbers)}: {note}"
    if len(notes) > _MOST_NOTES:
        yield f"Notes on other messages are not shown: {len(notes) - _MOST_NOTES:,}."


def mailbox_attachments(name: str, content: bytes) -> Iterator[Attachment]:
    """The attachments of all messages, each below the number of its message; broken messages are left out."""
    for number, message in enumerate(messages(content), start=1):
        try:
            mail = read_eml(name, message)
        except DocumentError:
            continue
        for attachment in mail.attachments:
            yield Attachment(f"message {number}/{attachment.name}", attachment.content)
