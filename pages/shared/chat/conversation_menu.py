"""The conversations of a collection in the sidebar: choose, start, rename, export and delete them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from pages.shared.chat.asking import problems_shown_later
from pages.shared.chat.state import Chat, go_to
from rag.answering.types import ConversationSummary, Turn
from rag.conversations.export import to_json, to_markdown

_NEW = 0


def show_conversations(chat: Chat) -> None:
    """Show the conversations in the sidebar, newest first."""
    summaries = chat.conversations.list()
    titles = _unique_titles(summaries)
    with st.sidebar:
        choices = [_NEW, *titles]
        # The browser remembers a choice by its label. New labels need a new key, or the old choice would return.
        words = hashlib.sha256("\n".join(titles.values()).encode()).hexdigest()[:12]
        chosen = st.selectbox(
            "Conversation", choices, index=choices.index(chat.conversation_id or _NEW),
            format_func=lambda one: titles.get(one, "New conversation"), key=f"{chat.key_prefix}-conversation-{words}",
            help="Conversations are stored in the collection's file, with the passages and prompts of their answers.",
        )  # fmt: skip
        if chosen != (chat.conversation_id or _NEW):
            go_to(chat.collection, chosen or None)
            st.rerun()
        if shown_id := chat.conversation_id:
            with st.container(horizontal=True):
                st.button("New", icon=":material/add:", on_click=go_to, args=(chat.collection, None))
                with st.popover(
                    "This conversation", icon=":material/more_horiz:", key=_menu_key(chat), on_change="rerun"
                ):
                    _show_actions(chat, next(one.title for one in summaries if one.conversation_id == shown_id))


def _unique_titles(summaries: Sequence[ConversationSummary]) -> dict[int, str]:
    """A different title for each conversation: of two equal ones, the browser would always choose the first."""
    titles: dict[int, str] = {}
    for one in summaries:
        title = f"{one.title} ({one.n_turns})"
        titles[one.conversation_id] = f"{title} · no. {one.conversation_id}" if title in titles.values() else title
    return titles


def _show_actions(chat: Chat, title: str) -> None:
    conversation_id = chat.ensure()
    key_prefix = f"{chat.key_prefix}-menu"
    name = st.text_input("Name", title, key=f"{key_prefix}-name")
    st.button(
        "Rename", key=f"{key_prefix}-rename", disabled=not name.strip() or name.strip() == title, on_click=_rename,
        args=(chat, conversation_id, name.strip()),
    )  # fmt: skip
    for kind, write in (("Markdown", to_markdown), ("JSON", to_json)):
        suffix = "md" if kind == "Markdown" else "json"
        st.download_button(
            f"{kind} file", partial(_exported, chat, title, write), file_name=f"{title}.{suffix}",
            mime="application/octet-stream", on_click="ignore", key=f"{key_prefix}-{suffix}",
            icon=":material/download:", width="stretch",
        )  # fmt: skip
    sure = st.checkbox("Delete conversation", key=f"{key_prefix}-sure", help="Deletes its questions and answers.")
    st.button(
        "Delete", key=f"{key_prefix}-delete", icon=":material/delete:", disabled=not sure, on_click=_delete,
        args=(chat,),
    )  # fmt: skip


def _menu_key(chat: Chat) -> str:
    return f"{chat.key_prefix}-menu-is-open"


def _rename(chat: Chat, conversation_id: int, name: str) -> None:
    st.session_state[_menu_key(chat)] = False
    with problems_shown_later(chat):
        chat.conversations.rename(conversation_id, name)


def _exported(chat: Chat, title: str, write: Callable[[str, Sequence[Turn]], str]) -> bytes:
    return write(title, chat.conversations.turns(chat.ensure())).encode()


def _delete(chat: Chat) -> None:
    with problems_shown_later(chat):
        chat.conversations.delete(chat.ensure())
        go_to(chat.collection, None)
