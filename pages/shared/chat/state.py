"""The conversation that the Chat page shows; its number is in the page's address, so that a reload finds it again."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rag.answering.types import ConversationSummary, Exchange, Turn
from rag.conversations.store import Conversations
from rag.store.collection import Collection

SHOWN = 20
"""How many of the newest questions are drawn at first, and how many more with each click."""
_LOOKED_UP = "conversation-looked-up"


@dataclass(slots=True)
class Chat:
    """One session's conversation with a collection. A new one has no id: it is stored with its first question."""

    collection: Collection
    conversations: Conversations
    conversation_id: int | None

    @property
    def key_prefix(self) -> str:
        """What the keys of this conversation's widgets begin with."""
        return f"chat-{self.collection.uid}-{self.conversation_id}"

    @property
    def live_key(self) -> str:
        """The name under which every tab that shows this conversation finds the answer being written."""
        return f"{self.collection.uid}/{self.conversation_id}"

    def ensure(self) -> int:
        """The conversation's id; a new conversation is stored first."""
        if self.conversation_id is None:
            self.conversation_id = self.conversations.create()
            go_to(self.collection, self.conversation_id)
        return self.conversation_id

    def turns(self, last: int) -> list[Turn]:
        """The newest turns, oldest first, at most `last`."""
        return self.conversations.turns(self.conversation_id, last=last) if self.conversation_id else []

    def n_slots(self) -> int:
        """How many questions the conversation has; versions of a question count once."""
        return self.conversations.n_slots(self.conversation_id) if self.conversation_id else 0

    def history(self, before_slot: int) -> tuple[Exchange, ...]:
        """The questions and answers before this slot, oldest first."""
        return self.conversations.history(self.conversation_id, before_slot) if self.conversation_id else ()

    def branch(self, slot: int) -> Chat:
        """Copy the conversation up to this slot (without it) and show the copy."""
        branched = self.conversations.fork(self.ensure(), slot)
        go_to(self.collection, branched)
        return Chat(self.collection, self.conversations, branched)


def open_chat(collection: Collection) -> Chat:
    """The session's conversation with this collection: at first the one in the address, else a new one."""
    key = _key(collection)
    conversations = Conversations(collection)
    if key not in st.session_state:
        st.session_state[key] = None if _LOOKED_UP in st.session_state else _addressed(conversations.list())
        st.session_state[_LOOKED_UP] = True
    chosen: int | None = st.session_state[key]
    if chosen is not None and chosen not in {one.conversation_id for one in conversations.list()}:
        chosen = None
    go_to(collection, chosen)
    return Chat(collection, conversations, chosen)


def go_to(collection: Collection, conversation_id: int | None) -> None:
    """Show this conversation from now on; None starts a new one."""
    st.session_state[_key(collection)] = conversation_id
    if conversation_id is None:
        st.query_params.pop("conversation", None)
    else:
        st.query_params["conversation"] = str(conversation_id)


def _key(collection: Collection) -> str:
    return f"conversation-{collection.uid}"


def _addressed(summaries: list[ConversationSummary]) -> int | None:
    """The id of the conversation in the page's address, if it exists."""
    named = st.query_params.get("conversation", "")
    return next((one.conversation_id for one in summaries if str(one.conversation_id) == named), None)
