"""Read e-mail (EML): subject, people, date and body; attachments are listed but never opened."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage

from rag.documents.encodings import decode
from rag.documents.parsed import clean, name_some
from rag.errors import DocumentError

_HEADERS = ("Subject", "From", "To", "Cc", "Date")


@dataclass(frozen=True, slots=True)
class Mail:
    """The parts of a message; `html` is its body if it has no plain text body."""

    header: str
    body: str
    html: str
    notes: tuple[str, ...]


def read_mail(name: str, content: bytes) -> Mail:
    """The message's header lines and its body; the plain text body if there are several.

    Raises:
        DocumentError: the file is not a message.
    """
    try:
        # Only the modern policy decodes subjects and file names.
        message = message_from_bytes(content, policy=policy.default)
        header = [f"{key}: {value}" for key in _HEADERS if (value := _header(message, key))]
        parts = [part for part in message.walk() if not part.is_multipart()]
        plain = [_text(name, part) for part in parts if _is_body(part, "text/plain")]
        html = [_text(name, part) for part in parts if _is_body(part, "text/html")]
        attached = [file for part in parts if (file := part.get_filename())]
    except (MessageError, RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise DocumentError(f"'{name}' could not be read as an e-mail: {why}. Export it again as EML.") from error
    if not header and not plain and not html:
        raise DocumentError(f"'{name}' is not an e-mail: it has no sender, subject or body. Export it again as EML.")
    body = "\n\n".join(filter(None, plain))
    note = f"Attachments are not read: {name_some(attached)}. Save them and add them as files." if attached else ""
    return Mail("\n".join(header), body, "" if body else "\n".join(html), (note,) if note else ())


def _header(message: EmailMessage, key: str) -> str:
    return clean(" ".join(str(message.get(key, "")).split()))


def _is_body(part: EmailMessage, media_type: str) -> bool:
    return part.get_content_type() == media_type and not part.get_filename() and not part.is_attachment()


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(name: str, part: EmailMessage) -> str:
    """The part's text in its stated charset; in the most likely one if that is wrong or unknown."""
    payload = _payload(part)
    try:
        text = payload.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decode(name, payload).text
    return clean(text).strip()
