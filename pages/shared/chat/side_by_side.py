"""Comparison of answers side by side: without documents, with wrong ones, by another model or another search."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.chat.asking import Question, ShownTurn, ask, problems_shown_later
from pages.shared.session.resources import query_vector, vectors
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.model_choice import answering_models, model_label
from pages.shared.widgets.retrieval_settings import MODES
from rag.answering.types import Answer, LabelledAnswer
from rag.answering.wrong_context import wrong_context
from rag.conversations.recordings import RECORDED
from rag.retrieval.settings import Mode

_WITH, _WITHOUT, _WRONG = "With the documents", "Without documents", "With the wrong documents"
_WAYS = (_WITHOUT, _WITH, _WRONG)


def offer_comparison(shown: ShownTurn) -> None:
    """Show a popover to choose two to four ways to answer the question side by side."""
    settings = shown.settings
    with st.popover(
        "Compare", icon=":material/compare_arrows:", key=f"{shown.key_prefix}-comparison", on_change="rerun"
    ):
        st.caption("Answers the same question in several ways, side by side. Differences are highlighted.")
        ways = st.pills(
            "Answers", _WAYS, selection_mode="multi", default=[_WITHOUT, _WITH], key=f"{shown.key_prefix}-ways",
            help="Wrong documents are passages about another topic. They show whether the model notices.",
        )  # fmt: skip
        other_model = st.selectbox(
            "Another model", [name for name in answering_models(require_workspace()).names if name != settings.model],
            index=None, format_func=model_label, placeholder="none", key=f"{shown.key_prefix}-model",
            help="Also answers with this model, from the same documents.",
        )  # fmt: skip
        other_mode = st.selectbox(
            "Another search mode", [mode for mode in MODES if mode != settings.retrieval.mode], index=None,
            format_func=MODES.__getitem__, placeholder="none", key=f"{shown.key_prefix}-mode",
            help="Also answers from the passages that this kind of search finds.",
        )  # fmt: skip
        count = len(ways) + bool(other_model) + bool(other_mode)
        st.button(
            "Answer side by side", key=f"{shown.key_prefix}-compare", type="primary", disabled=not 2 <= count <= 4,
            on_click=_compare, args=(shown, tuple(ways), other_model, other_mode), help="Choose two to four.",
        )  # fmt: skip


def offer_without_documents(shown: ShownTurn) -> None:
    """Show a button that answers the question without documents, next to this answer."""
    is_recorded = shown.settings.model == RECORDED
    st.button(
        "Without documents", key=f"{shown.key_prefix}-without", icon=":material/contrast:", disabled=is_recorded,
        on_click=_add, args=(shown, _WITHOUT),
        help="Sample answers were recorded with all documents. Choose another answering model first." if is_recorded
        else "Answers the same question from the model's training alone, next to this answer.",
    )  # fmt: skip


def offer_wrong_documents(shown: ShownTurn) -> None:
    """Below answers with and without documents, show a button that adds an answer from the wrong ones."""
    labels = {one.label for one in shown.turn.answers}
    if labels == {_WITH, _WITHOUT} and shown.settings.model != RECORDED:
        st.button(
            "Add the wrong documents", key=f"{shown.key_prefix}-wrong", icon=":material/shuffle:", on_click=_add,
            args=(shown, _WRONG), help="Answers once more, from passages about another topic: does the model notice?",
        )  # fmt: skip


def _add(shown: ShownTurn, way: str) -> None:
    """Answer the question in one more way, next to the answers of the turn that the chosen model made."""
    there = {one.label or _WITH: one.answer for one in shown.turn.answers}
    based = replace(shown, turn=replace(shown.turn, answers=(LabelledAnswer("", there[_WITH]),)))
    question = replace(based.question, query=based.answer.query, ignore_minimum=True)
    with problems_shown_later(shown.chat):
        variants = {
            one: there[one] if one in there and _is_comparable(there[one], shown) else _variant(one, question, based)
            for one in _WAYS
            if one in there or one == way
        }
        ask(question, variants)


def _is_comparable(answer: Answer, shown: ShownTurn) -> bool:
    """Whether a new answer would be made by the same model in the same way, so that this one can stand next to it."""
    settings = shown.settings
    return not answer.problem and (answer.model, answer.temperature) == (settings.model, settings.options.temperature)


def _compare(shown: ShownTurn, ways: tuple[str, ...], other_model: str | None, other_mode: Mode | None) -> None:
    """Ask the question in each of these ways at once."""
    st.session_state[f"{shown.key_prefix}-comparison"] = False
    question = replace(shown.question, query=shown.answer.query, ignore_minimum=True)
    with problems_shown_later(shown.chat):
        variants: dict[str, Question | Answer] = {way: _variant(way, question, shown) for way in _WAYS if way in ways}
        if other_model:
            variants[model_label(other_model)] = replace(question, settings=replace(shown.settings, model=other_model))
        if other_mode:
            retrieval = replace(shown.settings.retrieval, mode=other_mode)
            other_search = replace(question, settings=replace(shown.settings, retrieval=retrieval))
            variants[f"Search by {MODES[other_mode].lower()}"] = other_search
        ask(question, variants)


def _variant(way: str, question: Question, shown: ShownTurn) -> Question:
    if way == _WITHOUT:
        return replace(question, uses_documents=False)
    if way == _WITH:
        return question
    retrieval = replace(shown.settings.retrieval, mode="dense", documents=(), minimum=0.0)
    settings = replace(shown.settings, retrieval=retrieval, chunk_ids=_other_topic(shown))
    return replace(question, settings=settings)


def _other_topic(shown: ShownTurn) -> frozenset[int]:
    """Ids of chunks about another topic than the question."""
    collection, answer = shown.chat.collection, shown.answer
    chunk_ids, chunk_vectors = vectors(collection)
    hit_ids = [hit.chunk.chunk_id for hit in answer.hits]
    query = query_vector(collection, answer.query)[0]
    return frozenset(wrong_context(chunk_ids, chunk_vectors, hit_ids, query, shown.settings.retrieval.k))
