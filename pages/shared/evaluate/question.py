"""One question of a run: the expected passage, its rank in each search, and what came instead."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.exams import documents
from pages.shared.evaluate.wording import MODES, search_names
from pages.shared.session.resources import embedder, search_index, vectors, word_index
from pages.shared.widgets.common import escaped, place, show_chunk_links, show_context_line
from pages.shared.widgets.exams.judgements import Judging, begin_judging, passage_of, show_thumbs
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.passage.html import show_passage
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun, Ranking
from rag.evaluation.collection_searches import DEEPEST, CollectionSearches, LoadedIndexes, passage_ranks
from rag.evaluation.coverage import chunk_with
from rag.evaluation.passages import RankedHit, is_relevant, relevant_spans
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.run_comparison import ranks_of
from rag.report.figures import found_by
from rag.retrieval.settings import Mode
from rag.store.collection import Collection
from rag.types import Chunk, Hit


def _searches(collection: Collection) -> CollectionSearches:
    """The searches with what the pages have read already."""
    model = embedder(collection.spec.embedding.model_id)
    if collection.engine() is not None:
        return CollectionSearches(collection, model, None)
    loaded = LoadedIndexes(*vectors(collection), search_index(collection), word_index(collection))
    return CollectionSearches(collection, model, loaded)


@st.cache_data(max_entries=256, show_spinner="Looking for the expected passage")
def _deep_ranks(
    uid: str, generation: int, question_key: str, _parts: tuple[ExamQuestion, CollectionSearches]
) -> dict[Mode, int | None]:
    return passage_ranks(_parts[1], _parts[0], list(MODES))


def show_question(collection: Collection, run: CollectionRun, question: ExamQuestion) -> None:
    """The question with its expected passage on the left, and the results of one search on the right."""
    with st.container(border=True):
        st.markdown(f"### {escaped(question.text)}")
        judging = begin_judging(
            collection, question.text, key=f"evaluate-judged-{run.run_id}", known=relevant_spans(question.spans),
            is_on_evaluate=True,
        )  # fmt: skip
        left, right = st.columns(2, gap="large")
        with left:
            if question.is_unanswerable:
                st.markdown("**No document answers this question.**")
                st.caption(help_for("unanswerable question"))
            else:
                _show_ranks(collection, run, question)
                st.markdown("**Expected passage**")
                for number, span in enumerate(judging.known):
                    _show_expected(judging, span, number)
        with right:
            _show_results(judging, run, question)


def _show_ranks(collection: Collection, run: CollectionRun, question: ExamQuestion) -> None:
    """Where the expected passage is in each search, however far down."""
    st.markdown("**Rank of the expected passage**", help=help_for("expected passage"))
    if run.conditions.generation != collection.generation():
        st.caption("The documents have changed since this run, so the ranks below are those of the run.")
        return
    parts = question, _searches(collection)
    ranks = _deep_ranks(collection.uid, collection.generation(), repr(question), parts)
    n = run.conditions.n_chunks
    with st.container(horizontal=True):
        for mode, rank in ranks.items():
            shown = f"{rank:,}" if rank else "–"
            st.metric(MODES[mode], shown, border=True, width="content", help=_about_rank(mode, rank, n))
    st.caption(f"Of {n:,} chunks. {_why(ranks, run.conditions.settings[0].k)}")


def _about_rank(mode: Mode, rank: int | None, n: int) -> str:
    if rank is not None:
        return f"Of {n:,} chunks, the expected passage is number {rank:,} in the results of '{MODES[mode]}'."
    if mode == "keyword":
        return f"The passage has no word of the question, or is below rank {DEEPEST:,}."
    return f"The passage is below rank {DEEPEST:,}."


def _why(ranks: dict[Mode, int | None], k: int) -> str:
    """What the ranks in both searches say, in a sentence; k is how many results count."""
    dense, words = ranks.get("dense"), ranks.get("keyword")
    if words is None and dense is None:
        return "Neither search has the passage: it may be in a chunk with other content, or worded differently."
    if words is None:
        return "No word of the question leads to the passage: it uses other words, so only the meaning can find it."
    if words > k and (dense is None or dense > k):
        return "For both searches, other chunks fit the question better than the passage does. Compare their texts."
    if dense is None or dense > 2 * words:
        return "The words lead to the passage more directly than the meaning: the model does not see how close it is."
    if words > 2 * dense:
        return "Meaning leads to the passage more directly than the words: they are common, or the passage uses others."
    return "Meaning and words lead to the passage about equally well."


def _show_expected(judging: Judging, span: GoldSpan, number: int) -> None:
    collection = judging.collection
    document = documents(collection).get(span.document)
    with st.container(border=True):
        st.markdown(f"{escaped(span.document)}")
        if document is None:
            show_passage(span.quote)
            st.caption("This document is no longer in the collection.")
            return
        show_passage(document.text[span.start : span.end])
        show_thumbs(judging, span, f"expected-{number}")
        chunk = chunk_with(collection.chunks_of(document.document_id), span)
        if chunk is None:
            st.caption("No chunk holds this passage.")
        else:
            show_chunk_links(chunk.chunk_id, on_map=True)


def _show_results(judging: Judging, run: CollectionRun, question: ExamQuestion) -> None:
    """The first k results of one search; the expected passage is named, and highlighted in the text."""
    names = search_names(run)
    st.markdown("**Results**")
    chosen = st.segmented_control(
        "Results of", range(len(names)), default=_worst(run, question), required=True, format_func=names.__getitem__,
        key=f"evaluate-results-{run.run_id}-{question.question_id}", label_visibility="collapsed",
    )  # fmt: skip
    ranking = run.answers[question.question_id][chosen]
    hits = ranking.hits[: run.conditions.settings[chosen].k]
    if not hits:
        st.caption("This search found nothing: no chunk has a word of the question.")
        return
    if ranking.weighing:
        st.caption(f":material/balance: {escaped(ranking.weighing)}")
    chunks = {chunk.chunk_id: chunk for chunk in judging.collection.chunks([hit.chunk_id for hit in hits])}
    for rank, hit in enumerate(hits, start=1):
        _show_hit(judging, ranking, hit, rank, chunks.get(hit.chunk_id))


def _worst(run: CollectionRun, question: ExamQuestion) -> int:
    """The search whose results are shown first: the one with the worst rank, else the first."""
    ranks = [rank or KEPT_HITS + 1 for rank in ranks_of(run, question)]
    return ranks.index(max(ranks))


def _show_hit(judging: Judging, ranking: Ranking, hit: RankedHit, rank: int, chunk: Chunk | None) -> None:
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        found = [span for span in judging.known if is_relevant(hit, span)]
        badge = " :green-badge[:material/check: expected passage]" if found else ""
        if chunk is None:
            name.markdown(f"**{rank}** &nbsp; {escaped(hit.document)}{badge}")
            st.caption("This chunk no longer exists.")
            return
        shown = Hit(chunk, hit.document, hit.score, rank, hit.found_by, weighing=ranking.weighing)
        name.markdown(f"**{rank}** &nbsp; {escaped(hit.document)}{escaped(place(shown))}{badge}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        parts = [(max(span.start - chunk.start, 0), span.end - chunk.start) for span in found]
        show_context_line(chunk)
        show_passage(chunk.text, parts)
        if said := found_by(shown):
            st.caption(said)
        show_thumbs(judging, passage_of(chunk, hit.document), str(chunk.chunk_id))
        show_chunk_links(chunk.chunk_id, on_map=True)
