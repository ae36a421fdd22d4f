"""Why two clicked chunks are near or far: their similarity among all chunks, and the contribution of each token."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import vectors
from pages.shared.widgets.common import escaped
from pages.shared.widgets.token_contributions import TextPair, show_token_pairs
from rag.neighbors.score_distribution import score_distribution, verdict
from rag.store.collection import Collection
from rag.store.sampling import whole_or_sample
from rag.types import Chunk


@st.cache_data(max_entries=64, show_spinner=False)
def _compared(
    path: str, uid: str, generation: int, clicked: int, before: int, _collection: Collection
) -> tuple[float, str]:
    """The similarity of two chunks, and how it compares with those of the first to all others."""
    ids, unit = vectors(_collection)
    of_two, (one, other) = _collection.vectors_with(sorted((clicked, before)))
    vector = one if of_two[0] == clicked else other
    score = float(one @ other)
    return score, verdict(score, score_distribution((unit @ vector)[ids != clicked]), whole_or_sample(_collection))


def show_pair(collection: Collection, clicked: Chunk, before: Chunk) -> None:
    """The similarity of the two, how it compares with all chunks', and both texts with their tokens coloured."""
    key = collection.location, collection.uid, collection.generation()
    score, said = _compared(*key, clicked.chunk_id, before.chunk_id, collection)
    with st.container(border=True):
        st.markdown("**How similar are these two, and why?**")
        st.progress(max(0.0, min(score, 1.0)), f"similarity {score:.2f}")
        st.markdown(escaped(said))
        names = collection.document_names([before.document_id])
        st.caption(f"Clicked before (square): {escaped(names.get(before.document_id, ''))}")
        with st.expander("Token by token", expanded=True, icon=":material/receipt_long:"):
            texts = clicked.embedded_text, before.embedded_text
            pair = TextPair(texts, ("Selected chunk", "Clicked before"), score)
            show_token_pairs(collection.spec.embedding.model_id, pair, key="pair", is_wide=False)
