"""Chat over retrieved context: conversations whose every answer shows what it was made of."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.chat.asking import Choices, ask_one, attempt, equipment_for, request_for, show_problem
from pages.shared.chat.conversation_menu import show_conversations
from pages.shared.chat.live import LiveView
from pages.shared.chat.prompt_editor import prompt_button
from pages.shared.chat.state import SHOWN, Chat, open_chat
from pages.shared.chat.turn import show_turn
from pages.shared.session.resources import live_turns
from pages.shared.session.samples import NAME as SAMPLE
from pages.shared.session.workspace import Workspace, require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from pages.shared.widgets.model_choice import choose_generator, choose_options
from pages.shared.widgets.retrieval_settings import choose_settings, chosen_chunks
from rag.errors import CollectionError, ExplorerError
from rag.store.collection import Collection

_EXAMPLES = (
    "How many days of paid leave do full-time staff have?",
    "What is the name of the robot that brings the parcels?",
    "What colour is the lanyard that visitors wear?",
)


def choices_of(workspace: Workspace, collection: Collection) -> Choices:
    """The sidebar's choices for the next answer."""
    model = choose_generator(workspace)
    options = choose_options(model)
    settings = choose_settings(collection)
    template = prompt_button(collection)
    rewrites = st.sidebar.toggle(
        "Rewrite follow-up questions", value=True, key="rewrites", persist_state="session",
        help='"And for part-timers?" finds nothing by itself. It is rewritten to stand alone before the search.',
    )  # fmt: skip
    return Choices(model, options, settings, chosen_chunks(collection), template, rewrites)


def show_examples(chat: Chat, choices: Choices) -> None:
    """What one can do where nothing was asked yet."""
    if chat.collection.spec.name != SAMPLE:
        st.info("Type a question about your documents below.", icon=":material/lightbulb:")
        return
    st.caption("Try one of these:")
    for number, question in enumerate(_EXAMPLES):
        ask_it = partial(ask_one, chat, choices, question)
        st.button(question, key=f"{chat.own}-example-{number}", on_click=attempt, args=(chat, ask_it))


def send(chat: Chat, choices: Choices) -> None:
    """Ask what was typed: called before the page is drawn, so that the model begins at once."""
    question = st.session_state[f"question-{chat.collection.uid}"]
    if question.strip():
        attempt(chat, partial(ask_one, chat, choices, question.strip()))


def prepare(chat: Chat, choices: Choices) -> None:
    """Load what finds passages before it is needed, below a page that is there already."""
    try:
        equipment_for(chat, choices, request_for(chat, choices, "", 0))
    except ExplorerError as error:
        show_error(error)


def show_turns(chat: Chat, choices: Choices) -> None:
    """The newest questions and answers, with a way to the earlier ones."""
    n_shown = st.session_state.setdefault(f"{chat.own}-shown", SHOWN)

    def show_more() -> None:
        st.session_state[f"{chat.own}-shown"] += SHOWN

    if (n_earlier := chat.n_slots() - n_shown) > 0:
        st.button(f"Show earlier questions ({n_earlier:,})", key=f"{chat.own}-earlier", on_click=show_more)
    try:
        turns = chat.turns(n_shown)
    except CollectionError as error:
        show_error(error)
        return
    for turn in turns:
        show_turn(chat, choices, turn, is_last=turn is turns[-1])


workspace = require_workspace()
st.title("Chat")
collection = require_chunks()
st.caption("Ask about your documents. The nearest passages are given to a model, and the answer shows its sources.")
chat = open_chat(collection)
live = live_turns().of(chat.live_key)
notes, earlier = st.container(), st.container()
# What an empty place held before goes at once, also while the rest of the page still waits for an answer.
beginning = st.empty()
being_written = st.container()
if live:
    with being_written:
        view = LiveView(chat, live)
        view.show_first_words()
show_conversations(chat)
with notes:
    choices = choices_of(workspace, collection)
is_busy = live is not None and not live.is_over
has_none = choices.only is not None and not choices.only
st.chat_input(
    "Wait for the answer, or stop it" if is_busy else "Ask the collection",
    key=f"question-{collection.uid}", disabled=has_none or is_busy, on_submit=send, args=(chat, choices),
)  # fmt: skip
with notes:
    show_problem(chat)
with earlier:
    show_turns(chat, choices)
if live:
    with being_written:
        view.follow()
elif not chat.n_slots():
    with beginning.container():
        show_examples(chat, choices)
if not live:
    prepare(chat, choices)
