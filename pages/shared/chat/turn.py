"""One question of a conversation with its answers, and everything one can do with them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.chat.ablation import show_causes
from pages.shared.chat.answer import show_answer
from pages.shared.chat.asking import Choices, ask_one, attempt
from pages.shared.chat.recorder import show_recorder
from pages.shared.chat.side_by_side import offer_comparison
from pages.shared.chat.state import Chat, go_to
from pages.shared.chat.story import offer_story
from pages.shared.widgets.common import escaped
from rag.answering.differences import differing_words
from rag.answering.types import Answer, Turn


def show_turn(chat: Chat, choices: Choices, turn: Turn, *, is_last: bool) -> None:
    """The question, its answer or answers, and the ways on: at the last turn, and where they were asked for."""
    own = f"{chat.own}-{turn.turn_id}"
    acts = is_last or st.session_state.get(f"{chat.own}-acting") == turn.turn_id
    with st.chat_message("user"), st.container(horizontal=True, vertical_alignment="center"):
        st.text(turn.question)
        _show_versions(chat, turn, own)
        if acts:
            _offer_edit(chat, choices, turn, own)
    with st.chat_message("assistant"):
        if len(turn.answers) == 1:
            _show_alone(chat, choices, turn, own, acts=acts)
        else:
            _show_beside(chat, turn, own)


def _show_alone(chat: Chat, choices: Choices, turn: Turn, own: str, *, acts: bool) -> None:
    answer = turn.answers[0].answer
    show_answer(answer, key=own)
    with st.container(horizontal=True):
        _offer_recorder(chat, answer, own)
        if acts:
            _offer_ways_on(chat, choices, turn, own)
        else:
            st.button("More", key=f"{own}-act", icon=":material/more_horiz:", on_click=_act_on, args=(chat, turn))


def _act_on(chat: Chat, turn: Turn) -> None:
    st.session_state[f"{chat.own}-acting"] = turn.turn_id


def _offer_ways_on(chat: Chat, choices: Choices, turn: Turn, own: str) -> None:
    answer = turn.answers[0].answer
    st.button(
        "Ask again", key=f"{own}-again", icon=":material/refresh:", on_click=attempt,
        args=(chat, partial(ask_one, chat, choices, turn.question, again_at=turn.slot)),
        help="Answers the same question anew, with what is chosen now. This answer is kept.",
    )  # fmt: skip
    if not answer.prompt.messages and answer.usage.ending == "finished":
        st.button(
            "Ask the model all the same", key=f"{own}-whatever", on_click=attempt,
            args=(chat, partial(ask_one, chat, choices, turn.question, again_at=turn.slot, whatever=True)),
        )  # fmt: skip
    else:
        offer_comparison(chat, choices, turn, own)
    popover = f"{own}-more"
    with st.popover("More", icon=":material/more_horiz:", key=popover, on_change="rerun") as more:
        _offer_query(chat, choices, turn, own, popover)
        show_causes(chat, choices, turn, own)
        offer_story(chat.collection, turn, own, is_seen=bool(more.open))


def _show_beside(chat: Chat, turn: Turn, own: str) -> None:
    """Answers side by side, with the words marked that they do not share."""
    differing = differing_words([one.answer.text for one in turn.answers])
    columns = st.columns(len(turn.answers), border=True)
    for number, (one, column, spans) in enumerate(zip(turn.answers, columns, differing, strict=True)):
        with column:
            st.markdown(f"**{escaped(one.label)}**")
            show_answer(one.answer, key=f"{own}-{number}", differing=spans)
            _offer_recorder(chat, one.answer, f"{own}-{number}")
    st.caption("Words that the first answer does not have are marked; in the first, those that no other has.")
    with st.popover("More", icon=":material/more_horiz:", key=f"{own}-more", on_change="rerun") as more:
        offer_story(chat.collection, turn, own, is_seen=bool(more.open))


def _offer_recorder(chat: Chat, answer: Answer, own: str) -> None:
    if st.button("How this answer was made", key=f"{own}-how", icon=":material/timeline:"):
        _open_recorder(chat, answer, own)


@st.dialog("How this answer was made", width="large")
def _open_recorder(chat: Chat, answer: Answer, own: str) -> None:
    show_recorder(answer, chat.collection, key=f"{own}-recorder")


def _show_versions(chat: Chat, turn: Turn, own: str) -> None:
    """Which version of the question and its answer is shown, and the way to the others."""
    if turn.versions < 2:
        return
    st.button(
        "Earlier", key=f"{own}-earlier", icon=":material/chevron_left:", type="tertiary", disabled=turn.version == 1,
        on_click=_choose, args=(chat, turn, -1),
    )  # fmt: skip
    st.caption(f"{turn.version} of {turn.versions}")
    st.button(
        "Later", key=f"{own}-later", icon=":material/chevron_right:", type="tertiary",
        disabled=turn.version == turn.versions, on_click=_choose, args=(chat, turn, 1),
    )  # fmt: skip


def _choose(chat: Chat, turn: Turn, step: int) -> None:
    def chosen() -> bool:
        versions = chat.conversations.versions(chat.ensure(), turn.slot)
        chat.conversations.choose(versions[turn.version - 1 + step].turn_id)
        return True

    attempt(chat, chosen)


def _offer_edit(chat: Chat, choices: Choices, turn: Turn, own: str) -> None:
    popover, field = f"{own}-edit", f"{own}-edited"
    is_last = turn.slot == chat.n_slots() - 1

    def ask_edited() -> bool:
        question = st.session_state[field].strip()
        if is_last or not question:
            return not question or ask_one(chat, choices, question, again_at=turn.slot)
        forked = chat.conversations.fork(chat.ensure(), turn.slot)
        go_to(chat.collection, forked)
        return ask_one(Chat(chat.collection, chat.conversations, forked), choices, question)

    with st.popover("Edit", icon=":material/edit:", type="tertiary", key=popover, on_change="rerun"):
        st.text_area("Question", turn.question, key=field)
        if not is_last:
            st.caption("Later questions follow from this one: the edited question begins a conversation of its own.")
        st.button("Ask", key=f"{own}-ask-edited", type="primary", on_click=attempt, args=(chat, ask_edited, popover))


def _offer_query(chat: Chat, choices: Choices, turn: Turn, own: str, popover: str) -> None:
    field = f"{own}-query"

    def search() -> bool:
        query = st.session_state[field].strip()
        return not query or ask_one(chat, choices, turn.question, again_at=turn.slot, query=query)

    st.text_input(
        "Searched for", turn.answers[0].answer.query, key=field,
        help="What passages were looked for with. Change it where the question was rewritten badly.",
    )  # fmt: skip
    st.button(
        "Search with this and answer again", key=f"{own}-search", icon=":material/search:",
        on_click=attempt, args=(chat, search, popover),
    )  # fmt: skip
