"""One question under one setting: the expected passage, how much of it was found, and what came instead."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.exams import documents
from pages.shared.evaluate.grid.loaded import LoadedGrid
from pages.shared.widgets.common import escaped, show_chunk_links
from pages.shared.widgets.passage.html import show_passage
from rag.evaluation.coverage import chunk_with
from rag.evaluation.grid.characters import IOU, SPAN_PRECISION, SPAN_RECALL
from rag.evaluation.passages import RankedHit, is_relevant, relevant_spans
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.store.collection import Collection
from rag.types import Document


def show_question(collection: Collection, loaded: LoadedGrid, number: int, question: ExamQuestion) -> None:
    """The expected passage on the left, with the parts that were found highlighted, and the results on the right."""
    grid = loaded.grid
    hits = loaded.results[number].rankings[question.question_id][: grid.conditions.k]
    texts = documents(collection)
    with st.container(border=True):
        st.markdown(f"### {escaped(question.text)}")
        if grid.conditions.generation != collection.generation():
            st.caption("The documents have changed since, so the texts below may begin and end elsewhere.")
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**Expected passage**")
            for span in relevant_spans(question.spans):
                _show_expected(collection, texts.get(span.document), span, hits)
            st.caption(_what_was_found(loaded, number, question))
        with right:
            st.markdown("**Results with this setting**")
            if not hits:
                st.caption("This search found nothing: no chunk has a word of the question.")
            for rank, hit in enumerate(hits, start=1):
                _show_hit(question, texts.get(hit.document), hit, rank)


def _what_was_found(loaded: LoadedGrid, number: int, question: ExamQuestion) -> str:
    figures, k = loaded.measured.figures[number][question.question_id], loaded.grid.conditions.k
    if not figures[SPAN_RECALL]:
        return f"The first {k} results hold nothing of the expected text."
    return (
        f"Highlighted: what the first {k} results hold. {figures[SPAN_RECALL]:.0%} of the expected text is in the "
        f"results, and {figures[SPAN_PRECISION]:.0%} of their text is expected (IoU {figures[IOU]:.2f})."
    )


def _show_expected(
    collection: Collection, document: Document | None, span: GoldSpan, hits: tuple[RankedHit, ...]
) -> None:
    with st.container(border=True):
        st.markdown(escaped(span.document))
        if document is None:
            show_passage(span.quote)
            st.caption("This document is no longer in the collection.")
            return
        found = [(hit.start - span.start, hit.end - span.start) for hit in hits if hit.document == span.document]
        parts = [(max(start, 0), end) for start, end in found if end > 0]
        show_passage(document.text[span.start : span.end], parts)
        chunk = chunk_with(collection.chunks_of(document.document_id), span)
        if chunk is None:
            st.caption("No chunk of this collection holds this passage.")
            return
        st.caption("The chunk of this collection that holds most of it:")
        show_chunk_links(chunk.chunk_id, on_map=True)


def _show_hit(question: ExamQuestion, document: Document | None, hit: RankedHit, rank: int) -> None:
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        spans = [span for span in relevant_spans(question.spans) if span.document == hit.document]
        badge = (
            " :green-badge[:material/check: expected passage]" if any(is_relevant(hit, one) for one in spans) else ""
        )
        name.markdown(f"**{rank}** &nbsp; {escaped(hit.document)}{badge}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        if document is None:
            st.caption("This document is no longer in the collection.")
            return
        # Chunks that only touch the passage have a highlighted part as well.
        parts = [(max(span.start - hit.start, 0), span.end - hit.start) for span in spans if span.end > hit.start]
        show_passage(document.text[hit.start : hit.end], parts)
