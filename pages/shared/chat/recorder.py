"""How an answer was made, as a timeline of six steps that replays from the answer's record without a model."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.chat.answer_map import map_for
from pages.shared.chat.recorder_figures import place_figure, share_bar, support_figure
from pages.shared.widgets.common import bare_place, escaped
from pages.shared.widgets.model_choice import model_label
from rag.answering.grounding import groundedness
from rag.answering.types import Answer
from rag.report.figures import (
    MAP_SENTENCE,
    RETRIEVER_NAMES,
    all_hits,
    dependence_sentence,
    ending_sentence,
    fate,
    finding,
    found_sentence,
    left_out_sentences,
    query_sentence,
    reading_sentence,
    retrievers,
    seconds_said,
    similarity,
    source,
    time_parts,
    tokens_per_second,
    verdict_sentences,
    was_searched,
    window_parts,
    window_sentence,
)
from rag.store.collection import Collection
from rag.types import Hit

_QUIET = {"displayModeBar": False}
_LONG_MESSAGE = 1_200


def show_recorder(answer: Answer, collection: Collection, *, key: str) -> None:
    """The six steps from the question to the cited answer; everything but the map is read from the answer."""
    timings = answer.timings
    _head(1, "Question", query_sentence(answer), timings.rewriting)
    _show_question(answer)
    _head(2, "Its place on the map", MAP_SENTENCE if was_searched(answer) else "The question was not placed.")
    if was_searched(answer):
        _show_place(answer, collection, key)
    _head(3, "What was found", found_sentence(answer), timings.retrieval)
    _show_hits(answer, key)
    _head(4, "What the model was sent", window_sentence(answer.prompt))
    _show_prompt(answer)
    _head(5, "The model at work", ending_sentence(answer), (timings.first_token or 0.0) + timings.writing)
    _show_work(answer)
    _head(6, "Which sentence comes from where", groundedness(answer.supports).sentence, timings.citing)
    _show_sources(answer, key)


def _head(number: int, title: str, sentence: str, seconds: float = 0.0) -> None:
    """A step's number and title, the seconds it took where it took any, and one sentence."""
    if number > 1:
        st.markdown(":gray[:material/arrow_downward:]")
    took = f" &nbsp; :gray-badge[{seconds_said(seconds)}]" if seconds > 0 else ""
    # In a dialog every heading below a title is drawn smaller than the text that it stands above.
    st.title(f":blue-badge[{number}] {title}{took}", anchor=False)
    st.caption(escaped(sentence))


def _show_question(answer: Answer) -> None:
    if answer.query != answer.question:
        st.caption("Asked:")
        st.text(answer.question)
        st.caption("Searched for:")
    st.text(answer.query)
    for note in answer.notes:
        st.caption(f":material/info: {escaped(note)}")


def _show_place(answer: Answer, collection: Collection, key: str) -> None:
    drawn = map_for(answer, collection)
    if drawn is None:
        st.info("This collection has no flat map yet. Open the Map page once to draw it.", icon=":material/map:")
        st.page_link("pages/map.py", label="Map", icon=":material/scatter_plot:")
        return
    st.plotly_chart(place_figure(drawn), key=f"{key}-place", config=_QUIET)
    for note in drawn.notes():
        st.caption(f":material/info: {escaped(note)}")


def _show_hits(answer: Answer, key: str) -> None:
    hits = all_hits(answer)
    if not hits:
        return
    st.dataframe(
        pd.DataFrame(_rows(answer, hits)),
        hide_index=True,
        key=f"{key}-hits",
        column_config={
            **{f"{name}: score": st.column_config.NumberColumn(format="%.2f") for name in RETRIEVER_NAMES.values()},
            "similarity": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.2f"),
            "place": st.column_config.TextColumn(width="medium"),
        },
    )
    with st.expander("Their texts"):
        for hit in hits:
            st.markdown(f"**{escaped(fate(answer, hit))}** {escaped(source(hit))}")
            if hit.excerpt:
                st.caption("Of this passage the model was shown only:")
                st.text(hit.excerpt)
                st.caption("The whole passage:")
            st.text(hit.chunk.text)


def _rows(answer: Answer, hits: Sequence[Hit]) -> list[dict[str, object]]:
    """A row for each hit, with two columns for each kind of search that found one of them."""
    found_by, rows = retrievers(hits), []
    for hit in hits:
        row: dict[str, object] = {
            "in the prompt": fate(answer, hit),
            "similarity": similarity(hit),
            "document": hit.document_name,
            "place": bare_place(hit),
        }
        for retriever in found_by:
            name, one = RETRIEVER_NAMES.get(retriever, retriever), finding(hit, retriever)
            row |= {f"{name}: rank": one.rank if one else None, f"{name}: score": one.score if one else None}
        rows.append(row)
    return rows


def _show_prompt(answer: Answer) -> None:
    prompt = answer.prompt
    if not prompt.messages:
        return
    st.html(share_bar(window_parts(prompt), lambda tokens: f"{tokens:,.0f}"))
    if left_out := left_out_sentences(prompt):
        st.caption(f":material/info: {' '.join(left_out)}")
    if (reading := reading_sentence(answer)) and answer.usage.was_cut:
        st.warning(reading, icon=":material/content_cut:")
    elif reading:
        st.caption(reading)
    for message in prompt.messages:
        st.caption(f"{escaped(message.role)}, word for word:")
        height = 320 if len(message.content) > _LONG_MESSAGE else "content"
        st.code(message.content, language=None, wrap_lines=True, height=height)


def _show_work(answer: Answer) -> None:
    first, written, speed = answer.timings.first_token, answer.usage.answer_tokens, tokens_per_second(answer)
    figures = {
        "Model": model_label(answer.model),
        "Temperature": f"{answer.temperature:g}",
        "First token after": "none came" if first is None else seconds_said(first),
        "Tokens written": "not known" if written is None else f"{written:,}",
        "Tokens per second": "not known" if speed is None else f"{speed:.0f}",
    }
    if answer.prompt.messages:
        st.markdown(" · ".join(f"{name} **{escaped(value)}**" for name, value in figures.items()))
    if answer.timings.total > 0:
        st.html(share_bar(time_parts(answer.timings), seconds_said))
    if answer.thoughts:
        with st.expander("What it thought before it answered"):
            st.text(answer.thoughts)


def _show_sources(answer: Answer, key: str) -> None:
    supports = answer.supports
    if supports and answer.prompt.hits:
        sentences = [f"{i}. {answer.text[one.start : one.end]}" for i, one in enumerate(supports, start=1)]
        figure = support_figure(sentences, [one.scores for one in supports], [one.number for one in supports])
        st.plotly_chart(figure, key=f"{key}-sources", config=_QUIET)
        st.caption(
            "Rows are the answer's sentences, columns the passages. Yellow is alike, dark is not; framed is the "
            "passage that is cited."
        )
    for sentences in (verdict_sentences(answer), [dependence_sentence(one) for one in answer.dependences]):
        if sentences:
            st.caption(escaped(" ".join(sentences)))
