"""Read Outlook messages (MSG): people, date, body from plain text, HTML or RTF, and attachments."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from rag.documents.encodings import decode
from rag.documents.parsed import clean, name_some
from rag.documents.readers.mail.compressed_rtf import decompress_rtf
from rag.documents.readers.mail.message import Attachment, Body, Mail, richer
from rag.documents.readers.rtf.reading import read_rtf
from rag.documents.tables.text import with_rows
from rag.errors import DocumentError

if TYPE_CHECKING:
    from oxmsg.properties import Properties
    from oxmsg.storage import Storage

_HEADER_BYTES, _INNER_HEADER_BYTES = 32, 24
"""Bytes before the properties of a message, and of a message inside another."""
_PART_HEADER_BYTES = 8
_CODE_PAGES = {
    20127: "cp1252",
    20866: "koi8-r",
    21866: "koi8-u",
    50220: "iso-2022-jp",
    51932: "euc-jp",
    51949: "euc-kr",
    54936: "gb18030",
    65001: "utf-8",
}
_EMBEDDED = "__substg1.0_3701000D"
_RECIPIENTS = ((1, "To"), (2, "Cc"))
_NOTE_CLASSES = ("IPM.NOTE", "REPORT.IPM.NOTE")
_DEEPEST = 5
_BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, LookupError)


def read_outlook(name: str, content: bytes) -> Mail:
    """The message. A message attached to it becomes an attachment in the EML format.

    Raises:
        DocumentError: the file is damaged, or no message.
    """
    from olefile import OleFileIO
    from oxmsg.domain.model import UnrecognizedCodePageError, UnsupportedEncodingError
    from oxmsg.storage import Storage

    try:
        with OleFileIO(io.BytesIO(content)) as package:
            root = Storage.from_ole(package)
        return _mail(name, root, _HEADER_BYTES, 0)
    except (*_BROKEN, RecursionError, struct.error, UnrecognizedCodePageError, UnsupportedEncodingError) as error:
        raise DocumentError(
            f"'{name}' could not be read as an Outlook message: it is damaged or incomplete. "
            "Save it again in Outlook, or export it as EML."
        ) from error


def _mail(name: str, storage: Storage, header_bytes: int, depth: int) -> Mail:
    from oxmsg.domain import constants

    properties = _Part(storage, header_bytes).properties
    message = _Part(storage, header_bytes, _code_page(properties))
    bodies, notes = _bodies(message, properties)
    kind = message.text(constants.PID_MESSAGE_CLASS)
    if kind and not kind.upper().startswith(_NOTE_CLASSES):
        notes = (*notes, f"This Outlook item is no e-mail ({kind}): its subject, text and attachments are read.")
    attachments, pictures = _attachments(name, message, depth)
    if pictures:
        notes = (*notes, f"Pictures in the message are not read: {name_some(pictures)}.")
    return Mail(_header(message, properties), bodies, tuple(attachments), notes)


@dataclass(frozen=True, slots=True)
class _Part:
    """The properties of a message, a person or an attachment, and the code page of texts that are not Unicode."""

    storage: Storage
    header_bytes: int
    code_page: int = 0

    @property
    def properties(self) -> Properties:
        """All properties, by their ids."""
        from oxmsg.properties import Properties

        return Properties(self.storage, properties_header_offset=self.header_bytes)

    def text(self, *ids: int) -> str:
        """The first of these properties that has a text, else an empty text."""
        from oxmsg.domain.constants import PTYP_STRING, PTYP_STRING8

        for one in ids:
            for kind in (PTYP_STRING, PTYP_STRING8):
                try:
                    raw = self.storage.property_stream_bytes(one, kind)
                except KeyError:
                    continue
                text = raw.decode("utf-16-le", "replace") if kind == PTYP_STRING else self.decoded(raw)
                if text.strip("\0 \r\n\t"):
                    return clean(text)
        return ""

    def line(self, *ids: int) -> str:
        """As `text`, in one line."""
        return " ".join(self.text(*ids).split())

    def decoded(self, raw: bytes) -> str:
        """Bytes in the message's code page; as the bytes suggest if it is unknown or wrong."""
        try:
            return raw.decode(_encoding(self.code_page))
        except (LookupError, UnicodeDecodeError):
            return decode("the message", raw).text if raw else ""


def _encoding(code_page: int) -> str:
    """Python's name for a code page of Windows; the first of Western Europe if it is not stated."""
    if 28591 <= code_page <= 28606:
        return f"iso8859-{code_page - 28590}"
    return _CODE_PAGES.get(code_page, f"cp{code_page or 1252}")


def _code_page(properties: Properties) -> int:
    from oxmsg.domain.constants import PID_INTERNET_CODEPAGE, PID_MESSAGE_CODEPAGE

    return properties.int_prop_value(PID_MESSAGE_CODEPAGE) or properties.int_prop_value(PID_INTERNET_CODEPAGE) or 0


