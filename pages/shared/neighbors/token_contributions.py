"""Token contributions on a page: two texts whose tokens are coloured by their part of the similarity."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.neighbors.search import Subject
from pages.shared.widgets.token_contributions import TextPair, show_token_pairs
from rag.store.collection import Collection
from rag.types import Hit


def show_token_contributions(collection: Collection, subject: Subject, hits: Sequence[Hit]) -> None:
    """Both texts with coloured tokens, the token pairs that contribute most, and the sum, for a chosen result."""
    labels = {hit.rank: f"{hit.rank} · {hit.score:.2f} · {' '.join(hit.chunk.text.split())[:70]}" for hit in hits}
    rank = st.selectbox(
        "Result", list(labels), format_func=labels.__getitem__, key=f"receipt-rank-{len(labels)}",
        help="The similarity of this result is split into the contributions of its tokens.",
    )  # fmt: skip
    hit = next(one for one in hits if one.rank == rank)
    titles = "Your text" if subject.chunk is None else "Selected chunk", "Matching text"
    pair = TextPair((subject.text, hit.chunk.embedded_text), titles, hit.score, has_query=subject.chunk is None)
    show_token_pairs(collection.spec.embedding.model_id, pair, key="receipt")
