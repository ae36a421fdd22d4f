"""The exam "My questions": what a run measures, and the list of stored questions, which can be changed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.exams import (
    documents,
    download_questions,
    question_table,
    show_notes,
    show_what_is_measured,
)
from pages.shared.evaluate.my_questions.adding import show_adding
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.exams.stored_questions import my_questions
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import Setting
from rag.evaluation.drafting.by_hand import edited
from rag.evaluation.questions import ExamQuestion, located
from rag.evaluation.stored.questions import add_questions, questions_path, remove_questions, set_aside_questions
from rag.evaluation.stored.runs import run_paths
from rag.store.collection import Collection

_HEADER, _ROW, _MOST_ROWS = 36, 35, 10
_HOW = (
    "There are no questions yet. A question gets here in four ways: you draft it with a model below; you write it "
    "yourself, also below; you click a thumb at a passage on the Search, Chat or Evaluate page; or you make it for a "
    "chunk or a region of the map."
)


def show_my_questions(collection: Collection, exam: CollectionExam | None, settings: tuple[Setting, ...]) -> None:
    """What a run will measure, and the questions with their controls; a damaged file can be replaced.

    Args:
        exam: None if the file of questions cannot be read, which was shown.
    """
    if exam is None:
        if is_editor():
            _offer_to_set_aside(collection)
        return
    try:
        questions = my_questions(collection)
    except ExplorerError as error:
        show_error(error)
        return
    if not questions:
        st.info(_HOW, icon=":material/info:")
    elif exam.questions:
        show_what_is_measured(collection, exam, settings)
    else:
        show_notes(exam)
        st.info("None of these questions can be asked yet, for the reasons above.", icon=":material/info:")
    if questions:
        label = f"My questions ({len(questions):,})"
        # After a run, the results are what one looks at.
        with st.expander(label, expanded=not run_paths(config.data_dir(), collection.uid), icon=":material/list:"):
            _show_list(collection, questions, exam)
    if is_editor():
        show_adding(collection)


def _show_list(collection: Collection, questions: tuple[ExamQuestion, ...], exam: CollectionExam) -> None:
    table = question_table(questions)
    table.insert(1, "state", _states(collection, questions))
    event = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="multi-row",
        key=f"my-questions-{collection.uid}-{hash(questions)}",
        height=_HEADER + _ROW * min(len(questions), _MOST_ROWS),
        column_config={
            "question": st.column_config.TextColumn(width=400),
            "state": st.column_config.TextColumn(
                help="A question is not asked if no document has its passage any more, or if no passage was judged as "
                "an answer yet."
            ),
        },
        alt="The stored questions, how they were made, and the passages that answer them",
    )  # fmt: skip
    n_added = len({one.question_id for one in exam.questions} - {one.question_id for one in questions})
    added = f" A run also asks {counted(n_added, 'question')} without an answer, made from these." if n_added else ""
    st.caption(f"Select rows to change or delete questions.{added}")
    chosen = [questions[row] for row in event.selection.rows if row < len(questions)]
    if len(chosen) == 1 and is_editor():
        _show_edit(collection, chosen[0])
    with st.container(horizontal=True):
        download_questions(exam.name, questions)
        if chosen and is_editor():
            st.button(
                f"Delete {counted(len(chosen), 'question')}", icon=":material/delete:", on_click=guarded,
                args=(partial(_delete, collection, chosen),), key=f"my-questions-delete-{collection.uid}",
                help="Runs that were made with them keep them.",
            )  # fmt: skip


def _states(collection: Collection, questions: tuple[ExamQuestion, ...]) -> list[str]:
    texts = {name: document.text for name, document in documents(collection).items()}
    return [_state(question, located(question, texts).question) for question in questions]


def _state(question: ExamQuestion, found: ExamQuestion | None) -> str:
    if question.is_unanswerable:
        return "asked, no answer"
    if found is None:
        return "passage not found"
    return "asked" if found.is_answerable else "no answer yet"


def _show_edit(collection: Collection, question: ExamQuestion) -> None:
    key = f"my-questions-text-{collection.uid}-{question.question_id}"
    with st.form(f"{key}-form", border=False):
        st.text_area("Question", question.text, key=key, height=80)
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                _save(collection, question, str(st.session_state[key]))
            except ExplorerError as error:
                show_error(error)
            else:
                st.rerun()


def _save(collection: Collection, question: ExamQuestion, text: str) -> None:
    folder, uid = config.data_dir(), collection.uid
    changed = edited(question, text, my_questions(collection))
    if changed != question:
        # Stored before the old one is removed: if the program ends in between, none is lost.
        add_questions(folder, uid, [changed])
        remove_questions(folder, uid, [question.question_id])


def _delete(collection: Collection, questions: list[ExamQuestion]) -> None:
    remove_questions(config.data_dir(), collection.uid, [question.question_id for question in questions])


def _offer_to_set_aside(collection: Collection) -> None:
    """A button for a file of questions that cannot be read: nothing in it is lost."""
    path = questions_path(config.data_dir(), collection.uid)
    st.caption(
        "Correct the line in the file, or begin with an empty list. The file is then renamed to "
        f"{escaped(path.name)}.damaged, and nothing in it is lost."
    )
    st.button(
        "Begin with an empty list", icon=":material/playlist_add:", on_click=guarded,
        args=(partial(set_aside_questions, config.data_dir(), collection.uid),),
    )  # fmt: skip
