"""Show how an answer was made: six steps from the question to its sources, read from the answer's record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.shared.chat.answer_map import map_for
from pages.shared.chat.recorder_figures import place_figure, share_bar, support_figure
from pages.shared.widgets.common import escaped
from pages.shared.widgets.model_choice import model_label
from pages.shared.widgets.passage.html import show_passage
from rag.answering.types import Answer
from rag.report.answer_map import AnswerMap
from rag.report.figures import format_seconds, was_searched
from rag.report.steps import (
    Block,
    Column,
    Fact,
    Facts,
    Note,
    Passage,
    Passages,
    Query,
    QuestionMap,
    Shares,
    Step,
    SupportMatrix,
    Table,
    Verbatim,
    answer_steps,
)
from rag.store.collection import Collection

_NO_MODE_BAR = {"displayModeBar": False}
_LONG_MESSAGE = 1_200


def show_recorder(answer: Answer, collection: Collection, *, key: str) -> None:
    """The six steps of an answer, without calling a model; only the map is read from the collection."""
    drawn = map_for(answer, collection) if was_searched(answer) else None
    for step in answer_steps(answer, drawn, model_label=model_label(answer.model)):
        _show_head(step)
        for block in step.blocks:
            _show_block(block, key)


def _show_head(step: Step) -> None:
    """A step's number and title, the seconds it took if any, and one sentence."""
    if step.number > 1:
        st.markdown(":gray[:material/arrow_downward:]")
    took = f" &nbsp; :gray-badge[{format_seconds(step.seconds)}]" if step.seconds > 0 else ""
    # In a dialog every heading below a title is smaller than the text that it heads.
    st.title(f":blue-badge[{step.number}] {step.title}{took}", anchor=False)
    st.caption(escaped(step.sentence))


def _show_block(block: Block, key: str) -> None:
    match block:
        case Note():
            _show_note(block)
        case Query():
            _show_query(block)
        case Verbatim():
            _show_verbatim(block)
        case QuestionMap():
            _show_map(block.drawn, key)
        case Table():
            _show_table(block, key)
        case Passages():
            _show_passages(block.passages)
        case Shares():
            st.html(share_bar(block.parts))
        case Facts():
            _show_facts(block.facts)
        case SupportMatrix():
            _show_matrix(block, key)
        case _:
            assert_never(block)


def _show_note(note: Note) -> None:
    match note.importance:
        case "warning":
            st.warning(escaped(note.text), icon=":material/content_cut:")
        case "info":
            st.caption(f":material/info: {escaped(note.text)}")
        case _:
            st.caption(escaped(note.text))


def _show_query(query: Query) -> None:
    if query.label:
        st.caption(query.label)
    st.text(query.text)


def _show_verbatim(block: Verbatim) -> None:
    if block.is_folded:
        with st.expander(block.label):
            st.text(block.text)
        return
    st.caption(escaped(block.label))
    is_long = len(block.text) > _LONG_MESSAGE
    st.code(block.text, language=None, wrap_lines=True, height=320 if is_long else "content")


def _show_map(drawn: AnswerMap | None, key: str) -> None:
    if drawn is None:
        st.info("This collection has no 2D map yet. Open the Map page once to compute it.", icon=":material/map:")
        st.page_link("pages/map.py", label="Map", icon=":material/scatter_plot:")
        return
    names = "; ".join(f"[{hit.number}] {hit.name}" for hit in drawn.hits if hit.number)
    words = f"Map of the chunks: the question is a star, with lines to {len(drawn.hits)} retrieved passages. {names}"
    st.plotly_chart(place_figure(drawn), key=f"{key}-place", config=_NO_MODE_BAR, alt=words)


def _show_table(table: Table, key: str) -> None:
    names = [column.name for column in table.columns]
    st.dataframe(
        pd.DataFrame([dict(zip(names, row, strict=True)) for row in table.rows]),
        hide_index=True,
        key=f"{key}-hits",
        column_config={column.name: _column_config(column) for column in table.columns},
    )


def _column_config(column: Column) -> ColumnConfig:
    match column.holds:
        case "similarity":
            return st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.2f")
        case "score":
            return st.column_config.NumberColumn(format="%.2f")
        case "count":
            return st.column_config.NumberColumn()
        case _:
            return st.column_config.TextColumn()


def _show_passages(passages: Sequence[Passage]) -> None:
    with st.expander("Text of the passages"):
        for passage in passages:
            st.markdown(f"**{escaped(passage.position)}** {escaped(passage.source)}")
            if passage.excerpt:
                st.caption("The model was shown only this part:")
                show_passage(passage.excerpt)
                st.caption("The whole passage:")
            show_passage(passage.text)


def _show_facts(facts: Sequence[Fact]) -> None:
    st.markdown(" · ".join(f"{fact.name} **{escaped(fact.value)}**" for fact in facts))


def _show_matrix(matrix: SupportMatrix, key: str) -> None:
    figure = support_figure(matrix.sentences, matrix.scores, matrix.cited)
    rows = [
        f"{sentence} Passage {row.index(max(row)) + 1}: {max(row):.2f}."
        for sentence, row in zip(matrix.sentences, matrix.scores, strict=True)
        if row
    ]
    words = f"The passage most similar to each sentence. {' '.join(rows)}"
    st.plotly_chart(figure, key=f"{key}-sources", config=_NO_MODE_BAR, alt=words)
    st.caption(matrix.legend)
