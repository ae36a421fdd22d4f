"""Mail messages of any format: people, date, body and attachments; and which of two bodies is the richer one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.documents.parsed import Parsed, left_out, name_some
from rag.documents.readers.markup.html import read_html
from rag.documents.readers.markup.html_words import words_of_html
from rag.documents.tables.text import with_rows
from rag.types import Heading, Row

HEADERS = ("Subject", "From", "To", "Cc", "Date")
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"<?\b(?:https?|mailto):\S+|\[(?:cid|image):[^\]]*\]", re.IGNORECASE)
_SAME = 0.9
"""Two bodies say the same if this share of the one's words is in the other."""
_PLACEHOLDER = 40
"""Words of a plain text that only says that the message is HTML, at most."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message. Its name is the one stated there, which may be unsafe."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A part of a message's text: plain, or HTML."""

    text: str
    is_html: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A message: header lines by name, its text in order, its attachments, and notes on what is not read."""

    header: dict[str, str]
    bodies: tuple[Body, ...]
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The subject, or an empty text."""
        return self.header.get("Subject", "")


def richer(plain: str, html: str) -> tuple[tuple[Body, ...], tuple[str, ...]]:
    """Of two versions of a message, the one that says more, and a note if the other has words of its own.

    The plain text is taken if it has nearly all words of the HTML, and the HTML if the plain text is shorter, as where
    it only says "This message needs an HTML mail reader". A longer plain text with words of its own follows the HTML.
    """
    if not plain.strip() or not html.strip():
        return tuple(body for body in (Body(plain), Body(html, is_html=True)) if body.text.strip()), ()
    shown = words_of_html(html)
    said, shown_words = _words(plain), _words(" ".join(shown))
    if _share(shown_words, said) >= _SAME or not shown_words:
        return (Body(plain),), ()
    if len(said) >= len(shown_words):
        return (Body(plain),), (left_out("The message's HTML version, which differs, was", " ".join(shown)),)
    html_body = Body(html, is_html=True)
    if _share(said, shown_words) >= _SAME:
        return (html_body,), ()
    if len(said) <= _PLACEHOLDER:
        return (html_body,), (left_out("The message's plain text version was", plain),)
    return (html_body, Body(plain)), ()


def _words(text: str) -> list[str]:
    return _WORD.findall(_ADDRESS.sub(" ", text).casefold())


def _share(words: Sequence[str], among: Sequence[str]) -> float:
    """The share of different words that are among others."""
    wanted = set(words)
    return len(wanted & set(among)) / max(len(wanted), 1)


def parsed_mail(name: str, mail: Mail) -> Parsed:
    """The message as text: its header lines, of which the subject is a heading, and its body with tables as rows."""
    text = "\n".join(f"{key}: {value}" for key in HEADERS if (value := mail.header.get(key)))
    headings = [Heading(0, mail.subject)] if mail.subject else []
    rows: list[Row] = []
    notes = list(mail.notes)
    for body in mail.bodies:
        part = Parsed(body.text.strip())
        if body.is_html:
            part = with_rows(read_html(name, body.text, is_page=False))
        if not part.text.strip():
            continue
        start = len(text) + 2 if text else 0
        text = f"{text}\n\n{part.text}" if text else part.text
        headings += [_below(heading, mail.subject, start) for heading in part.headings]
        rows += [Row(row.start + start, row.end + start, row.fields) for row in part.rows]
        notes += part.notes
    if mail.attachments:
        notes.append(_attachments_note(mail.attachments))
    return Parsed(text, headings=tuple(headings), rows=tuple(rows), notes=tuple(notes))


def _below(heading: Heading, subject: str, start: int) -> Heading:
    path = f"{subject} > {heading.path}" if subject else heading.path
    return Heading(heading.start + start, path)


def _attachments_note(attachments: Sequence[Attachment]) -> str:
    names = name_some([attachment.name for attachment in attachments])
    return f"Attachments are documents of their own: {names}."


def moved(parsed: Parsed, offset: int) -> Parsed:
    """The same with all offsets greater by `offset`; its text is not changed."""
    return replace(
        parsed,
        headings=tuple(Heading(heading.start + offset, heading.path) for heading in parsed.headings),
        rows=tuple(Row(row.start + offset, row.end + offset, row.fields) for row in parsed.rows),
    )
