"""The questions of a run, failed ones first, and the choice of the one that is opened."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared.evaluate.exams import KINDS
from pages.shared.evaluate.question import show_question
from pages.shared.evaluate.wording import search_names
from pages.shared.widgets.common import show_error
from pages.shared.widgets.glossary import help_for
from rag.errors import ExplorerError
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun
from rag.evaluation.coverage import failed_questions
from rag.evaluation.questions import ExamQuestion
from rag.evaluation.run_comparison import ranks_of
from rag.store.collection import Collection

_FAILED, _DIFFERENT, _ALL = "Failed", "Searches differ", "All"
_MISSING = f"not in {KEPT_HITS}"
_ROW, _HEADER, _MOST_ROWS = 35, 38, 10


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question with the rank of its expected passage in each search; None if it is not among the kept hits."""

    question: ExamQuestion
    ranks: tuple[int | None, ...]
    has_failed: bool

    @property
    def differs(self) -> bool:
        """Whether the searches have different ranks."""
        return len(set(self.ranks)) > 1

    @property
    def order(self) -> tuple[bool, tuple[int, ...]]:
        """Sorts failed questions first, those with the worst ranks before others, unanswerable ones last."""
        ranks = sorted(-(rank or KEPT_HITS + 1) for rank in self.ranks)
        return self.question.is_unanswerable, tuple(ranks)


@st.fragment
def show_questions(collection: Collection, run: CollectionRun) -> None:
    """The list of questions with a filter; the selected one, or the first, is opened below."""
    st.header("Questions")
    answered = answered_questions(run)
    choices = {
        _FAILED: [one for one in answered if one.has_failed],
        _DIFFERENT: [one for one in answered if one.differs],
        _ALL: answered,
    }
    k = run.conditions.settings[0].k
    chosen = st.segmented_control(
        "Show", list(choices), default=_FAILED if choices[_FAILED] else _ALL, required=True,
        format_func=lambda name: f"{name} ({len(choices[name]):,})",
        key=f"evaluate-filter-{run.run_id}", persist_state="session",
        help=f"Failed: at least one search does not have the expected passage among its first {k}.",
    )  # fmt: skip
    listed = choices[chosen]
    if not listed:
        st.success(_why_empty(chosen, k), icon=":material/check_circle:")
        return
    about = f"The rank of the expected passage in this search. {help_for('expected passage')}"
    event = st.dataframe(
        _table(run, listed), hide_index=True, on_select="rerun", selection_mode="single-row",
        key=f"evaluate-questions-{run.run_id}-{chosen}", height=_HEADER + _ROW * min(len(listed), _MOST_ROWS),
        column_config={
            "question": st.column_config.TextColumn(width=400),
            **{name: st.column_config.TextColumn(width=140, help=about) for name in search_names(run)},
        },
        alt="Questions with the rank of the expected passage in each search",
    )  # fmt: skip
    rows = [row for row in event.selection.rows if row < len(listed)]
    if not rows:
        st.caption("Select a row to open another question. The numbers are ranks of the expected passage.")
    try:
        show_question(collection, run, _opened(run, listed, rows))
    except ExplorerError as error:
        show_error(error)


def _opened(run: CollectionRun, listed: list[AnsweredQuestion], rows: list[int]) -> ExamQuestion:
    """The selected question; else the one opened before, also after another page was visited; else the first."""
    key, by_id = f"evaluate-opened-{run.run_id}", {one.question.question_id: one.question for one in listed}
    if rows:
        st.session_state[key] = listed[rows[0]].question.question_id
    return by_id.get(st.session_state.get(key, ""), listed[0].question)


def answered_questions(run: CollectionRun) -> list[AnsweredQuestion]:
    """The answered questions, failed ones first, unanswerable ones last."""
    failed = {one.question.question_id for one in failed_questions(run)}
    found = [
        AnsweredQuestion(question, ranks_of(run, question), question.question_id in failed)
        for question in run.questions
        if question.question_id in run.answers
    ]
    return sorted(found, key=lambda one: one.order)


def _table(run: CollectionRun, listed: list[AnsweredQuestion]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "question": one.question.text,
                **{name: _rank(one, rank) for name, rank in zip(search_names(run), one.ranks, strict=True)},
                "expected in": ", ".join(dict.fromkeys(span.document for span in one.question.spans)),
                "made from": KINDS.get(one.question.kind, one.question.kind),
            }
            for one in listed
        ]
    )


def _rank(one: AnsweredQuestion, rank: int | None) -> str:
    if one.question.is_unanswerable:
        return "–"
    return _MISSING if rank is None else str(rank)


def _why_empty(chosen: str, k: int) -> str:
    if chosen == _FAILED:
        return f"Every search has the expected passage of every question among its first {k}."
    return "All searches have the expected passages at the same ranks."
