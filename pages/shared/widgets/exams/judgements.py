"""Judgements: thumbs that say whether a passage answers a question, stored in the exam "My questions"."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared.session.person import is_editor
from pages.shared.widgets.common import show_error
from pages.shared.widgets.exams.stored_questions import EXAM, MY_QUESTIONS, my_questions
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.questions import QUOTED, ExamQuestion, GoldSpan
from rag.evaluation.stored.questions import (
    Judgement,
    is_same_text,
    judge,
    judged_id,
    judgements_of,
    present_judgements,
    question_with,
)
from rag.store.collection import Collection
from rag.types import Chunk

_ANSWERS = {1: ":material/thumb_up: Answers the question", 0: ":material/thumb_down: Does not answer it"}


@dataclass(frozen=True, slots=True)
class Judging:
    """A question whose passages can be judged in one list of a page.

    Attributes:
        key: what the keys of the list's elements begin with.
        known: passages that are known to answer the question; they are stored with its first judgement.
        judgements: those made so far, on any page and in any tab; None if they cannot be read, and for readers.
        is_on_evaluate: whether the page's exam may change with a judgement, so that the whole page runs again.
    """

    collection: Collection
    question: str
    key: str
    known: tuple[GoldSpan, ...]
    judgements: tuple[Judgement, ...] | None
    is_on_evaluate: bool = False

    def span(self, passage: GoldSpan) -> GoldSpan:
        """The span that is judged with this passage: the known one that it is about, else the passage itself."""
        return next((one for one in self.known if is_same_text(one, passage)), passage)


def begin_judging(
    collection: Collection, question: str, *, key: str, subject: str = "this question",
    known: tuple[GoldSpan, ...] = (), is_on_evaluate: bool = False,
) -> Judging:  # fmt: skip
    """Read the question's judgements, and show in one line what thumbs do, or what was judged; once for each list.

    Readers see neither line nor thumbs.

    Args:
        subject: what the line calls the question.
        known: passages that are known to answer the question.
        is_on_evaluate: whether this is the Evaluate page: its run is mentioned, and no link to it is shown. After a
            judgement the whole page runs again, not only a fragment of it, because its exam may be "My questions".
    """
    key = f"{key}-{judged_id(question)}"
    if st.session_state.pop(_rerun_key(key), False):
        st.rerun()
    if problem := st.session_state.pop(_problem_key(key), None):
        show_error(problem)
    try:
        judgements = _judgements(collection, question)
    except ExplorerError as error:
        show_error(error)
        return Judging(collection, question, key, known, None)
    if not is_editor():
        return Judging(collection, question, key, known, None)
    said = _said(judgements, subject) or (
        f"Thumbs add {subject}{_with(known)} to 'My questions'{'' if is_on_evaluate else ' on the Evaluate page'}."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        unchanged = " This run is not changed." if is_on_evaluate else ""
        st.caption(f":material/thumbs_up_down: {said}{unchanged}", width="content")
        if judgements and not is_on_evaluate:
            where = {"collection": collection.spec.name, EXAM: MY_QUESTIONS}
            st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:", query_params=where)
    return Judging(collection, question, key, known, judgements, is_on_evaluate)


def show_thumbs(judging: Judging, passage: GoldSpan, part: str) -> None:
    """Two buttons for a passage, the given judgement marked; a click on the marked one takes the judgement back.

    Args:
        part: tells this passage from the others of the list; ends the key of the buttons.
    """
    if judging.judgements is None:
        return
    about = judgements_of(judging.judgements, passage)
    key = f"{judging.key}-{part}"
    # What is stored counts, not what this tab showed before. A value that is set goes to the browser, where it would
    # undo a click made in the meantime, so it is set only where it differs.
    stored = min(about[0].present.grade, 1) if about else None
    if st.session_state.get(key) != stored:
        st.session_state[key] = stored
    st.pills(
        "Does this passage answer the question?", list(_ANSWERS), format_func=_ANSWERS.__getitem__, key=key,
        label_visibility="collapsed", on_change=_judge, args=(judging, passage, about, key),
    )  # fmt: skip


def passage_of(chunk: Chunk, document: str) -> GoldSpan:
    """The chunk as a passage of the document with this name."""
    return GoldSpan(document, chunk.start, chunk.end, 1, chunk.text[:QUOTED])


def _judge(judging: Judging, passage: GoldSpan, about: tuple[Judgement, ...], key: str) -> None:
    """Store a click. A callback runs before the page is drawn, so a rerun in the meantime cannot lose it."""
    grade: int | None = st.session_state[key]
    replaced = [one.stored for one in about]
    try:
        judge(
            config.data_dir(), judging.collection.uid, judging.question, judging.span(passage), grade,
            instead_of=replaced, known=judging.known,
        )  # fmt: skip
    except ExplorerError as error:
        st.session_state[_problem_key(judging.key)] = error
    else:
        st.session_state[_rerun_key(judging.key)] = judging.is_on_evaluate


def _problem_key(key: str) -> str:
    return f"{key}-problem"


def _rerun_key(key: str) -> str:
    return f"{key}-rerun"


def _with(known: tuple[GoldSpan, ...]) -> str:
    return f", with its expected passage{'' if len(known) == 1 else 's'}," if known else ""


def _said(judgements: tuple[Judgement, ...], subject: str) -> str:
    """How many passages were judged to answer the question, and how many not; empty without judgements."""
    n_answers = sum(one.present.grade > 0 for one in judgements)
    n_others = len(judgements) - n_answers
    if n_answers:
        verb = "answers" if n_answers == 1 else "answer"
        others = f", {n_others:,} {'does' if n_others == 1 else 'do'} not" if n_others else ""
        return f"In 'My questions': {counted(n_answers, 'passage')} {verb} {subject}{others}."
    if n_others:
        verb = "does" if n_others == 1 else "do"
        return (
            f"In 'My questions': {counted(n_others, 'passage')} {verb} not answer {subject}. It is asked in an exam "
            "as soon as one passage does."
        )
    return ""


def _judgements(collection: Collection, text: str) -> tuple[Judgement, ...]:
    """The judgements of the question with this text whose passages the collection has. Raises ExplorerError."""
    question = question_with(my_questions(collection), text)
    if question is None:
        return ()
    key = collection.location, collection.uid, collection.generation(), repr(question)
    return _present(*key, (question, collection))


@st.cache_resource(max_entries=64, show_spinner=False)
def _present(
    path: str, uid: str, generation: int, question_key: str, _parts: tuple[ExamQuestion, Collection]
) -> tuple[Judgement, ...]:
    question, collection = _parts
    wanted = {span.document for span in question.spans}
    names = collection.document_names().items()
    texts = {name: collection.document(document_id).text for document_id, name in names if name in wanted}
    return present_judgements(question, texts)
