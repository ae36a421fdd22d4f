"""Read Telegram's export (result.json): one chat, or all chats of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.documents.readers.speech.messages import Chat, Message

Object = Mapping[str, object]
_IDS = frozenset({"id", "from_id", "actor_id", "date", "date_unixtime", "edited", "edited_unixtime", "type", "from"})
_SAID = _IDS | {"actor", "action", "text", "text_entities", "forwarded_from", "saved_from", "via_bot"}
_NO_TEXT = frozenset(
    [
        "reply_to_message_id",
        "reply_to_peer_id",
        "message_id",
        "width",
        "height",
        "duration_seconds",
        "file_size",
        "photo_file_size",
        "thumbnail_file_size",
        "thumbnail",
        "mime_type",
        "media_spoiler",
        "forwarded_from_id",
        "reactions",
        "schedule_date",
        "period",
    ]
)
_MEDIA = ("photo", "media_type", "file_name", "file")


def telegram_chats(value: object) -> list[Chat]:
    """The chats of an export; none if the value is something else."""
    if not isinstance(value, dict):
        return []
    chats = value.get("chats")
    listed = chats.get("list") if isinstance(chats, dict) else None
    found = [value] if listed is None else listed
    if not isinstance(found, list) or not all(map(_is_chat, found)):
        return []
    return [_chat(one) for one in found if isinstance(one, dict)]


def _is_chat(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list) or "type" not in value:
        return False
    messages = value["messages"]
    return all(
        isinstance(one, dict) and one.get("type") in ("message", "service") and "date" in one and "text" in one
        for one in messages
    )


def _chat(value: Object) -> Chat:
    note = "Ids, sizes, reactions and which message answers which were left out."
    chat = Chat(str(value.get("name") or "Saved messages"), notes=[note])
    messages = value["messages"]
    assert isinstance(messages, list)
    for one in messages:
        chat.add(_message(one), missing=_media(one) or "no text")
    return chat


def _message(value: Object) -> Message:
    sender = str(value.get("from") or value.get("actor") or "")
    lines = [_plain(value.get("text")), *_more(value)]
    if value.get("type") == "service" and value.get("action"):
        lines.insert(0, str(value["action"]).replace("_", " "))
    labels = (("forwarded from", str(value.get("forwarded_from") or "")),)
    time = str(value.get("date", "")).replace("T", " ")
    return Message(sender, time, "\n".join(filter(None, lines)), labels)


def _plain(text: object) -> str:
    """The text of a message, which is a list if parts of it are links or bold."""
    if isinstance(text, list):
        return "".join(map(_plain, text))
    if isinstance(text, dict):
        link, shown = text.get("href"), str(text.get("text", ""))
        return f"{shown} ({link})" if link else shown
    return "" if text is None else str(text)


def _more(value: Object) -> Iterator[str]:
    """Other texts of a message: a poll, a place, a contact, a file's name, the title of a call or group."""
    for name, one in value.items():
        if name in _SAID or name in _NO_TEXT or name in _MEDIA:
            continue
        text = "; ".join(_values(one))
        if text:
            yield f"{name.replace('_', ' ')}: {text}"
    if value.get("file_name"):
        yield f"file: {value['file_name']}"


def _values(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            text = ", ".join(_values(inner))
            if text:
                yield f"{name}: {text}" if not isinstance(inner, dict | list) else text
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    elif value not in (None, "", False):
        yield str(value)


def _media(value: Object) -> str:
    """What a message without text shows."""
    if value.get("media_type"):
        return str(value["media_type"]).replace("_", " ")
    return next((name for name in _MEDIA if value.get(name)), "")
