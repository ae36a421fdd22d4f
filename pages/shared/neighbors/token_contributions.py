"""The score receipt on a page: two texts, their tokens shaded by what they add to the similarity."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.neighbors.search import Subject
from pages.shared.session.resources import embedder
from rag.embedding.token_vectors import TokenVectors
from rag.neighbors.token_contributions import Receipt, score_receipt
from rag.store.collection import Collection
from rag.types import Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

_PAIRS = 8
# Blue adds to the similarity, orange takes from it; translucent, for a light and a dark page alike.
_ADDS, _TAKES = "0,114,178", "213,94,0"


def show_receipt(collection: Collection, subject: Subject, hits: Sequence[Hit]) -> None:
    """Choose a neighbor; both texts with shaded tokens, the pairs that add most, and the sum."""
    labels = {hit.rank: f"{hit.rank} · {hit.score:.2f} · {' '.join(hit.chunk.text.split())[:70]}" for hit in hits}
    rank = st.selectbox("Neighbor", list(labels), format_func=labels.__getitem__, key=f"receipt-rank-{len(labels)}")
    hit = next(one for one in hits if one.rank == rank)
    model = embedder(collection.spec.embedding.model_id).model
    with st.spinner("Taking the score apart", show_time=True):
        receipt = score_receipt(
            model, subject.text, hit.chunk.text, left_is_query=subject.chunk is None, stored_score=hit.score
        )
    left, right = st.columns(2)
    with left:
        st.caption("The text looked for")
        st.html(_shaded(subject.text, receipt.left, receipt.left_sums))
    with right:
        st.caption("The neighbor")
        st.html(_shaded(hit.chunk.text, receipt.right, receipt.right_sums))
    st.caption(
        "Blue tokens add to the similarity, the stronger the more; orange ones take from it. A token is a word or a "
        "piece of one, as the model reads it."
    )
    figures, pairs = st.columns([1, 2])
    with figures:
        st.metric("Sum of all pairs of tokens", f"{receipt.total:.4f}")
        st.metric("Score shown above", f"{hit.score:.4f}")
    with pairs:
        st.dataframe(_pairs(receipt), hide_index=True, key="receipt-pairs", height=38 + 35 * _PAIRS)
    st.caption(receipt.note)


def _pairs(receipt: Receipt) -> pd.DataFrame:
    rows = [
        {
            "in the text": receipt.left.tokens[pair.left],
            "in the neighbor": receipt.right.tokens[pair.right],
            "adds": round(pair.contribution, 4),
        }
        for pair in receipt.top_pairs(_PAIRS, with_special=False)
    ]
    return pd.DataFrame(rows, columns=["in the text", "in the neighbor", "adds"])


def _shaded(text: str, side: TokenVectors, sums: FloatArray) -> str:
    """The text as HTML, escaped, each token of it on a ground as strong as what it adds."""
    largest = max((abs(value) for value in sums.tolist()), default=0.0) or 1.0
    parts, position = [], 0
    for (start, end), value in zip(side.spans.tolist(), sums.tolist(), strict=True):
        if start < position:
            continue
        parts.append(html.escape(text[position:start]))
        colour = f"rgba({_ADDS if value >= 0 else _TAKES},{0.75 * abs(value) / largest:.2f})"
        inside = html.escape(text[start:end])
        parts.append(f'<span style="background:{colour};border-radius:3px" title="{value:+.4f}">{inside}</span>')
        position = end
    unread = html.escape(text[position:])
    parts.append(f'<span style="opacity:.5">{unread}</span>' if unread.strip() else unread)
    body = "".join(parts)
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.7">{body}</div>'
