"""A failed question of an exam next to the map: its expected passage, and what each search gave instead."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared.map.exam import rank_words
from pages.shared.widgets.common import escaped, show_chunk_links, show_small_hit
from pages.shared.widgets.exams.stored_runs import search_names
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.map_state import close_clicked
from pages.shared.widgets.passage.html import show_passage
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.coverage import FailedQuestion, chunk_with
from rag.evaluation.passages import relevant_spans
from rag.evaluation.questions import ExamQuestion, GoldSpan, located
from rag.store.collection import Collection
from rag.types import Chunk, Hit

_LONG, _TALLEST = 300, 170
"""From so many characters on, a passage is scrolled within so many pixels, so that the results below it are seen."""


@dataclass(frozen=True, slots=True)
class ExpectedPassage:
    """A passage that answers a question: its text now, and the chunk that holds most of it.

    `text` is empty if the documents do not hold the passage any more.
    """

    span: GoldSpan
    text: str
    chunk: Chunk | None


@dataclass(frozen=True, slots=True)
class OpenedQuestion:
    """A failed question of a run, and the first k results of the search at `place`; deleted chunks are left out."""

    run: CollectionRun
    failed: FailedQuestion
    passages: tuple[ExpectedPassage, ...]
    place: int
    hits: tuple[Hit, ...]
    n_deleted: int

    @property
    def expected(self) -> tuple[Chunk, ...]:
        """The chunks that hold the expected passages."""
        return tuple(one.chunk for one in self.passages if one.chunk is not None)


def opened_question(collection: Collection, run: CollectionRun, failed: FailedQuestion) -> OpenedQuestion:
    """What the panel and the map show of a failed question, for the search that is chosen in the panel."""
    question = failed.question
    place = int(st.session_state.get(_key(run, question), failed.worst))
    ranked = run.answers[question.question_id][place].hits[: run.conditions.settings[place].k]
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks([hit.chunk_id for hit in ranked])}
    hits = tuple(
        Hit(chunks[hit.chunk_id], hit.document, hit.score, rank, hit.found_by)
        for rank, hit in enumerate(ranked, start=1)
        if hit.chunk_id in chunks
    )
    return OpenedQuestion(run, failed, _passages(collection, question), place, hits, len(ranked) - len(hits))


def show_failed_question(opened: OpenedQuestion) -> None:
    """The question, the rank of its expected passage in each search, that passage, and the results of one search."""
    run, failed = opened.run, opened.failed
    names = search_names(run)
    with st.container(border=True):
        st.markdown(f"**{escaped(failed.question.text)}**")
        k = run.conditions.settings[opened.place].k
        st.caption(
            f"A failed question of the exam. Rank of the expected passage: {rank_words(run, failed.ranks)}. The "
            f"first {k} count."
        )
        st.button("Close", icon=":material/close:", on_click=close_clicked)
    st.markdown("**Expected passage** (square)", help=help_for("expected passage"))
    for passage in opened.passages:
        _show_passage(passage)
    st.markdown("**What came instead** (rings)")
    st.segmented_control(
        "Results of", range(len(names)), default=failed.worst, required=True, format_func=names.__getitem__,
        key=_key(run, failed.question), label_visibility="collapsed",
    )  # fmt: skip
    for hit in opened.hits:
        show_small_hit(hit)
    if opened.n_deleted:
        st.caption(f"{opened.n_deleted} more are no longer in the collection.")
    elif not opened.hits:
        st.caption("This search found nothing: no chunk has a word of the question.")


def _show_passage(passage: ExpectedPassage) -> None:
    with st.container(border=True):
        st.markdown(escaped(passage.span.document))
        if not passage.text:
            show_passage(passage.span.quote)
            st.caption("The collection does not hold this passage any more.")
            return
        with st.container(height=_TALLEST if len(passage.text) > _LONG else "content", border=False):
            show_passage(passage.text)
        if passage.chunk is not None:
            show_chunk_links(passage.chunk.chunk_id)


def _passages(collection: Collection, question: ExamQuestion) -> tuple[ExpectedPassage, ...]:
    """The relevant passages, looked up in the documents as they are now."""
    ids = {name: document_id for document_id, name in collection.document_names().items()}
    found = []
    for span in relevant_spans(question.spans):
        text = collection.document(ids[span.document]).text if span.document in ids else ""
        single = ExamQuestion(question.question_id, question.text, (span,), question.kind, question.origin)
        place = located(single, {span.document: text} if text else {}).question
        if place is None:
            found.append(ExpectedPassage(span, "", None))
            continue
        now = place.spans[0]
        chunk = chunk_with(collection.chunks_of(ids[span.document]), now)
        found.append(ExpectedPassage(now, text[now.start : now.end], chunk))
    return tuple(found)


def _key(run: CollectionRun, question: ExamQuestion) -> str:
    return f"map-results-{run.run_id}-{question.question_id}"
