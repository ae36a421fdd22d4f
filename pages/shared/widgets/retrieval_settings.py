"""How passages are found for an answer: the choices, and the retriever that follows from them."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import embedder, retriever, vectors
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from rag import config
from rag.retrieval.diversity import VariedRetriever
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import Retriever
from rag.retrieval.settings import Mode, RetrievalSettings
from rag.store.collection import Collection

MODES: dict[Mode, str] = {"dense": "Meaning", "hybrid": "Meaning and words", "keyword": "Words"}


def choose_settings(collection: Collection, *, for_a_model: bool = True) -> RetrievalSettings:
    """A popover in the sidebar with everything that decides which passages are found, and how many a model is given.

    Args:
        for_a_model: False where no model answers, by whose tokens the room for passages could be measured.
    """
    own = f"retrieval-{collection.uid}"
    with st.sidebar.popover("Retrieval", icon=":material/manage_search:", width="stretch"):
        mode: Mode = st.segmented_control(
            "Search by", list(MODES), default="dense", format_func=MODES.__getitem__,
            key=f"{own}-mode", persist_state="session", required=True,
            help="Meaning finds other wordings; words find names, numbers and codes. Both together rank best on most "
            "collections.",
        )  # fmt: skip
        k = st.slider(
            "Passages", 1, 20, config.DEFAULT_K, key=f"{own}-k", persist_state="session",
            help="How many are given to the model.",
        )  # fmt: skip
        minimum = st.slider(
            "Smallest similarity", 0.0, 0.9, 0.0, 0.05, key=f"{own}-minimum", persist_state="session",
            help="Passages less similar to the question are left out. Where none is left, no model is asked.",
        )  # fmt: skip
        variety = st.slider(
            "Variety", 0.0, 0.9, 0.0, 0.1, key=f"{own}-variety", persist_state="session",
            help="Above 0, passages that say the same are passed over for others (maximal marginal relevance).",
        )  # fmt: skip
        budget = _choose_budget(own) if for_a_model else 0
        names = sorted(chunk_table(collection).document_names)
        documents = st.multiselect(
            "Documents", names, key=f"{own}-documents", persist_state="session", help="Empty: all of them."
        )
    return RetrievalSettings(k, mode, minimum, tuple(documents), round(1.0 - variety, 2), budget)


def _choose_budget(own: str) -> int:
    budget: int = st.select_slider(
        "Room for passages", (0, 256, 512, 1024, 2048, 4096), 0, key=f"{own}-budget", persist_state="session",
        format_func=lambda tokens: f"{tokens:,} tokens" if tokens else "all that fit",
        help="How much of the model's context window passages may take. Those that do not fit are named.",
    )  # fmt: skip
    return budget


def chosen_chunks(collection: Collection) -> frozenset[int] | None:
    """The chunks selected on the map, as far as they are still there, with a way back to all; None for all."""
    workspace = require_workspace()
    selected = workspace.asked_only(collection)
    if not selected:
        return None
    left = selected.intersection(collection.chunk_ids().tolist())
    counted = "the 1 chunk" if len(left) == 1 else f"the {len(left):,} chunks"
    with st.container(horizontal=True, vertical_alignment="center"):
        if left:
            st.caption(f"Passages come from {counted} selected on the map.")
        else:
            st.warning("The chunks selected on the map are not in the collection any more.", icon=":material/warning:")
        st.button("Use all chunks", on_click=workspace.ask_only, args=(collection, ()))
    return left


def retriever_for(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> Retriever:
    """The retriever of these settings, within `only` where that is given."""
    plain = _plain(collection, settings, only)
    if settings.relevance == 1.0:
        return plain
    return VariedRetriever(plain, *vectors(collection), settings.relevance)


def _plain(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> Retriever:
    """The retriever that ranks by score alone."""
    chosen = _chosen(collection, settings, only)
    if settings.mode == "dense":
        return retriever(collection, chosen)
    model = embedder(collection.spec.embedding.model_id)
    share = {"dense_share": 0.0} if settings.mode == "keyword" else {}
    return HybridRetriever(collection, *vectors(collection), model, chosen, **share)


def _chosen(collection: Collection, settings: RetrievalSettings, only: frozenset[int] | None) -> frozenset[int] | None:
    """The chunks of the chosen documents among `only`; None for all."""
    if not settings.documents:
        return only
    table = chunk_table(collection)
    wanted = set(settings.documents)
    rows = zip(table.chunk_ids.tolist(), table.document_of_each(), strict=True)
    own = frozenset(chunk_id for chunk_id, name in rows if name in wanted)
    return own if only is None else own & only
