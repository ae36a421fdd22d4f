"""Answers while they are being written: each as it comes, with a way to stop it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.asking import remember_problem
from pages.shared.components import escaped
from pages.shared.conversation_state import Chat
from pages.shared.job_view import spoken
from pages.shared.resources import live_turns
from rag.live_answers import Heard, LiveTurn

_STAGES = {
    "": "Getting ready (loading a model takes a while the first time)",
    "rewriting": "Rewriting the question, so that it can be searched for alone",
    "retrieving": "Looking for passages",
    "waiting": "The model reads the passages",
    "citing": "Holding each sentence against the passages",
}
_FRAME = 0.04
"""Seconds between two pictures at least: more would not be seen."""


def show_live(chat: Chat, turn: LiveTurn) -> None:
    """Draw the answers until all are there; then the page runs again, and finds them in the conversation."""
    with st.chat_message("user"):
        st.text(turn.question)
    heard = turn.heard()
    with st.chat_message("assistant"):
        places = [_place(chat, turn, one.label, column) for one, column in zip(heard, _columns(heard), strict=True)]
    started, version = time.monotonic(), 0
    while not turn.is_over:
        drawn_at = time.monotonic()
        for place, one in zip(places, turn.heard(), strict=True):
            _draw(place, one, drawn_at - started)
        version = turn.wait(version, 0.5)
        time.sleep(max(0.0, drawn_at + _FRAME - time.monotonic()))
    if turn.is_saved:
        live_turns().drop(chat.live_key)
        remember_problem(chat, turn.problem)
        st.rerun()
    for place, one in zip(places, turn.heard(), strict=True):
        place.text(one.text)
    st.error(escaped(turn.problem), icon=":material/error:")
    st.button("Put it away", on_click=live_turns().drop, args=(chat.live_key,))


def _columns(heard: Sequence[Heard]) -> Sequence[DeltaGenerator]:
    return st.columns(len(heard), border=True) if len(heard) > 1 else [st.container()]


def _place(chat: Chat, turn: LiveTurn, label: str, column: DeltaGenerator) -> DeltaGenerator:
    """Where one answer is drawn, above its stop button."""
    with column:
        if label:
            st.markdown(f"**{escaped(label)}**")
        place = st.empty()
        st.button(
            "Stop", key=f"{chat.own}-stop-{label}", icon=":material/stop_circle:", on_click=turn.stop, args=(label,),
            help="What is written so far is kept.",
        )  # fmt: skip
    return place


def _draw(place: DeltaGenerator, heard: Heard, seconds: float) -> None:
    if heard.text:
        place.text(heard.text + ("" if heard.is_done else " ▌"))
    elif heard.thoughts:
        place.caption(f":material/psychology: Thinking: {escaped(heard.thoughts[-200:])}")
    elif heard.is_done:
        place.caption("Done; waiting for the others.")
    else:
        clock = f" · {spoken(seconds)}" if seconds > 1 else ""
        place.caption(f":material/hourglass_top: {_STAGES.get(heard.stage, '')}{clock}")