def _header(message: _Part, properties: Properties) -> dict[str, str]:
    from oxmsg.domain import constants

    found = {"Subject": message.line(constants.PID_SUBJECT)}
    sender = message.line(constants.PID_SENDER_NAME, constants.PID_SENT_REPRESENTING_NAME)
    found["From"] = _address(
        sender, message.line(constants.PID_SENDER_SMTP_ADDRESS, constants.PID_SENDER_EMAIL_ADDRESS)
    )
    people: dict[int, list[str]] = {}
    for one in message.storage.iter_recipient_storages():
        person = _Part(one, _PART_HEADER_BYTES, message.code_page)
        address = person.line(constants.PID_SMTP_ADDRESS, constants.PID_EMAIL_ADDRESS)
        kind = person.properties.int_prop_value(constants.PID_RECIPIENT_TYPE) or 1
        people.setdefault(kind & 15, []).append(_address(person.line(constants.PID_DISPLAY_NAME), address))
    for number, key in _RECIPIENTS:
        found[key] = ", ".join(people.get(number, []))
    found["To"] = found["To"] or message.line(constants.PID_DISPLAY_TO)
    found["Cc"] = found["Cc"] or message.line(constants.PID_DISPLAY_CC)
    sent = properties.date_prop_value(constants.PID_CLIENT_SUBMIT_TIME)
    sent = sent or properties.date_prop_value(constants.PID_MESSAGE_DELIVERY_TIME)
    # A draft has the first moment of this calendar.
    found["Date"] = format_datetime(sent) if sent and sent.year > 1601 else ""
    return {key: value for key, value in found.items() if value}


def _address(name: str, address: str) -> str:
    """A person's name and address; Exchange's internal addresses say nothing."""
    address = "" if address.upper().startswith("/O=") else address
    return f"{name} <{address}>" if name and address and name != address else name or address


def _bodies(message: _Part, properties: Properties) -> tuple[tuple[Body, ...], tuple[str, ...]]:
    from oxmsg.domain import constants

    plain = message.text(constants.PID_BODY).strip("\0 \n\t")
    html = message.text(constants.PID_BODY_HTML)
    page = properties.binary_prop_value(constants.PID_HTML)
    if page:
        stated = properties.int_prop_value(constants.PID_INTERNET_CODEPAGE) or message.code_page
        html = replace(message, code_page=stated).decoded(page)
    if plain or html:
        return richer(plain, clean(html))
    packed = properties.binary_prop_value(constants.PID_RTF_COMPRESSED)
    text = with_rows(read_rtf("the message", decompress_rtf(packed))).text if packed else ""
    return ((Body(text),), ()) if text else ((), ())


def _attachments(name: str, message: _Part, depth: int) -> tuple[list[Attachment], list[str]]:
    """The attached files and messages, and the names of pictures that the message shows."""
    from oxmsg.domain import constants

    files: list[Attachment] = []
    pictures: list[str] = []
    for number, one in enumerate(message.storage.iter_attachment_storages(), start=1):
        part = _Part(one, _PART_HEADER_BYTES, message.code_page)
        stated = part.line(
            constants.PID_ATTACH_LONG_FILENAME, constants.PID_ATTACH_FILENAME, constants.PID_DISPLAY_NAME
        )
        inner = next((inside for inside in one.storages if inside.name == _EMBEDDED), None)
        if inner is not None and depth < _DEEPEST:
            mail = _mail(name, inner, _INNER_HEADER_BYTES, depth + 1)
            title = (stated or mail.subject or f"message {number}").replace("/", "-")[:80]
            files.append(Attachment(f"{title}.eml", _as_eml(mail)))
            continue
        data = part.properties.binary_prop_value(constants.PID_ATTACH_DATA_BINARY)
        is_shown = bool(part.line(constants.PID_ATTACH_CONTENT_ID))
        if is_shown and part.line(constants.PID_ATTACH_MIME_TAG).startswith("image/"):
            pictures.append(stated or f"picture {number}")
        else:
            files.append(Attachment(stated or f"attachment {number}", data or b""))
    return files, pictures


def _as_eml(mail: Mail) -> bytes:
    """The message in the EML format."""
    message = EmailMessage(policy=policy.SMTP)
    for key, value in mail.header.items():
        try:
            message[key] = value
        except (MessageError, ValueError, IndexError, AttributeError):
            message[f"X-{key}"] = value
    message.set_content(_joined(mail.bodies, is_html=False))
    html = _joined(mail.bodies, is_html=True)
    if html.strip():
        message.add_alternative(html, subtype="html")
    for attachment in mail.attachments:
        message.add_attachment(
            attachment.content, maintype="application", subtype="octet-stream", filename=attachment.name
        )
    return message.as_bytes()


def _joined(bodies: Sequence[Body], *, is_html: bool) -> str:
    return "\n\n".join(body.text for body in bodies if body.is_html == is_html)
