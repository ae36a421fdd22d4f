"""Retrieval without a model that answers: what is found while one types, and why."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from pages.shared.session.resources import embedder
from pages.shared.widgets.common import escaped, place, show_chunk_links, show_error
from pages.shared.widgets.live_text import live_text
from pages.shared.widgets.marked_text import marked
from pages.shared.widgets.retrieval_settings import retriever_for
from rag.answering.grounding import supporting_words
from rag.errors import ExplorerError
from rag.retrieval.query_notes import query_notes
from rag.retrieval.settings import RetrievalSettings
from rag.store.collection import Collection
from rag.types import Hit

_KEY = "playground-query"
_LONGEST_IN_ADDRESS = 300
_SEARCHES = {"dense": "meaning", "keyword": "words"}


@dataclass(frozen=True, slots=True)
class Found:
    """The hits that are similar enough, best first, out of all that were found, and the seconds that it took."""

    hits: tuple[Hit, ...]
    all_hits: tuple[Hit, ...]
    seconds: float


@st.fragment
def show_search(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> None:
    """The field and what it finds; each change of the text runs this alone."""
    st.session_state.setdefault(_KEY, st.query_params.get("query", ""))
    query = live_text(
        "What to look for",
        key=_KEY,
        placeholder="How many days of leave do I have?",
        help="Type a question or a few words: the passages follow while you type.",
    )
    _keep_in_address(query)
    try:
        if not query.strip():
            st.info("Type a question above. The passages that fit it best appear here.", icon=":material/info:")
            # Loaded while the person thinks, so that the first letters find something at once.
            embedder(collection.spec.embedding.model_id)
            return
        found = search(collection, query, settings, only)
        notes = query_notes(query, embedder(collection.spec.embedding.model_id))
    except ExplorerError as error:
        show_error(error)
        return
    _show_found(query, found, settings)
    for note in notes:
        st.caption(f":material/info: {escaped(note)}")


def search(
    collection: Collection, query: str, settings: RetrievalSettings, only: frozenset[int] | None = None
) -> Found:
    """What chat would give to a model for this query; loading the embedding model is not part of the time."""
    retriever = retriever_for(collection, settings, only)
    started = time.perf_counter()
    all_hits = retriever.retrieve(query, settings.k)
    seconds = time.perf_counter() - started
    return Found(
        tuple(hit for hit in all_hits if hit.score >= settings.minimum or not settings.minimum), all_hits, seconds
    )


def _keep_in_address(query: str) -> None:
    """The query as a part of the page's address, to be shared; one that is too long for an address is left out."""
    wanted = query if query.strip() and len(query) <= _LONGEST_IN_ADDRESS else ""
    if wanted:
        st.query_params["query"] = wanted
    else:
        st.query_params.pop("query", None)


def _show_found(query: str, found: Found, settings: RetrievalSettings) -> None:
    if not found.hits:
        st.info(escaped(_nothing(found, settings)), icon=":material/search_off:")
        return
    counted = "1 passage" if len(found.hits) == 1 else f"{len(found.hits)} passages"
    took = f"{1000 * found.seconds:.0f} ms" if found.seconds < 1 else f"{found.seconds:.1f} s"
    st.caption(f"{counted}, found in {took}. Marked: words of the question.")
    if said := left_out_sentence(found, settings):
        st.caption(f":material/info: {said}")
    for hit in found.hits:
        _show_hit(query, hit, blended=settings.mode == "hybrid")


def left_out_sentence(found: Found, settings: RetrievalSettings) -> str:
    """How many passages were not similar enough, and what to do; empty where all were."""
    n = len(found.all_hits) - len(found.hits)
    if not n:
        return ""
    others = "1 more passage is" if n == 1 else f"{n} more passages are"
    return (
        f"{others} less similar than {settings.minimum:.2f} and left out. Lower 'Smallest similarity' under "
        "'Retrieval' in the sidebar to see more."
    )


def _nothing(found: Found, settings: RetrievalSettings) -> str:
    """Why nothing is shown, and what to do."""
    if found.all_hits:
        best = max(hit.score for hit in found.all_hits)
        return (
            f"The nearest passage has a similarity of {best:.2f}, and at least {settings.minimum:.2f} is asked for. "
            "Lower 'Smallest similarity' under 'Retrieval' in the sidebar."
        )
    if settings.mode == "keyword":
        return "No passage holds a word of this. Use other words, or search by meaning: see 'Retrieval' in the sidebar."
    return "There is no passage to search in. Choose other documents under 'Retrieval' in the sidebar."


def _show_hit(query: str, hit: Hit, *, blended: bool) -> None:
    """A hit with the query's words marked, and which search found it where two were blended."""
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        name.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        st.html(marked(hit.chunk.text, supporting_words(query, hit.chunk.text)))
        if blended:
            st.caption(found_by(hit))
        show_chunk_links(hit.chunk.chunk_id)


def found_by(hit: Hit) -> str:
    """Which search found a hit, at which rank: "Found by meaning at rank 2 and by words at rank 1 (BM25 7.31)."."""
    parts = [
        f"by {_SEARCHES[finding.retriever]}{'' if len(hit.found_by) > 1 else ' alone'} at rank {finding.rank:,}"
        + (f" (BM25 {finding.score:.2f})" if finding.retriever == "keyword" else "")
        for finding in hit.found_by
    ]
    return f"Found {' and '.join(parts)}."
