"""The same question answered in several ways at once: with and without documents, with the wrong ones, otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared.chat.asking import Choices, ask, attempt, request_for, run_for
from pages.shared.chat.state import Chat
from pages.shared.session.resources import query_vector, vectors
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.model_choice import generator_choices, model_label
from pages.shared.widgets.retrieval_settings import MODES
from rag.answering.types import Answer, Turn
from rag.answering.wrong_context import wrong_context
from rag.conversations.live import Run

_WITH, _WITHOUT, _WRONG = "With the documents", "Without documents", "With the wrong documents"
_WAYS = (_WITHOUT, _WITH, _WRONG)


def offer_comparison(chat: Chat, choices: Choices, turn: Turn, own: str) -> None:
    """A popover in which one chooses what stands side by side."""
    popover = f"{own}-comparison"
    with st.popover("Compare", icon=":material/compare_arrows:", key=popover, on_change="rerun"):
        st.caption("The same question, answered side by side. What differs is marked.")
        ways = st.pills(
            "Answers", _WAYS, selection_mode="multi", default=[_WITHOUT, _WITH], key=f"{own}-ways",
            help="Wrong documents are passages of another topic: does the model notice that they do not fit?",
        )  # fmt: skip
        other_model = st.selectbox(
            "Another model", [name for name in generator_choices(require_workspace()) if name != choices.model],
            index=None, format_func=model_label, placeholder="none", key=f"{own}-model",
        )  # fmt: skip
        other_mode = st.selectbox(
            "Another way to search", [mode for mode in MODES if mode != choices.settings.mode], index=None,
            format_func=MODES.__getitem__, placeholder="none", key=f"{own}-mode",
        )  # fmt: skip
        count = len(ways) + bool(other_model) + bool(other_mode)
        st.button(
            "Answer side by side", key=f"{own}-compare", type="primary", disabled=not 2 <= count <= 4,
            on_click=attempt, args=(chat, lambda: _ask(chat, choices, turn, ways, other_model, other_mode), popover),
            help="Choose two to four.",
        )  # fmt: skip


def _ask(
    chat: Chat, choices: Choices, turn: Turn, ways: Sequence[str], other_model: str | None, other_mode: str | None
) -> bool:
    answer = turn.answers[0].answer
    request = replace(request_for(chat, choices, turn.question, turn.slot), query=answer.query, whatever=True)
    runs: dict[str, Run] = {}
    for way in _WAYS:
        if way not in ways:
            continue
        if way == _WITHOUT:
            runs[way] = run_for(chat, choices, replace(request, uses_documents=False))
        elif way == _WRONG:
            settings = replace(request.settings, mode="dense", documents=(), minimum=0.0)
            only = _other_topic(chat, answer, request.settings.k)
            runs[way] = run_for(chat, replace(choices, only=only), replace(request, settings=settings))
        else:
            runs[way] = run_for(chat, choices, request)
    if other_model:
        runs[model_label(other_model)] = run_for(chat, replace(choices, model=other_model), request)
    if other_mode:
        settings = replace(request.settings, mode=other_mode)
        runs[f"Search by {MODES[other_mode].lower()}"] = run_for(chat, choices, replace(request, settings=settings))
    return ask(chat, turn.question, runs)


def _other_topic(chat: Chat, answer: Answer, k: int) -> frozenset[int]:
    """Chunks of another topic than the question's."""
    ids, own = vectors(chat.collection)
    hits = [hit.chunk.chunk_id for hit in answer.hits]
    return frozenset(wrong_context(ids, own, hits, query_vector(chat.collection, answer.query)[0], k))
