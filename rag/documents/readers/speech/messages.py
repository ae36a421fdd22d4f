"""Messages of a chat as rows: the text of each, with its time and sender as labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed, clean, name_some
from rag.documents.readers.tables import check_rows, place_rows
from rag.types import Fields, Heading


@dataclass(frozen=True, slots=True)
class Message:
    """What one person wrote. `time` is as in the export, or "2025-04-01 09:00"; `labels` are further ones."""

    sender: str
    time: str
    text: str
    labels: Fields = ()

    @property
    def fields(self) -> Fields:
        """All labels that have a value."""
        all_labels = (("sender", self.sender), ("time", self.time), *self.labels)
        return tuple((name, value) for name, value in all_labels if value)


@dataclass(slots=True)
class Chat:
    """The messages of a chat, its name, and what was not exported or is no text."""

    name: str = ""
    messages: list[Message] = field(default_factory=list)
    without_text: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, message: Message, *, missing: str = "") -> None:
        """Add a message; one without text is named by what is missing in it, such as "photo"."""
        if message.text.strip():
            self.messages.append(message)
        else:
            self.without_text.append(missing or "no text")


def rows_of_chat(name: str, chats: Sequence[Chat]) -> Parsed:
    """The messages of one or more chats. The name of one is the heading of its messages; of several, a label of each.

    Raises:
        DocumentError: there are too many messages for one document.
    """
    check_rows(name, sum(len(chat.messages) for chat in chats))
    # The name is no message, so it is no line of the text, which would be a chunk of its own.
    name_of_chat = clean(chats[0].name).strip() if len(chats) == 1 else ""
    rows = (
        (clean(message.text).strip(), _cleaned(message.fields, chat.name if len(chats) > 1 else ""))
        for chat in chats
        for message in chat.messages
    )
    parsed = place_rows(rows)
    notes = list(dict.fromkeys(note for chat in chats for note in chat.notes))
    missing = [one for chat in chats for one in chat.without_text]
    if missing:
        kinds = name_some(sorted(set(missing)))
        count = "1 message" if len(missing) == 1 else f"{len(missing):,} messages"
        notes.append(f"{count} without text {'was' if len(missing) == 1 else 'were'} left out: {kinds}.")
    headings = (Heading(0, name_of_chat),) if name_of_chat else ()
    return Parsed(parsed.text, headings=headings, rows=parsed.rows, notes=(*notes, *parsed.notes))


def _cleaned(fields: Fields, chat: str) -> Fields:
    cleaned = tuple((clean(name), " ".join(clean(value).split())) for name, value in fields)
    return (*cleaned, ("chat", clean(chat))) if chat else cleaned
