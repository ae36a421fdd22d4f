"""A question, its answer and what it was made of, as one file to send around."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.conversation_state import Chat
from rag.chat_types import Turn
from rag.story_file import story_html


def offer_story(chat: Chat, turn: Turn, own: str) -> None:
    """A button that saves the story of a turn."""
    st.download_button(
        "Save story", partial(_written, chat, turn), file_name=f"{turn.question[:60]}.html",
        mime="application/octet-stream", key=f"{own}-story", icon=":material/download:",
        help="One HTML file with question, answer, citations, prompt and map. It works without this app and a network.",
    )  # fmt: skip


def _written(chat: Chat, turn: Turn) -> bytes:
    return story_html(turn, collection_name=chat.collection.spec.name).encode()
