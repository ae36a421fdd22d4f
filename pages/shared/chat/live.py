"""Answers while they are being written: each as it comes, with a way to stop it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.chat.asking import remember_problem
from pages.shared.chat.state import Chat
from pages.shared.session.resources import live_turns
from pages.shared.widgets.common import escaped, place
from pages.shared.widgets.passage.html import passage_html, show_beginning
from pages.shared.widgets.wording import counted, spoken
from rag.conversations.live import AnswerSoFar, LiveTurn

_STAGES = {
    "": "Getting ready (loading a model takes a while the first time)",
    "rewriting": "Rewriting the question so that it can be searched without the conversation",
    "retrieving": "Searching",
    "waiting": "Reading sources",
    "citing": "Checking each sentence against the sources",
}
_FRAME = 0.04
"""Least seconds between two redraws: nobody sees more than 25 in a second."""
_BEGINNING = 140
"""Characters of a passage that are shown while the model reads it."""
_BEFORE_THE_PAGE = 0.5
"""Seconds for which the rest of the page waits for an answer's first words."""


class LiveView:
    """Answers on the page while they are written; drawn where it is created."""

    def __init__(self, chat: Chat, turn: LiveTurn) -> None:
        self._chat, self._turn = chat, turn
        self._version = 0
        self._was_over = turn.is_over
        with st.chat_message("user"):
            st.text(turn.question)
        answers = turn.so_far()
        with st.chat_message("assistant"):
            self._places = [
                _Place(chat, turn, one.label, column) for one, column in zip(answers, _columns(answers), strict=True)
            ]

    def show_first_words(self) -> None:
        """Draw the passages and the first words before the rest of the page: a browser that redraws the page delays the
        model.

        Returns when the words are drawn, or half a second after the question was asked.
        """
        while not self._turn.is_over and (left := _BEFORE_THE_PAGE - self._turn.seconds()) > 0:
            if any(one.text or one.thoughts for one in self._turn.so_far()):
                self._draw()
                return
            for shown, one in zip(self._places, self._turn.so_far(), strict=True):
                shown.draw_sources(one)
            self._version = self._turn.wait(self._version, left)

    def follow(self) -> None:
        """Draw until all answers are complete; then run the page again, which finds them in the conversation."""
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
        if not self._was_over:
            # The field for questions was drawn while the answer was being written, and is still off.
            st.rerun()
        for shown, one in zip(self._places, turn.so_far(), strict=True):
            shown.words.html(passage_html(one.text))
        st.error(escaped(turn.problem), icon=":material/error:")
        st.button("Dismiss", on_click=live_turns().drop, args=(self._chat.live_key,))

    def _draw(self) -> None:
        for shown, one in zip(self._places, self._turn.so_far(), strict=True):
            shown.draw_sources(one)
            _draw(shown.words, one, self._turn.seconds())


def _columns(answers: Sequence[AnswerSoFar]) -> Sequence[DeltaGenerator]:
    return st.columns(len(answers), border=True) if len(answers) > 1 else [st.container()]


class _Place:
    """Where one answer is drawn: its words, a stop button, and the passages found."""

    def __init__(self, chat: Chat, turn: LiveTurn, label: str, column: DeltaGenerator) -> None:
        with column:
            if label:
                st.markdown(f"**{escaped(label)}**")
            self.words = st.empty()
            self.words.text("…")  # so that the button below does not move with the first words
            if not turn.is_over:
                st.button(
                    "Stop", key=f"{chat.key_prefix}-stop-{label}", icon=":material/stop_circle:", on_click=turn.stop,
                    args=(label,), help="Stops the model. The text so far is kept.",
                )  # fmt: skip
            self._sources = st.empty()
        self._has_sources = False

    def draw_sources(self, answer: AnswerSoFar) -> None:
        """The passages found, as soon as they are: the model still has to read them."""
        if self._has_sources or not answer.sources:
            return
        self._has_sources = True
        with self._sources.container(gap="small"):
            st.caption(f"{counted(len(answer.sources), 'passage')} found:")
            for hit in answer.sources:
                st.caption(f"**{escaped(hit.document_name)}**{escaped(place(hit))} · similarity {hit.score:.2f}")
                show_beginning(hit.chunk.text, _BEGINNING)


def _draw(words: DeltaGenerator, answer: AnswerSoFar, seconds: float) -> None:
    if answer.text:
        words.html(passage_html(answer.text, after="" if answer.is_done else " ▌"))
    elif answer.thoughts:
        words.caption(f":material/psychology: Thinking: {escaped(answer.thoughts[-200:])}")
    elif answer.is_done:
        words.caption("Done; waiting for the others.")
    else:
        clock = f" · {spoken(seconds)}" if seconds > 1 else ""
        words.caption(f":material/hourglass_top: {_STAGES.get(answer.stage, '')}{clock}")
