"""Answers while they are being written: each as it comes, with a way to stop it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.chat.asking import remember_problem
from pages.shared.chat.state import Chat
from pages.shared.session.resources import live_turns
from pages.shared.widgets.common import escaped
from pages.shared.widgets.jobs import spoken
from rag.conversations.live import Heard, LiveTurn

_STAGES = {
    "": "Getting ready (loading a model takes a while the first time)",
    "rewriting": "Rewriting the question, so that it can be searched for alone",
    "retrieving": "Looking for passages",
    "waiting": "The model reads the passages",
    "citing": "Holding each sentence against the passages",
}
_FRAME = 0.04
"""Seconds between two pictures at least: more would not be seen."""
_BEFORE_THE_PAGE = 0.5
"""Seconds for which the rest of the page waits for an answer's first words."""


class LiveView:
    """Answers on the page while they are written; made where they are to stand."""

    def __init__(self, chat: Chat, turn: LiveTurn) -> None:
        self._chat, self._turn = chat, turn
        self._version = 0
        with st.chat_message("user"):
            st.text(turn.question)
        heard = turn.heard()
        with st.chat_message("assistant"):
            self._places = [
                _place(chat, turn, one.label, column) for one, column in zip(heard, _columns(heard), strict=True)
            ]

    def show_first_words(self) -> None:
        """Draw the first words before the rest of the page is: while a browser redraws it, the model must wait.

        Returns when they are there, or when the question is half a second old.
        """
        while not self._turn.is_over and (left := _BEFORE_THE_PAGE - self._turn.seconds()) > 0:
            if any(one.text or one.thoughts for one in self._turn.heard()):
                self._draw()
                return
            self._version = self._turn.wait(self._version, left)

    def follow(self) -> None:
        """Draw until all answers are there; then the page runs again, and finds them in the conversation."""
        turn = self._turn
        while not turn.is_over:
            drawn_at = time.monotonic()
            self._draw()
            self._version = turn.wait(self._version, 0.5)
            time.sleep(max(0.0, drawn_at + _FRAME - time.monotonic()))
        if turn.is_saved:
            live_turns().drop(self._chat.live_key)
            remember_problem(self._chat, turn.problem)
            st.rerun()
        for place, one in zip(self._places, turn.heard(), strict=True):
            place.text(one.text)
        st.error(escaped(turn.problem), icon=":material/error:")
        st.button("Put it away", on_click=live_turns().drop, args=(self._chat.live_key,))

    def _draw(self) -> None:
        for place, one in zip(self._places, self._turn.heard(), strict=True):
            _draw(place, one, self._turn.seconds())


def _columns(heard: Sequence[Heard]) -> Sequence[DeltaGenerator]:
    return st.columns(len(heard), border=True) if len(heard) > 1 else [st.container()]


def _place(chat: Chat, turn: LiveTurn, label: str, column: DeltaGenerator) -> DeltaGenerator:
    """Where one answer is drawn, above its stop button."""
    with column:
        if label:
            st.markdown(f"**{escaped(label)}**")
        place = st.empty()
        place.text("…")  # so that the button below does not move with the first words
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
