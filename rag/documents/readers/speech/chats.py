"""Find out whether a file is an exported chat (Telegram, Slack, WhatsApp), and read its messages as rows."""

from __future__ import annotations

import json

from rag.documents.formats import JSON, PLAIN
from rag.documents.parsed import Parsed
from rag.documents.readers.speech.messages import rows_of_chat
from rag.documents.readers.speech.slack import slack_chat
from rag.documents.readers.speech.telegram import telegram_chats
from rag.documents.readers.speech.whatsapp import whatsapp_chat


def read_chat(name: str, media_type: str, text: str) -> Parsed | None:
    """The messages of a chat, each a row with the labels "sender" and "time"; None if the file is no chat.

    Raises:
        DocumentError: there are too many messages for one document.
    """
    if media_type == PLAIN:
        chats = whatsapp_chat(text)
    elif media_type == JSON and _may_be_chat(text):
        try:
            value: object = json.loads(text)
            chats = telegram_chats(value) or slack_chat(value)
        except (ValueError, RecursionError):
            return None
    else:
        return None
    return rows_of_chat(name, chats) if any(chat.messages for chat in chats) else None


def _may_be_chat(text: str) -> bool:
    return ('"messages"' in text and '"date"' in text) or ('"ts"' in text and '"message"' in text)
