"""Live search without an answering model: the passages found while a question is typed, and why."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from pages.shared.search.examples import show_chips
from pages.shared.session.resources import embedder
from pages.shared.widgets.common import escaped, place, show_chunk_links, show_context_line, show_error
from pages.shared.widgets.exams.judgements import Judging, begin_judging, passage_of, show_thumbs
from pages.shared.widgets.live_text import live_text
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.retrieval_settings import retriever_for
from rag.answering.grounding import supporting_words
from rag.errors import ExplorerError
from rag.report.figures import found_by
from rag.retrieval.query_notes import query_notes
from rag.retrieval.settings import RetrievalSettings
from rag.store.collection import Collection
from rag.types import Hit

_KEY = "search-query"
_MAX_URL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Found:
    """Search results: the hits above the minimum similarity, all hits, and the seconds the search took."""

    hits: tuple[Hit, ...]
    all_hits: tuple[Hit, ...]
    seconds: float


@st.fragment
def show_search(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> None:
    """The search field and its results; a change of the text reruns only this fragment."""
    st.session_state.setdefault(_KEY, st.query_params.get("query", ""))
    query = live_text(
        "Question or phrase",
        key=_KEY,
        placeholder="How many days of leave do I have?",
        help="The passages below are updated while you type.",
    )
    _keep_in_url(query)
    example = show_chips(_KEY, collection, query)
    # Spinners below it do not move the results when they are gone in the next run, so a focused button stays focused.
    results = st.container()
    shown = query if query.strip() else example.query if example else ""
    try:
        if not shown:
            # Load the model now, so that the first letters find something at once.
            embedder(collection.spec.embedding.model_id)
            return
        found = search(collection, shown, settings, only)
        notes = query_notes(shown, embedder(collection.spec.embedding.model_id))
    except ExplorerError as error:
        show_error(error)
        return
    with results:
        if example and (saying := example.saying(found.hits)):
            st.info(f"**Example: {escaped(example.query)}** · {escaped(saying)}", icon=":material/lightbulb:")
        _show_found(collection, shown, found, settings)
        for note in notes:
            st.caption(f":material/info: {escaped(note)}")


def search(
    collection: Collection, query: str, settings: RetrievalSettings, only: frozenset[int] | None = None
) -> Found:
    """The passages that chat would use for this query. The time does not include loading the embedding model."""
    retriever = retriever_for(collection, settings, only)
    started = time.perf_counter()
    all_hits = retriever.retrieve(query, settings.k)
    seconds = time.perf_counter() - started
    return Found(tuple(hit for hit in all_hits if hit.score >= settings.minimum or hit.label), all_hits, seconds)


def _keep_in_url(query: str) -> None:
    """Put the query into the URL, so that it can be shared; a query that is too long for a URL is left out."""
    shared = query if query.strip() and len(query) <= _MAX_URL_CHARACTERS else ""
    if shared:
        st.query_params["query"] = shared
    else:
        st.query_params.pop("query", None)


def _show_found(collection: Collection, query: str, found: Found, settings: RetrievalSettings) -> None:
    if not found.hits:
        st.info(escaped(_why_nothing(found, settings)), icon=":material/search_off:")
        return
    counted = "1 passage" if len(found.hits) == 1 else f"{len(found.hits)} passages"
    took = f"{1000 * found.seconds:.0f} ms" if found.seconds < 1 else f"{found.seconds:.1f} s"
    st.caption(f"{counted}, found in {took}. Highlighted: words from your question.")
    if weighing := found.hits[0].weighing:
        st.caption(f":material/balance: {escaped(weighing)}")
    if note := left_out_sentence(found, settings):
        st.caption(f":material/info: {note}")
    judging = begin_judging(collection, query, key="search-judged")
    for hit in found.hits:
        _show_hit(query, hit, judging)


def left_out_sentence(found: Found, settings: RetrievalSettings) -> str:
    """A sentence on the passages below the minimum similarity, with what to do; empty if there are none."""
    n = len(found.all_hits) - len(found.hits)
    if not n:
        return ""
    others = "1 more passage is" if n == 1 else f"{n} more passages are"
    return (
        f"{others} less similar than {settings.minimum:.2f} and left out. Lower 'Minimum similarity' under "
        "'Search settings' in the sidebar to see more."
    )


def _why_nothing(found: Found, settings: RetrievalSettings) -> str:
    """A sentence on why there are no results, with what to do."""
    if found.all_hits:
        best = max(hit.score for hit in found.all_hits)
        return (
            f"The best passage has a similarity of {best:.2f}; the minimum is {settings.minimum:.2f}. "
            "Lower 'Minimum similarity' under 'Search settings' in the sidebar."
        )
    if settings.mode == "keyword":
        return "No passage contains these words. Use other words, or search by meaning under 'Search settings'."
    if settings.mode == "hybrid" and not settings.documents:
        return (
            "The embedding model cannot read this question, and no passage contains its words. Use other words, or "
            "search by meaning alone under 'Search settings'."
        )
    return "There are no passages to search. Choose other documents under 'Search settings' in the sidebar."


def _show_hit(query: str, hit: Hit, judging: Judging) -> None:
    """A hit with the words of the query highlighted; if several searches count, also what put it here."""
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        name.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        show_context_line(hit.chunk)
        show_passage(hit.chunk.text, supporting_words(query, hit.chunk.text))
        if said := found_by(hit):
            st.caption(said, help=hit.weighing or None)
        with st.container(horizontal=True, vertical_alignment="center"):
            show_thumbs(judging, passage_of(hit.chunk, hit.document_name), str(hit.chunk.chunk_id))
            show_chunk_links(hit.chunk.chunk_id)
