"""One setting of a comparison: what it costs, the questions that it fails, and the button that uses it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared.evaluate.grid.question import show_question
from pages.shared.evaluate.grid.results import Shown, opened_key
from pages.shared.evaluate.grid.use import show_use
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted, spoken
from rag.evaluation.grid.compare import PRESENT, median_seconds
from rag.evaluation.passages import first_rank
from rag.evaluation.questions import ExamQuestion
from rag.store.collection import Collection

_FAILED, _BETTER, _WORSE, _ALL = "Failed", "Better than present", "Worse than present", "All"
_ROW, _HEADER, _MOST_ROWS = 35, 38, 10


@dataclass(frozen=True, slots=True)
class RankedQuestion:
    """A question with the rank of its expected passage here and at present; None if it is not among the kept hits."""

    question: ExamQuestion
    rank: int | None
    present: int | None

    @property
    def order(self) -> tuple[float, float]:
        """Sorts the worst ranks first."""
        return -(self.rank or float("inf")), -(self.present or float("inf"))


def show_setting(collection: Collection, shown: Shown) -> None:
    """The choice of a setting, its facts, and its questions."""
    st.header("One setting")
    key = opened_key(shown.loaded)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number: int = st.selectbox(
            "Setting", shown.order, format_func=shown.label, key=key, persist_state="session", width=420,
            help="The best is at the top. A click on the heat map opens a setting as well.",
        )  # fmt: skip
        show_use(collection, shown.loaded.grid.points[number], shown.labels.point(number))
    _show_facts(shown, number)
    _show_questions(collection, shown, number)


def _show_facts(shown: Shown, number: int) -> None:
    result = shown.loaded.results[number]
    facts, seconds = result.storage, result.storage.seconds
    reused = f" ({facts.n_embedded:,} texts embedded, {facts.n_cached:,} embeddings from the cache)"
    st.caption(
        f"{counted(facts.n_chunks, 'chunk')}, {facts.n_tokens:,} tokens. Built in {spoken(seconds.total)}{reused}: "
        f"waiting for split text {spoken(seconds.split)}, embedding {spoken(seconds.embed)}, storing "
        f"{spoken(seconds.store)}, indexing {spoken(seconds.index)}. {facts.collection_bytes / 1e6:.1f} MB of "
        f"documents, chunks and embeddings, {facts.words_bytes / 1e6:.1f} MB of word index. "
        f"{1000 * median_seconds(result):.0f} ms a question."
    )


@st.fragment
def _show_questions(collection: Collection, shown: Shown, number: int) -> None:
    ranked, k = ranked_questions(shown, number), shown.loaded.grid.conditions.k
    choices = {
        _FAILED: [one for one in ranked if one.rank is None or one.rank > k],
        **({} if number == PRESENT else _compared(ranked)),
        _ALL: ranked,
    }
    key = f"grid-{shown.loaded.grid.grid_id}-{number}"
    chosen = st.segmented_control(
        "Questions", list(choices), default=_FAILED if choices[_FAILED] else _ALL, required=True,
        format_func=lambda name: f"{name} ({len(choices[name]):,})", key=f"{key}-filter", persist_state="session",
        help=f"Failed: the expected passage is not among the first {k}.",
    )  # fmt: skip
    listed = choices[chosen]
    if not listed:
        st.success(_why_empty(chosen, k), icon=":material/check_circle:")
        return
    event = st.dataframe(
        _table(shown, listed, is_present=number == PRESENT), hide_index=True, on_select="rerun",
        selection_mode="single-row", key=f"{key}-questions-{chosen}",
        height=_HEADER + _ROW * min(len(listed), _MOST_ROWS),
        column_config={
            "question": st.column_config.TextColumn(width=420),
            **dict.fromkeys(
                ("rank here", "rank at present"),
                st.column_config.TextColumn(
                    width=120, help=f"The rank of the expected passage. {help_for('expected passage')}"
                ),
            ),
        },
        alt="Questions with the rank of the expected passage",
    )  # fmt: skip
    rows = [row for row in event.selection.rows if row < len(listed)]
    if not rows:
        st.caption("Select a row to open another question.")
    opened = listed[rows[0] if rows else 0].question
    show_question(collection, shown.loaded, number, opened)


def ranked_questions(shown: Shown, number: int) -> list[RankedQuestion]:
    """All questions, those with the worst rank first."""
    here, present = shown.loaded.results[number], shown.loaded.results.get(PRESENT)
    found = []
    for question in shown.loaded.grid.questions:
        name = question.question_id
        before = first_rank(present.rankings[name], question.spans) if present else None
        found.append(RankedQuestion(question, first_rank(here.rankings[name], question.spans), before))
    return sorted(found, key=lambda one: one.order)


def _compared(ranked: list[RankedQuestion]) -> dict[str, list[RankedQuestion]]:
    lowest = float("inf")
    return {
        _BETTER: [one for one in ranked if (one.rank or lowest) < (one.present or lowest)],
        _WORSE: [one for one in ranked if (one.rank or lowest) > (one.present or lowest)],
    }


def _table(shown: Shown, listed: list[RankedQuestion], *, is_present: bool) -> pd.DataFrame:
    missing = f"not in {shown.loaded.grid.depth}"
    return pd.DataFrame(
        [
            {
                "question": one.question.text,
                "rank here": str(one.rank or missing),
                **({} if is_present else {"rank at present": str(one.present or missing)}),
                "expected in": ", ".join(dict.fromkeys(span.document for span in one.question.spans)),
            }
            for one in listed
        ]
    )


def _why_empty(chosen: str, k: int) -> str:
    if chosen == _FAILED:
        return f"The expected passage of every question is among the first {k}."
    how = "higher up" if chosen == _BETTER else "further down"
    return f"No question has its expected passage {how} here than with the present setting."
