"""Token contributions on a page: two texts whose tokens are coloured by their part of the similarity."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.neighbors.search import Subject
from pages.shared.session.resources import embedder
from pages.shared.widgets.glossary import help_for
from rag.embedding.token_vectors import TokenVectors
from rag.neighbors.token_contributions import TokenContributions, explain_score
from rag.store.collection import Collection
from rag.types import Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

_PAIRS = 8
_LEFT, _RIGHT = "token in the text", "token in the result"
# Blue raises the similarity, orange lowers it; translucent, to work on a light and on a dark page.
_RAISES, _LOWERS = "0,114,178", "213,94,0"


def show_token_contributions(collection: Collection, subject: Subject, hits: Sequence[Hit]) -> None:
    """Both texts with coloured tokens, the token pairs that contribute most, and the sum, for a chosen result."""
    labels = {hit.rank: f"{hit.rank} · {hit.score:.2f} · {' '.join(hit.chunk.text.split())[:70]}" for hit in hits}
    rank = st.selectbox(
        "Result", list(labels), format_func=labels.__getitem__, key=f"receipt-rank-{len(labels)}",
        help="The similarity of this result is split into the contributions of its tokens.",
    )  # fmt: skip
    hit = next(one for one in hits if one.rank == rank)
    model = embedder(collection.spec.embedding.model_id).model
    with st.spinner("Computing token contributions", show_time=True):
        explained = explain_score(
            model, subject.text, hit.chunk.embedded_text, left_is_query=subject.chunk is None, stored_score=hit.score
        )
    left, right = st.columns(2)
    with left:
        st.caption("Your text" if subject.chunk is None else "Selected chunk")
        st.html(_shaded(subject.text, explained.left, explained.left_sums))
    with right:
        st.caption("Matching text")
        st.html(_shaded(hit.chunk.embedded_text, explained.right, explained.right_sums))
    st.caption(
        "Blue tokens raise the similarity, orange tokens lower it; a stronger colour means a larger contribution. A "
        "token is a word or part of a word, as the model reads it."
    )
    figures, pairs = st.columns([1, 2])
    with figures:
        st.metric("Sum of all token pairs", f"{explained.total:.4f}", help=help_for("contribution"))
        st.metric("Similarity shown above", f"{hit.score:.4f}", help=help_for("cosine similarity"))
    with pairs:
        st.dataframe(_pairs(explained), hide_index=True, key="receipt-pairs", height=38 + 35 * _PAIRS)
    st.caption(explained.note)


def _pairs(explained: TokenContributions) -> pd.DataFrame:
    rows = [
        {
            _LEFT: explained.left.tokens[pair.left],
            _RIGHT: explained.right.tokens[pair.right],
            "contribution": round(pair.contribution, 4),
        }
        for pair in explained.top_pairs(_PAIRS, with_special=False)
    ]
    return pd.DataFrame(rows, columns=[_LEFT, _RIGHT, "contribution"])


def _shaded(text: str, side: TokenVectors, sums: FloatArray) -> str:
    """The text as escaped HTML; the background of each token is as strong as its contribution."""
    largest = max((abs(value) for value in sums.tolist()), default=0.0) or 1.0
    parts, position = [], 0
    for (start, end), value in zip(side.spans.tolist(), sums.tolist(), strict=True):
        if start < position:
            continue
        parts.append(html.escape(text[position:start]))
        colour = f"rgba({_RAISES if value >= 0 else _LOWERS},{0.75 * abs(value) / largest:.2f})"
        inside = html.escape(text[start:end])
        parts.append(f'<span style="background:{colour};border-radius:3px" title="{value:+.4f}">{inside}</span>')
        position = end
    unread = html.escape(text[position:])
    parts.append(f'<span style="opacity:.5">{unread}</span>' if unread.strip() else unread)
    body = "".join(parts)
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.7">{body}</div>'
