"""Read mail of any format, as a document and for the files that are attached to it."""

from __future__ import annotations

from collections.abc import Iterator

from rag.documents.formats import MBOX, MSG
from rag.documents.parsed import Parsed
from rag.documents.readers.mail.eml import read_eml
from rag.documents.readers.mail.mailbox import mailbox_attachments, read_mailbox
from rag.documents.readers.mail.message import Attachment, parsed_mail
from rag.documents.readers.mail.outlook import read_outlook


def read_mail(name: str, media_type: str, content: bytes) -> Parsed:
    """The text of a message, or of all messages in a mailbox; notes name the attachments.

    Raises:
        DocumentError: the file is not mail, or damaged.
    """
    if media_type == MBOX:
        return read_mailbox(name, content)
    return parsed_mail(name, read_outlook(name, content) if media_type == MSG else read_eml(name, content))


def attached_files(name: str, media_type: str, content: bytes) -> Iterator[Attachment]:
    """The files attached to a message, or to the messages in a mailbox, with forwarded messages among them.

    Raises:
        DocumentError: as `read_mail`.
    """
    if media_type == MBOX:
        yield from mailbox_attachments(name, content)
    else:
        yield from (read_outlook(name, content) if media_type == MSG else read_eml(name, content)).attachments
