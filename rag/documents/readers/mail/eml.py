"""Read e-mail (EML): header, the richer of its bodies, attachments and forwarded messages."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message

from rag.documents.encodings import decode
from rag.documents.parsed import clean, name_some
from rag.documents.readers.mail.message import HEADERS, Attachment, Body, Mail, richer
from rag.errors import DocumentError

_UNREADABLE = (MessageError, RecursionError, LookupError, ValueError, TypeError, AttributeError)
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_REPORTS = frozenset({"message/delivery-status", "text/rfc822-headers", "message/disposition-notification"})
_DEEPEST = 50


@dataclass(slots=True)
class _Collected:
    """The parts of a message so far."""

    bodies: list[Body] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


def read_eml(name: str, content: bytes) -> Mail:
    """The message. Of a plain text and an HTML version of the same text, the richer one; see `richer`.

    Raises:
        DocumentError: the file is not a message.
    """
    try:
        # Only the modern policy decodes subjects and file names.
        message = message_from_bytes(content, policy=policy.default)
        header = {key: value for key in HEADERS if (value := _header(message, key))}
        found = _Collected()
        _collect(name, message, found, 0)
    except _UNREADABLE as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise DocumentError(f"'{name}' could not be read as an e-mail: {why}. Export it again as EML.") from error
    if not header and not found.bodies and not found.attachments:
        raise DocumentError(f"'{name}' is not an e-mail: it has no sender, subject or body. Export it again as EML.")
    notes = list(dict.fromkeys(found.notes))
    if found.pictures:
        notes.append(f"Pictures in the message are not read: {name_some(found.pictures)}.")
    return Mail(header, tuple(found.bodies), tuple(found.attachments), tuple(notes))


def _header(message: EmailMessage, key: str) -> str:
    return clean(" ".join(str(message.get(key, "")).split()))


def _collect(name: str, part: Message, found: _Collected, depth: int) -> None:
    """Add a part, and the parts in it, to what was found."""
    if depth > _DEEPEST:
        raise RecursionError
    kind = part.get_content_type()
    if kind == "multipart/encrypted" or kind in _ENCRYPTED:
        found.notes.append("The message is encrypted, so its text is not read. Save a decrypted copy.")
    elif kind == "message/rfc822" and part.is_multipart():
        _add_forwarded(part, found)
    elif kind in _REPORTS and not part.get_filename():
        text = "\n".join(str(one) for one in _inner(part)) if part.is_multipart() else _text(name, part)
        found.bodies.append(Body(clean(text).strip()))
    elif kind == "multipart/alternative":
        _add_alternative(name, list(_inner(part)), found, depth)
    elif part.is_multipart():
        for inner in _inner(part):
            if kind == "multipart/related" and _is_shown_picture(inner):
                found.pictures.append(clean(inner.get_filename() or "a picture without a name"))
            else:
                _collect(name, inner, found, depth + 1)
    elif kind.startswith("multipart/"):
        # A multipart type without parts, as in a message that breaks off: what it has is text.
        found.bodies += _bodies(Body(_text(name, part)))
    else:
        _add_leaf(name, part, kind, found)


def _is_shown_picture(part: Message) -> bool:
    """Whether a part next to an HTML text is a picture that it shows."""
    return part.get_content_maintype() == "image" and part.get("Content-ID") is not None


def _inner(part: Message) -> Iterable[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _add_alternative(name: str, versions: list[Message], found: _Collected, depth: int) -> None:
    """Add the richer version of a text; HTML with its pictures counts as HTML."""
    plain, other = _Collected(), _Collected()
    for version in versions:
        is_plain = version.get_content_type() == "text/plain"
        _collect(name, version, plain if is_plain else other, depth + 1)
    html = "\n".join(body.text for body in other.bodies if body.is_html)
    bodies, notes = richer("\n\n".join(body.text for body in plain.bodies), html)
    found.bodies += [*bodies, *(body for body in other.bodies if not body.is_html)]
    found.attachments += [*plain.attachments, *other.attachments]
    found.pictures += [*plain.pictures, *other.pictures]
    found.notes += [*plain.notes, *other.notes, *notes]


def _add_leaf(name: str, part: Message, kind: str, found: _Collected) -> None:
    file = clean(part.get_filename() or "")
    is_attached = part.get_content_disposition() == "attachment" or bool(file)
    if kind in ("text/plain", "text/html") and not is_attached:
        found.bodies += _bodies(Body(_text(name, part), is_html=kind == "text/html"))
    elif kind in _SIGNATURES:
        found.notes.append("The message's digital signature was not checked.")
    elif kind.startswith("image/") and part.get_content_disposition() != "attachment":
        found.pictures.append(file or "a picture without a name")
    else:
        suffix = mimetypes.guess_extension(kind) or ".bin"
        found.attachments.append(Attachment(file or f"part {len(found.attachments) + 1}{suffix}", _payload(part)))


def _bodies(body: Body) -> list[Body]:
    return [body] if body.text.strip() else []


def _add_forwarded(part: Message, found: _Collected) -> None:
    for inner in _inner(part):
        subject = " ".join(str(inner.get("Subject", "")).split())
        name = part.get_filename() or f"{subject.replace('/', '-')[:80] or 'message'}.eml"
        name = name if name.lower().endswith(".eml") else f"{name}.eml"
        try:
            content = inner.as_bytes(policy=policy.compat32)
        except _UNREADABLE:
            found.notes.append(f"The forwarded message '{clean(name)}' could not be read.")
            continue
        found.attachments.append(Attachment(clean(name), content))


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(name: str, part: Message) -> str:
    """The part's text in its stated charset; in the most likely one if that is wrong or unknown."""
    payload = _payload(part)
    try:
        text = payload.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decode(name, payload).text
    return clean(text).strip()
