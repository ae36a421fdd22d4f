"""Which passages an answer hangs on: the answer again with each of them left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared.chat.asking import Choices, equipment_for, request_for
from pages.shared.chat.state import Chat
from pages.shared.session.resources import task_board
from pages.shared.widgets.tasks import show_task
from rag.answer import text_with
from rag.answering.ablation import leave_one_out
from rag.answering.types import LabelledAnswer, Turn
from rag.runtime.background import Report
from rag.types import Hit


def show_causes(chat: Chat, choices: Choices, turn: Turn, own: str) -> None:
    """A button that has the answer made again without each passage; the recorder shows what changed."""
    n = len(turn.answers[0].answer.prompt.hits)
    key = f"causes-{chat.live_key}-{turn.turn_id}"
    view = task_board().view(key)
    if view and view.state == "done":
        task_board().forget(key)
        st.rerun()
    if turn.answers[0].answer.dependences:
        st.caption(":material/check: Which passages mattered stands in the recorder, step 6.")
        return
    if st.button(
        "Find out which passages mattered", key=f"{own}-causes", icon=":material/experiment:", disabled=not n,
        help=f"Answers again {n + 1} times: with all passages, and with each left out. That takes as long as it takes.",
    ):  # fmt: skip
        _start(chat, choices, turn, key)
    show_task(key)


def _start(chat: Chat, choices: Choices, turn: Turn, key: str) -> None:
    """With the model, the settings and the passages of this answer, whatever is chosen now, and without chance."""
    answer = turn.answers[0].answer
    asked = replace(request_for(chat, choices, turn.question, turn.slot), query=answer.query, settings=answer.settings)
    options = replace(
        choices.options, temperature=0.0, max_answer_tokens=answer.prompt.max_answer_tokens,
        context_window=answer.prompt.context_window,
    )  # fmt: skip
    prepare = equipment_for(chat, replace(choices, model=answer.model, options=options), asked)

    def work(report: Report) -> None:
        equipment = prepare()

        def again(hits: Sequence[Hit]) -> str:
            return text_with(asked, hits, equipment)

        found = leave_one_out(answer, again, equipment.embedder, report)
        notes = (*answer.notes, found.note) if found.note else answer.notes
        changed = replace(answer, dependences=found.dependences, notes=notes)
        kept = replace(turn, answers=(LabelledAnswer(turn.answers[0].label, changed), *turn.answers[1:]))
        chat.conversations.replace(turn.turn_id, kept)

    task_board().start(key, "Answering again without each passage", work)
