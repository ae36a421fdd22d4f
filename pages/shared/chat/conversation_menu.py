"""The conversations of a collection: which one is looked at, a new one, its name, its files, its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from pages.shared.chat.asking import attempt
from pages.shared.chat.state import Chat, go_to
from rag.answering.types import ConversationSummary
from rag.conversations.export import to_json, to_markdown

_NEW = 0


def show_conversations(chat: Chat) -> None:
    """In the sidebar: the conversations, newest first."""
    summaries = chat.conversations.list()
    titles = _told_apart(summaries)
    with st.sidebar:
        choices = [_NEW, *titles]
        # The browser remembers a choice by its words: with other words it is another choice.
        words = hashlib.sha256("\n".join(titles.values()).encode()).hexdigest()[:12]
        chosen = st.selectbox(
            "Conversation", choices, index=choices.index(chat.conversation_id or _NEW),
            format_func=lambda one: titles.get(one, "New conversation"), key=f"{chat.own}-conversation-{words}",
            help="Conversations are kept in the collection's file, with everything their answers were made of.",
        )  # fmt: skip
        if chosen != (chat.conversation_id or _NEW):
            go_to(chat.collection, chosen or None)
            st.rerun()
        if own_id := chat.conversation_id:
            with st.container(horizontal=True):
                st.button("New", icon=":material/add:", on_click=go_to, args=(chat.collection, None))
                with st.popover("This conversation", icon=":material/more_horiz:"):
                    _show_actions(chat, next(one.title for one in summaries if one.conversation_id == own_id))


def _told_apart(summaries: Sequence[ConversationSummary]) -> dict[int, str]:
    """What each conversation is called in the list. No two alike: the browser would take the first of them."""
    titles: dict[int, str] = {}
    for one in summaries:
        title = f"{one.title} ({one.n_turns})"
        titles[one.conversation_id] = f"{title} · no. {one.conversation_id}" if title in titles.values() else title
    return titles


def _show_actions(chat: Chat, title: str) -> None:
    conversation_id = chat.ensure()
    own = f"{chat.own}-menu"
    name = st.text_input("Name", title, key=f"{own}-name")
    if st.button("Rename", key=f"{own}-rename", disabled=not name.strip() or name.strip() == title):
        chat.conversations.rename(conversation_id, name.strip())
        st.rerun()
    for kind, write in (("Markdown", to_markdown), ("JSON", to_json)):
        suffix = "md" if kind == "Markdown" else "json"
        st.download_button(
            f"{kind} file", partial(_written, chat, title, write), file_name=f"{title}.{suffix}",
            mime="application/octet-stream", on_click="ignore", key=f"{own}-{suffix}", icon=":material/download:",
            width="stretch",
        )  # fmt: skip
    sure = st.checkbox("Delete it with all its answers", key=f"{own}-sure")
    st.button(
        "Delete", key=f"{own}-delete", icon=":material/delete:", disabled=not sure, on_click=attempt,
        args=(chat, partial(_delete, chat)),
    )  # fmt: skip


def _written(chat: Chat, title: str, write: Callable[..., str]) -> bytes:
    return write(title, chat.conversations.turns(chat.ensure())).encode()


def _delete(chat: Chat) -> bool:
    chat.conversations.delete(chat.ensure())
    go_to(chat.collection, None)
    return True
