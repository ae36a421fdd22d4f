"""Why two clicked chunks are near or far: their similarity among all chunks, and the contribution of each token."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import embedder, vectors
from pages.shared.widgets.common import escaped
from pages.shared.widgets.token_contributions import show_explained
from rag.neighbors.score_distribution import score_distribution, verdict
from rag.neighbors.token_contributions import explain_score
from rag.store.collection import Collection
from rag.types import Chunk


def show_pair(collection: Collection, clicked: Chunk, before: Chunk) -> None:
    """The similarity of the two, how it compares with all chunks', and both texts with their tokens coloured."""
    ids, unit = vectors(collection)
    row, other = (int(ids.searchsorted(chunk.chunk_id)) for chunk in (clicked, before))
    scores = unit @ unit[row]
    score = float(scores[other])
    with st.container(border=True):
        st.markdown("**How similar are these two, and why?**")
        st.progress(max(0.0, min(score, 1.0)), f"similarity {score:.2f}")
        st.markdown(escaped(verdict(score, score_distribution(scores[ids != clicked.chunk_id]))))
        names = collection.document_names([before.document_id])
        st.caption(f"Clicked before (square): {escaped(names.get(before.document_id, ''))}")
        model = embedder(collection.spec.embedding.model_id).model
        with st.spinner("Computing token contributions", show_time=True):
            explained = explain_score(
                model, clicked.embedded_text, before.embedded_text, left_is_query=False, stored_score=score
            )
        with st.expander("Token by token", expanded=True, icon=":material/receipt_long:"):
            texts = clicked.embedded_text, before.embedded_text
            show_explained(explained, texts, ("Selected chunk", "Clicked before"), score, key="pair", is_wide=False)
