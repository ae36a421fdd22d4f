"""A form for a question that a person writes, with the passage that answers it copied from a document."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.exams import documents
from pages.shared.widgets.common import show_error
from pages.shared.widgets.exams.stored_questions import my_questions
from pages.shared.widgets.glossary import help_for
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.beir import ExamError
from rag.evaluation.drafting.by_hand import question_by_hand
from rag.evaluation.stored.questions import add_questions
from rag.store.collection import Collection

_NOWHERE = "(no document answers it)"


def show_adding(collection: Collection) -> None:
    """An expander with the form; a question that cannot be stored stays in it, with the reason."""
    key = f"my-questions-add-{collection.uid}"
    if said := st.session_state.pop(f"{key}-said", ""):
        st.toast(said, icon=":material/check:")
    with st.expander("Write a question", icon=":material/edit:", key=key):
        chosen = st.selectbox(
            "Document", [*documents(collection), _NOWHERE], key=f"{key}-document",
            help=f"Where the answer is. {_NOWHERE[1:-1].capitalize()}: {help_for('unanswerable question')}",
        )  # fmt: skip
        st.text_input("Question", key=f"{key}-text", placeholder="As someone would ask who does not know the passage")
        if chosen != _NOWHERE:
            st.text_area(
                "Passage that answers it", key=f"{key}-passage", height=100,
                placeholder="Copied from the document", help=help_for("expected passage"),
            )  # fmt: skip
        st.button("Add question", icon=":material/add:", key=f"{key}-save", on_click=_add, args=(collection, key))
        if problem := st.session_state.pop(f"{key}-problem", None):
            show_error(problem)


def _add(collection: Collection, key: str) -> None:
    state = st.session_state
    document = documents(collection).get(state[f"{key}-document"])
    try:
        question = question_by_hand(state[f"{key}-text"], document, state.get(f"{key}-passage", ""))
        if any(one.question_id == question.question_id for one in my_questions(collection)):
            raise ExamError("This question is there already, with this passage.")
        add_questions(config.data_dir(), collection.uid, [question])
    except ExplorerError as error:
        state[f"{key}-problem"] = error
        return
    state[f"{key}-said"] = "Added to My questions."
    state[f"{key}-text"] = state[f"{key}-passage"] = ""
