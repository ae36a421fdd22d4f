"""One question of a conversation with its answers, and the buttons to regenerate, edit, compare and inspect them."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.chat.ablation import show_source_impact
from pages.shared.chat.answer import show_answer
from pages.shared.chat.asking import Question, ShownTurn, ask, problems_shown_later
from pages.shared.chat.recorder import show_recorder
from pages.shared.chat.report import offer_report
from pages.shared.chat.side_by_side import offer_comparison, offer_without_documents, offer_wrong_documents
from pages.shared.widgets.common import escaped
from pages.shared.widgets.dialogs import close_dialog, is_open
from rag.answering.differences import differing_words
from rag.answering.types import Answer
from rag.conversations.draft import INTERRUPTED
from rag.store.collection import Collection


def show_turn(shown: ShownTurn, *, is_last: bool) -> None:
    """Show the question and its answers; the last turn has all its buttons, earlier ones after a click on "More"."""
    has_all = is_last or st.session_state.get(_expanded_key(shown)) == shown.turn.turn_id
    with st.chat_message("user"), st.container(horizontal=True, vertical_alignment="center"):
        st.text(shown.turn.question)
        _show_versions(shown)
        if has_all:
            _offer_edit(shown)
    with st.chat_message("assistant"):
        if len(shown.turn.answers) == 1:
            _show_single(shown, has_all=has_all)
        else:
            _show_side_by_side(shown, has_all=has_all)


def _show_single(shown: ShownTurn, *, has_all: bool) -> None:
    show_answer(shown.answer, shown.chat.collection, key=shown.key_prefix)
    with st.container(horizontal=True):
        _offer_recorder(shown.answer, shown.chat.collection, shown.key_prefix)
        if has_all:
            _offer_actions(shown)
        else:
            st.button(
                "More", key=f"{shown.key_prefix}-act", icon=":material/more_horiz:", on_click=_expand, args=(shown,)
            )


def _expand(shown: ShownTurn) -> None:
    st.session_state[_expanded_key(shown)] = shown.turn.turn_id


def _expanded_key(shown: ShownTurn) -> str:
    return f"{shown.chat.key_prefix}-acting"


def _offer_actions(shown: ShownTurn) -> None:
    """What can be done with a single answer: regenerate it, compare it, inspect it."""
    was_interrupted = shown.answer.usage.ending == "broken"
    st.button(
        "Ask again" if was_interrupted else "Regenerate", key=f"{shown.key_prefix}-again",
        icon=":material/refresh:", on_click=ask, args=(shown.question,),
        help="Answers the same question again with the settings in the sidebar. This answer is kept as a version.",
    )  # fmt: skip
    if not shown.answer.prompt.messages and shown.answer.usage.ending == "finished":
        st.button(
            "Answer anyway", key=f"{shown.key_prefix}-anyway", on_click=ask,
            args=(replace(shown.question, ignore_minimum=True),),
            help="Asks the model although no passage reaches the minimum similarity.",
        )  # fmt: skip
    else:
        offer_without_documents(shown)
        offer_comparison(shown)
    _show_more(shown)


def _show_more(shown: ShownTurn) -> None:
    """Show a popover with what is needed less often; a single answer can also be changed and inspected there."""
    with st.popover("More", icon=":material/more_horiz:", key=_more_key(shown), on_change="rerun") as more:
        if len(shown.turn.answers) == 1:
            _offer_query(shown)
            show_source_impact(shown)
        offer_report(shown.chat.collection, shown.turn, shown.key_prefix, is_open=bool(more.open))


def _more_key(shown: ShownTurn) -> str:
    return f"{shown.key_prefix}-more"


def _show_side_by_side(shown: ShownTurn, *, has_all: bool) -> None:
    """Show several answers next to each other and highlight the words in which they differ."""
    differing = differing_words([one.answer.text for one in shown.turn.answers])
    columns = st.columns(len(shown.turn.answers), border=True)
    for number, (one, column, spans) in enumerate(zip(shown.turn.answers, columns, differing, strict=True)):
        with column:
            st.markdown(f"**{escaped(one.label)}**")
            key = f"{shown.key_prefix}-{number}"
            show_answer(one.answer, shown.chat.collection, key=key, differing=spans)
            _offer_recorder(one.answer, shown.chat.collection, key)
    st.caption("Highlighted: words that the first answer does not have; in the first answer, words that no other has.")
    with st.container(horizontal=True):
        if has_all:
            offer_wrong_documents(shown)
        _show_more(shown)


def _offer_recorder(answer: Answer, collection: Collection, key: str) -> None:
    """Offer the steps of the answer; of one that was interrupted only the words are known."""
    if answer.problem == INTERRUPTED:
        return
    is_asked = st.button("Show how this was answered", key=f"{key}-how", icon=":material/timeline:")
    if is_open("how-answered", key, asked=is_asked):
        _open_recorder(answer, collection, key)


@st.dialog("How this was answered", width="large", on_dismiss=close_dialog)
def _open_recorder(answer: Answer, collection: Collection, key: str) -> None:
    show_recorder(answer, collection, key=f"{key}-recorder")


def _show_versions(shown: ShownTurn) -> None:
    """Show which version of the question and its answer this is, with buttons to the others."""
    turn = shown.turn
    if turn.versions < 2:
        return
    st.button(
        "Previous version", key=f"{shown.key_prefix}-earlier", icon=":material/chevron_left:", type="tertiary",
        disabled=turn.version == 1, on_click=_choose_version, args=(shown, turn.version - 1),
    )  # fmt: skip
    st.caption(f"{turn.version} of {turn.versions}")
    st.button(
        "Next version", key=f"{shown.key_prefix}-later", icon=":material/chevron_right:", type="tertiary",
        disabled=turn.version == turn.versions, on_click=_choose_version, args=(shown, turn.version + 1),
    )  # fmt: skip


def _choose_version(shown: ShownTurn, version: int) -> None:
    """Show this version of the turn, counted from 1."""
    conversations = shown.chat.conversations
    with problems_shown_later(shown.chat):
        versions = conversations.versions(shown.chat.ensure(), shown.turn.slot)
        conversations.choose(versions[version - 1].turn_id)


def _offer_edit(shown: ShownTurn) -> None:
    is_last = shown.turn.slot == shown.chat.n_slots() - 1
    popover = f"{shown.key_prefix}-edit"
    with st.popover("Edit", icon=":material/edit:", type="tertiary", key=popover, on_change="rerun"):
        st.text_area("Question", shown.turn.question, key=f"{shown.key_prefix}-edited")
        if not is_last:
            st.caption("Editing starts a new branch: a copy of the conversation up to this question.")
        st.button(
            "Ask", key=f"{shown.key_prefix}-ask-edited", type="primary", on_click=_ask_edited, args=(shown, is_last)
        )


def _ask_edited(shown: ShownTurn, is_last: bool) -> None:
    """Ask the edited question: as a new version of the last question, or in a new branch from an earlier one."""
    st.session_state[f"{shown.key_prefix}-edit"] = False
    text = st.session_state[f"{shown.key_prefix}-edited"].strip()
    if not text:
        return
    if is_last:
        ask(replace(shown.question, text=text))
        return
    with problems_shown_later(shown.chat):
        ask(Question(shown.chat.branch(shown.turn.slot), shown.settings, text))


def _offer_query(shown: ShownTurn) -> None:
    st.text_input(
        "Searched for", shown.answer.query, key=f"{shown.key_prefix}-query",
        help="The text that was searched for. Edit it if the question was rewritten badly.",
    )  # fmt: skip
    st.button(
        "Search for this and answer again", key=f"{shown.key_prefix}-search", icon=":material/search:",
        on_click=_ask_with_query, args=(shown,),
    )  # fmt: skip


def _ask_with_query(shown: ShownTurn) -> None:
    """Answer again from the passages that the edited text finds."""
    st.session_state[_more_key(shown)] = False
    if query := st.session_state[f"{shown.key_prefix}-query"].strip():
        ask(replace(shown.question, query=query))
