"""Source impact (leave-one-out): answer again without each passage, to see which sentences depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared.chat.asking import ShownTurn
from pages.shared.session.resources import task_board
from pages.shared.widgets.tasks import show_task
from rag.answer import text_with
from rag.answering.ablation import leave_one_out
from rag.answering.types import LabelledAnswer
from rag.runtime.background import Report
from rag.types import Hit


def show_source_impact(shown: ShownTurn) -> None:
    """Show a button that measures the source impact, and its progress; the result is in the recorder's step 6."""
    n = len(shown.answer.prompt.hits)
    key = f"causes-{shown.chat.live_key}-{shown.turn.turn_id}"
    view = task_board().view(key)
    if view and view.state == "done":
        task_board().forget(key)
        st.rerun()
    if shown.answer.dependences:
        st.caption(":material/check: Source impact is measured: see step 6 of 'Show how this was answered'.")
        return
    if st.button(
        "Source impact (leave-one-out)", key=f"{shown.key_prefix}-causes", icon=":material/experiment:", disabled=not n,
        help=f"Answers {n + 1} more times, once with all passages and once without each of them, to see which "
        "sentences change. This can take several minutes.",
    ):  # fmt: skip
        _start(shown, key)
    show_task(key)


def _start(shown: ShownTurn, key: str) -> None:
    """Measure in the background, with the model, retrieval settings and window of the stored answer, temperature 0."""
    answer, turn = shown.answer, shown.turn
    options = replace(
        shown.settings.options, temperature=0.0, max_answer_tokens=answer.prompt.max_answer_tokens,
        context_window=answer.prompt.context_window,
    )  # fmt: skip
    settings = replace(shown.settings, model=answer.model, options=options, retrieval=answer.settings)
    question = replace(shown.question, settings=settings, query=answer.query)
    request, load = question.request(), question.prepare_equipment()

    def measure(report: Report) -> None:
        equipment = load()

        def answer_from(hits: Sequence[Hit]) -> str:
            return text_with(request, hits, equipment)

        impact = leave_one_out(answer, answer_from, equipment.embedder, report)
        notes = (*answer.notes, impact.note) if impact.note else answer.notes
        measured = replace(answer, dependences=impact.dependences, notes=notes)
        labelled = LabelledAnswer(turn.answers[0].label, measured)
        shown.chat.conversations.replace(turn.turn_id, replace(turn, answers=(labelled, *turn.answers[1:])))

    task_board().start(key, "Answering again without each passage", measure)
