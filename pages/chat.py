"""Chat over retrieved context: ask about the documents and see which passages each answer comes from."""

from __future__ import annotations

import streamlit as st

from pages.shared.chat.asking import AnswerSettings, Question, ShownTurn, ask, show_problem
from pages.shared.chat.conversation_menu import show_conversations
from pages.shared.chat.files import add_files, forget_files, is_adding, show_files
from pages.shared.chat.live import LiveView
from pages.shared.chat.prompt_editor import prompt_button
from pages.shared.chat.state import SHOWN, Chat, open_chat
from pages.shared.chat.turn import show_turn
from pages.shared.session.person import is_editor
from pages.shared.session.resources import live_turns, suggestions, warm_up_builtin
from pages.shared.session.samples import SAMPLE
from pages.shared.session.workspace import Workspace, require_workspace
from pages.shared.widgets.adding.first_files import show_first_files
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.model_choice import (
    AnsweringModels,
    answering_models,
    choose_generator,
    choose_options,
    show_reason,
)
from pages.shared.widgets.retrieval_settings import choose_settings, chosen_chunks
from pages.shared.widgets.server_watch import ServerWatch
from pages.shared.widgets.storage_notes import not_changeable
from rag import config
from rag.errors import CollectionError, ExplorerError
from rag.store.collection import Collection

_EXAMPLES = (
    "How many days of paid leave do full-time staff have?",
    "What is the name of the robot that brings the parcels?",
    "What colour is the lanyard that visitors wear?",
)


def choose_answer_settings(workspace: Workspace, collection: Collection, models: AnsweringModels) -> AnswerSettings:
    """Show the sidebar's controls; returns the settings for the next answer."""
    model = choose_generator(workspace, models)
    options = choose_options(model)
    retrieval = choose_settings(collection)
    template = prompt_button(collection)
    rewrites = st.sidebar.toggle(
        "Rewrite follow-up questions", value=True, key="rewrites", persist_state="session",
        help='Completes a question like "And for part-timers?" from the conversation before the search, because it '
        "finds nothing alone.",
    )  # fmt: skip
    return AnswerSettings(model, options, retrieval, chosen_chunks(collection), template, rewrites)


def show_examples(chat: Chat, settings: AnswerSettings, *, is_off: bool) -> None:
    """Show what to do in an empty conversation: questions to click, unless they are off, and a place for own files."""
    offered: tuple[str, ...] = _EXAMPLES
    if chat.collection.spec.name != SAMPLE:
        offered = tuple(one.question for one in suggestions(chat.collection)[:3])
    st.caption("Try one of these:")
    for number, text in enumerate(offered):
        key = f"{chat.key_prefix}-example-{number}"
        st.button(escaped(text), key=key, on_click=ask, args=(Question(chat, settings, text),), disabled=is_off)


def show_own_files() -> None:
    """A place for files that begin another collection, at the end of an empty conversation."""
    with st.container(border=True):
        show_first_files("chat-files", "Ask your own files: drop them here to begin a new collection")


def ask_typed(chat: Chat, settings: AnswerSettings) -> None:
    """Ask the typed question; files that were dropped on the box are added before. A callback runs before the page is
    drawn, so the model begins at once.
    """
    typed = st.session_state[f"question-{chat.collection.uid}"]
    text, files = (typed, []) if isinstance(typed, str) else (typed.text, typed.files)
    forget_files(chat)
    if files:
        add_files(chat, files, text.strip())
    elif text.strip():
        ask(Question(chat, settings, text.strip()))


def placeholder(*, is_busy: bool, is_waiting: bool, is_checking: bool) -> str:
    """What the empty field says: why it is off, or what it is for."""
    if is_busy:
        return "Answering..."
    if is_waiting:
        return "Adding files..."
    return "Checking the model servers..." if is_checking else "Ask about your documents"


def warm_up(chat: Chat, settings: AnswerSettings) -> None:
    """Load the models before the first question, when the page is already drawn: a built-in one in the background."""
    try:
        Question(chat, settings, "").prepare_equipment()
        if settings.model == config.BUILTIN_GENERATOR:
            warm_up_builtin()
    except ExplorerError as error:
        show_error(error)


def show_turns(chat: Chat, settings: AnswerSettings, live_turn_id: int) -> None:
    """Show the newest questions and answers, except the one being written, and a button for earlier ones."""
    n_shown = st.session_state.setdefault(f"{chat.key_prefix}-shown", SHOWN)

    def show_more() -> None:
        st.session_state[f"{chat.key_prefix}-shown"] += SHOWN

    if (n_earlier := chat.n_slots() - n_shown) > 0:
        st.button(f"Show earlier questions ({n_earlier:,})", key=f"{chat.key_prefix}-earlier", on_click=show_more)
    try:
        turns = [turn for turn in chat.turns(n_shown) if turn.turn_id != live_turn_id]
    except CollectionError as error:
        show_error(error)
        return
    for turn in turns:
        show_turn(ShownTurn(chat, settings, turn), is_last=turn is turns[-1])


workspace = require_workspace()
st.title("Chat")
collection = require_chunks()
st.caption("A model answers your question from the most similar passages. The answer shows its sources.")
chat = open_chat(collection)
live = live_turns().of(chat.live_key)
notes, earlier = st.container(), st.container()
dropped = st.container()
# An empty element removes what this place showed before at once, even while the rest of the page waits for an answer.
beginning = st.empty()
being_written = st.container()
if live:
    with being_written:
        view = LiveView(chat, live)
        view.show_first_words()
show_conversations(chat)
with notes:
    watch = ServerWatch()
    models = answering_models(workspace)
    settings = choose_answer_settings(workspace, collection, models)
    show_reason(workspace, models, settings.model)
is_busy = live is not None and not live.is_over
is_waiting = is_adding(chat)
# The default may still change; a model that a person has chosen does not.
is_checking = models.is_undecided and workspace.generator is None
has_no_chunks = settings.chunk_ids is not None and not settings.chunk_ids
st.chat_input(
    placeholder(is_busy=is_busy, is_waiting=is_waiting, is_checking=is_checking),
    key=f"question-{collection.uid}",
    accept_file=False if not_changeable(collection) else "multiple",
    disabled=has_no_chunks or is_busy or is_waiting or is_checking,
    on_submit=ask_typed,
    args=(chat, settings),
)
with notes:
    show_problem(chat)
with earlier:
    show_turns(chat, settings, live.turn_id if live else -1)
with dropped:
    show_files(chat, settings)
if live:
    with being_written:
        view.follow()
elif not chat.n_slots() and not is_waiting:
    with beginning.container():
        show_examples(chat, settings, is_off=is_checking)
        if is_editor():
            show_own_files()
if not live:
    warm_up(chat, settings)
if is_checking:
    watch.rerun_when_answered()
