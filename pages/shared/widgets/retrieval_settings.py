"""Search settings in the sidebar, and the retriever that follows them."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import document_names, embedder, retriever, search_index, vectors, word_index
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.glossary import help_for
from rag import config
from rag.index.loading import chosen_index
from rag.retrieval.diversity import VariedRetriever
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.label_matches import LabelFirstRetriever
from rag.retrieval.retrievers import Retriever
from rag.retrieval.settings import Mode, RetrievalSettings
from rag.retrieval.store_retrievers import store_retriever
from rag.retrieval.weights import ONLY_WORDS
from rag.store.collection import Collection
from rag.store.search import SearchFilter

MODES: dict[Mode, str] = {"dense": "Meaning", "hybrid": "Meaning and words", "keyword": "Words"}


def choose_settings(collection: Collection, *, for_a_model: bool = True) -> RetrievalSettings:
    """Show a popover in the sidebar with everything that decides which passages are found and given to a model.

    Args:
        for_a_model: whether a model answers; only its tokens can limit the passages.
    """
    key_prefix = _key_prefix(collection)
    with st.sidebar.popover("Search settings", icon=":material/manage_search:", width="stretch"):
        mode: Mode = st.segmented_control(
            "Search by", list(MODES), default=_preset(collection), format_func=MODES.__getitem__,
            key=f"{key_prefix}-mode", persist_state="session", required=True,
            help=f"Meaning: {help_for('semantic search')} Words: {help_for('keyword search')} Both together rank best "
            "on most collections.",
        )  # fmt: skip
        k = st.slider(
            "Passages", 1, 20, config.DEFAULT_K, key=f"{key_prefix}-k", persist_state="session",
            help="How many passages are found, and given to the model at most.",
        )  # fmt: skip
        minimum = st.slider(
            "Minimum similarity", 0.0, 0.9, 0.0, 0.05, key=f"{key_prefix}-minimum", persist_state="session",
            help=f"{help_for('minimum similarity')} If no passage reaches it, no model is asked.",
        )  # fmt: skip
        variety = st.slider(
            "Variety (MMR)", 0.0, 0.9, 0.0, 0.1, key=f"{key_prefix}-variety", persist_state="session",
            help=f"{help_for('MMR')} 0 ranks by similarity alone.",
        )  # fmt: skip
        budget = _choose_budget(key_prefix) if for_a_model else 0
        documents = st.multiselect(
            "Documents",
            document_names(collection),
            key=f"{key_prefix}-documents",
            persist_state="session",
            help="Searches only in these documents. Empty: in all.",
        )
    return RetrievalSettings(k, mode, minimum, tuple(documents), round(1.0 - variety, 2), budget)


def chosen_mode(collection: Collection) -> Mode:
    """The search that was chosen for this collection in this session; the default one before a choice."""
    mode: Mode | None = st.session_state.get(f"{_key_prefix(collection)}-mode")
    return mode or _preset(collection)


def use_mode(collection: Collection, mode: Mode) -> None:
    """Search this collection so from now on in this session; the control in the sidebar shows it."""
    prefix = _key_prefix(collection)
    # The first is what the control begins with, the second the state of one that was drawn before.
    st.session_state[f"{prefix}-preset"] = st.session_state[f"{prefix}-mode"] = mode


def _preset(collection: Collection) -> Mode:
    """What the control of the search begins with."""
    mode: Mode = st.session_state.get(f"{_key_prefix(collection)}-preset", RetrievalSettings().mode)
    return mode


def _key_prefix(collection: Collection) -> str:
    return f"retrieval-{collection.uid}"


def _choose_budget(key_prefix: str) -> int:
    budget: int = st.select_slider(
        "Max. tokens of passages", (0, 256, 512, 1024, 2048, 4096), 0, key=f"{key_prefix}-budget",
        persist_state="session", format_func=lambda tokens: f"{tokens:,} tokens" if tokens else "all that fit",
        help="How much of the model's context window the passages may use. The answer lists those that do not fit.",
    )  # fmt: skip
    return budget


def chosen_chunks(collection: Collection) -> frozenset[int] | None:
    """Ids of the chunks selected on the map that still exist, shown with a button to use all; None for all chunks."""
    workspace = require_workspace()
    selected = workspace.asked_only(collection)
    if not selected:
        return None
    left = _existing(collection, selected)
    counted = "the 1 chunk" if len(left) == 1 else f"the {len(left):,} chunks"
    with st.container(horizontal=True, vertical_alignment="center"):
        if left:
            st.caption(f"Passages come from {counted} selected on the map.")
        else:
            st.warning("The chunks selected on the map no longer exist.", icon=":material/warning:")
        st.button("Use all chunks", on_click=workspace.ask_only, args=(collection, ()))
    return left


def _existing(collection: Collection, chunk_ids: frozenset[int]) -> frozenset[int]:
    """Those of these chunks that exist."""
    if collection.n_sampled() < collection.n_chunks():
        return frozenset(collection.vectors_with(sorted(chunk_ids))[0].tolist())
    return chunk_ids.intersection(chunk_table(collection).chunk_ids.tolist())


def retriever_for(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> Retriever:
    """The retriever for these settings; it searches only in the chunks `only`, or in all for None."""
    ranked = _ranked_by_score(collection, settings, only)
    if settings.relevance == 1.0:
        return ranked
    return VariedRetriever(ranked, collection, settings.relevance)


def _ranked_by_score(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> Retriever:
    """The retriever that ranks by score alone."""
    if (engine := collection.engine()) is not None:
        where = SearchFilter(documents=settings.documents, chunk_ids=only)
        return store_retriever(collection, engine, embedder(collection.spec.embedding.model_id), settings.mode, where)
    chosen = _chosen(collection, settings, only)
    if settings.mode == "dense":
        return retriever(collection, chosen)
    model = embedder(collection.spec.embedding.model_id)
    weights = ONLY_WORDS if settings.mode == "keyword" else None
    nearest = None if chosen_index(collection).kind == "flat" else search_index(collection)
    words = word_index(collection)
    hybrid = HybridRetriever(collection, *vectors(collection), words, model, chosen, weights=weights, nearest=nearest)
    return LabelFirstRetriever(collection, hybrid, lambda: words, chosen)


def _chosen(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> frozenset[int] | None:
    """Ids of the chunks in the chosen documents that are also in `only`; None for all chunks."""
    if not settings.documents:
        return only
    table = chunk_table(collection)
    wanted = set(settings.documents)
    rows = zip(table.chunk_ids.tolist(), table.document_of_each(), strict=True)
    in_documents = frozenset(chunk_id for chunk_id, name in rows if name in wanted)
    return in_documents if only is None else in_documents & only
