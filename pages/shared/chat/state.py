"""Which conversation a session is in: in the address, so that a reload finds it again."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rag.answering.types import ConversationSummary, Exchange, Turn
from rag.conversations.store import Conversations
from rag.store.collection import Collection

SHOWN = 20
"""So many of the newest questions are drawn; earlier ones when asked for."""
_LOOKED_UP = "conversation-looked-up"


@dataclass(slots=True)
class Chat:
    """One session's conversation with a collection; without an id it is a new one, stored with its first question."""

    collection: Collection
    conversations: Conversations
    conversation_id: int | None

    @property
    def own(self) -> str:
        """A prefix for the keys of widgets."""
        return f"chat-{self.collection.uid}-{self.conversation_id}"

    @property
    def live_key(self) -> str:
        """Under which an answer in the making is found by every tab that shows this conversation."""
        return f"{self.collection.uid}/{self.conversation_id}"

    def ensure(self) -> int:
        """The id; a new conversation is stored now."""
        if self.conversation_id is None:
            self.conversation_id = self.conversations.create()
            go_to(self.collection, self.conversation_id)
        return self.conversation_id

    def turns(self, last: int) -> list[Turn]:
        """The newest turns in order, at most `last`."""
        return self.conversations.turns(self.conversation_id, last=last) if self.conversation_id else []

    def n_slots(self) -> int:
        """How many questions the conversation holds."""
        return self.conversations.n_slots(self.conversation_id) if self.conversation_id else 0

    def history(self, before_slot: int) -> tuple[Exchange, ...]:
        """The questions and answers before this place."""
        return self.conversations.history(self.conversation_id, before_slot) if self.conversation_id else ()


def open_chat(collection: Collection) -> Chat:
    """The conversation of this session: the one in the address at first, else a new one."""
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
    """Look at this conversation from now on; at a new one for None."""
    st.session_state[_key(collection)] = conversation_id
    if conversation_id is None:
        st.query_params.pop("conversation", None)
    else:
        st.query_params["conversation"] = str(conversation_id)


def _key(collection: Collection) -> str:
    return f"conversation-{collection.uid}"


def _addressed(there: list[ConversationSummary]) -> int | None:
    """The conversation that the address names, if it is there."""
    named = st.query_params.get("conversation", "")
    return next((one.conversation_id for one in there if str(one.conversation_id) == named), None)
