"""Read web archives (MHTML): the page itself; its pictures and styles are left out, and its frames are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message

from rag.documents.encodings import decode
from rag.documents.parsed import Parsed, clean, left_out
from rag.documents.readers.markup.html import read_html
from rag.documents.readers.markup.html_words import words_of_html
from rag.errors import DocumentError


def is_web_archive(content: bytes) -> bool:
    """Whether a file begins as a web archive does, whatever its name: Word and wikis export them as .doc."""
    start = content[:4096].lower()
    return b"mime-version:" in start and b"multipart/related" in start


def read_web_archive(name: str, content: bytes) -> Parsed:
    """The text of the archive's page.

    Raises:
        DocumentError: there is no page in the file.
    """
    again = "Save the page again in the browser, as HTML or MHTML"
    try:
        message = message_from_bytes(content, policy=policy.default)
        pages = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
        texts = [_text(name, part) for part in _root_first(message, pages)]
    except (MessageError, RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise DocumentError(f"'{name}' could not be read as a web archive: {why}. {again}.") from error
    if not texts:
        raise DocumentError(f"'{name}' is not a web archive: it holds no page. {again}.")
    page = read_html(name, texts[0])
    words = [word for frame in texts[1:] for word in words_of_html(frame)]
    count = "A frame in the page was" if len(texts) == 2 else f"{len(texts) - 1} frames in the page were"
    notes = (left_out(count, clean(" ".join(words))),) if words else ()
    return replace(page, notes=(*page.notes, *notes))


def _root_first(message: Message, pages: Sequence[Message]) -> list[Message]:
    """The pages, beginning with the one that the header names."""
    root = str(message.get_param("start", "") or "").strip()
    first = [page for page in pages if root and str(page.get("Content-ID", "")).strip() == root]
    return [*first, *(page for page in pages if page not in first)]


def _text(name: str, part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    if charset:
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError):
            charset = ""
    return decode(name, content).text
