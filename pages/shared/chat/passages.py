"""The retrieved passages of an answer, with thumbs on those that the collection still has."""

from __future__ import annotations

import streamlit as st

from pages.shared.widgets.common import escaped, place, show_context_line, show_error, show_matched_label
from pages.shared.widgets.exams.judgements import Judging, begin_judging, passage_of, show_thumbs
from pages.shared.widgets.passage.html import show_passage
from rag.answering.types import Answer
from rag.conversations.recordings import recorded_turns
from rag.errors import CollectionError, ExplorerError
from rag.evaluation.questions import GoldSpan
from rag.report.figures import excerpt_sentence, left_out_sentences, prompt_position
from rag.store.collection import Collection
from rag.types import Chunk


def show_passages(answer: Answer, collection: Collection, *, key: str) -> None:
    """Show every retrieved passage, with its number if the model was shown it.

    A thumb reruns the page, not a fragment: that would wait while the page follows an answer being written.
    """
    if not answer.hits:
        return
    with st.expander(f"All {len(answer.hits)} retrieved passages"):
        if chosen := excerpt_sentence(answer):
            st.caption(chosen)
        try:
            passages = judged_passages(answer, collection)
        except ExplorerError as error:
            show_error(error)
            passages = {}
        judging = _begin(answer, collection, key) if passages else None
        for hit in answer.hits:
            mark = escaped(prompt_position(answer, hit))
            with st.container(border=True, gap="small"):
                st.markdown(
                    f"**{mark}** {escaped(hit.document_name)}{escaped(place(hit))} · similarity {hit.score:.2f}"
                )
                show_matched_label(hit)
                show_context_line(hit.chunk)
                show_passage(hit.chunk.text)
                if judging and hit.chunk.chunk_id in passages:
                    show_thumbs(judging, passages[hit.chunk.chunk_id], str(hit.chunk.chunk_id))
        for sentence in left_out_sentences(answer.prompt, answer.settings.budget):
            st.caption(sentence)


def _begin(answer: Answer, collection: Collection, key: str) -> Judging:
    """A follow-up question is judged as it was searched for: only so it can be asked again alone."""
    is_same = answer.query == answer.question
    subject = "this question" if is_same else "the question that was searched for"
    return begin_judging(collection, answer.query, key=key, subject=subject)


def judged_passages(answer: Answer, collection: Collection) -> dict[int, GoldSpan]:
    """The passages that can be judged, by chunk id: those that the collection still has as they were found.

    There are none for a sample answer: its passages were found when it was recorded, in another collection.
    """
    if not answer.query.strip() or answer.asked_at in _recording_times():
        return {}
    present = {chunk.chunk_id: chunk for chunk in collection.chunks([hit.chunk.chunk_id for hit in answer.hits])}
    names = collection.document_names(sorted({hit.chunk.document_id for hit in answer.hits}))
    return {
        hit.chunk.chunk_id: passage_of(hit.chunk, hit.document_name)
        for hit in answer.hits
        if names.get(hit.chunk.document_id) == hit.document_name
        and _place(present.get(hit.chunk.chunk_id)) == _place(hit.chunk)
    }


def _place(chunk: Chunk | None) -> tuple[str, int, int, str] | None:
    return (chunk.document_id, chunk.start, chunk.end, chunk.text) if chunk else None


@st.cache_resource(show_spinner=False)
def _recording_times() -> frozenset[str]:
    """When the sample answers were recorded; the files of the program do not change while it runs."""
    try:
        return frozenset(one.answer.asked_at for turn in recorded_turns() for one in turn.answers)
    except CollectionError:
        return frozenset()
