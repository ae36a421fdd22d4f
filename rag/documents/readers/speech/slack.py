"""Read Slack's export: a file of messages for each day of a channel, and the names of users in `users.json`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from rag.documents.readers.speech.messages import Chat, Message

Object = Mapping[str, object]
_STAMP = re.compile(r"\d{9,11}\.\d{1,9}")
_LINK = re.compile(r"<([^<>|\n]+)(?:\|([^<>\n]*))?>")
_USER = re.compile(r"<@(U\w+|W\w+)>")
_DAY = re.compile(r"(?:\A|.*/)[^/]+/\d{4}-\d\d-\d\d\.json")
_NAMES = ("display_name", "real_name", "name")


def slack_chat(value: object) -> list[Chat]:
    """The messages of a channel's day; none if the value is something else."""
    if not isinstance(value, list) or not value or not all(map(_is_message, value)):
        return []
    chat = Chat(notes=["Times are in UTC. Ids, threads and reactions were left out."])
    for one in value:
        chat.add(_message(one), missing=str(one.get("subtype") or "no text").replace("_", " "))
    return [chat]


def _is_message(value: object) -> bool:
    is_message = isinstance(value, dict) and value.get("type") == "message"
    return is_message and isinstance(value, dict) and _STAMP.fullmatch(str(value.get("ts", ""))) is not None


def _message(value: Object) -> Message:
    profile = value.get("user_profile", value.get("bot_profile"))
    named = [profile.get(key) for key in _NAMES] if isinstance(profile, dict) else []
    sender = next((str(name) for name in (*named, value.get("username"), value.get("user")) if name), "")
    moment = datetime.fromtimestamp(int(str(value["ts"]).partition(".")[0]), UTC)
    lines = [_plain(str(value.get("text") or "")), *_attached(value)]
    return Message(sender, moment.strftime("%Y-%m-%d %H:%M:%S"), "\n".join(dict.fromkeys(filter(None, lines))))


def _attached(value: Object) -> Iterator[str]:
    """The names of files, and the texts of previews."""
    for kind, keys in (("files", ("title", "name")), ("attachments", ("title", "text", "fallback"))):
        listed = value.get(kind)
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, dict):
                continue
            words = [str(one[key]) for key in keys if one.get(key)]
            if kind == "files":
                yield from (f"file: {word}" for word in words[:1])
            else:
                yield from map(_plain, words[:2])


def _plain(text: str) -> str:
    """A text without Slack's signs around people, channels and links."""
    return html.unescape(_LINK.sub(_shown, text))


def _shown(link: re.Match[str]) -> str:
    target, said = link[1], link[2]
    if target.startswith(("@", "#", "!")):
        return f"{target[0] if target[0] != '!' else '@'}{(said or target[1:]).lstrip('@#')}"
    return f"{said} ({target})" if said and said not in target else target


def is_export(names: Iterable[str]) -> bool:
    """Whether files are those of an export: `users.json`, and folders with a file a day."""
    names = list(names)
    return any(name.rpartition("/")[2] == "users.json" for name in names) and any(map(_DAY.fullmatch, names))


def is_day(name: str) -> bool:
    """Whether a path is that of a channel's day: "general/2025-04-01.json"."""
    return _DAY.fullmatch(name) is not None


def user_names(content: bytes) -> dict[str, str]:
    """The names of users by their ids, from the content of `users.json`; none if it is something else."""
    try:
        users: object = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    found = {}
    for user in users if isinstance(users, list) else ():
        if isinstance(user, dict) and isinstance(user.get("id"), str):
            profile = user.get("profile")
            values = {**user, **profile} if isinstance(profile, dict) else user
            found[user["id"]] = next((str(values[key]) for key in _NAMES if values.get(key)), user["id"])
    return found


def with_names(content: bytes, names: Mapping[str, str]) -> bytes:
    """The content of a channel's day with the sender's name in each message; unchanged if it is something else."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        return content
    if not slack_chat(value):
        return content
    assert isinstance(value, list)
    named = [_with_name(one, names) for one in value]
    return json.dumps(named, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _with_name(message: Object, names: Mapping[str, str]) -> Object:
    text = _USER.sub(lambda user: f"<@{user[1]}|{names.get(user[1], user[1])}>", str(message.get("text") or ""))
    name = names.get(str(message.get("user")))
    stated = message.get("user_profile")
    profile = stated if isinstance(stated, dict) else {}
    return {**message, "text": text, **({"user_profile": {**profile, "display_name": name}} if name else {})}
