"""Token contributions: two texts whose tokens are coloured by their part of the similarity, and the strongest pairs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.session.resources import embedder
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from rag.embedding.token_vectors import TokenVectors
from rag.errors import ModelError
from rag.neighbors.token_contributions import TokenContributions, explain_score

if TYPE_CHECKING:
    from rag.types import FloatArray

_PAIRS = 8
_LEFT, _RIGHT = "token in the text", "token in the result"
# Blue raises the similarity, orange lowers it; translucent, to work on a light and on a dark page.
_RAISES, _LOWERS = "0,114,178", "213,94,0"


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts, what they are called, and their similarity as it is shown. The first is a query or a chunk."""

    texts: tuple[str, str]
    titles: tuple[str, str]
    score: float
    has_query: bool = False


@st.cache_resource(max_entries=32, show_spinner="Computing token contributions", show_time=True)
def _explained(model_id: str, left: str, right: str, score: float, *, has_query: bool) -> TokenContributions:
    return explain_score(embedder(model_id).model, left, right, left_is_query=has_query, stored_score=score)


def show_token_pairs(model_id: str, pair: TextPair, *, key: str, is_wide: bool = True) -> None:
    """Both texts with coloured tokens, the token pairs that contribute most, and the sum next to the score shown.

    A model without token vectors, like those of Ollama, gets a sentence. Without `is_wide`, one part stands below the
    other.
    """
    try:
        explained = _explained(model_id, *pair.texts, pair.score, has_query=pair.has_query)
    except ModelError as error:
        st.info(escaped(str(error)), icon=":material/info:")
        return
    texts, titles = pair.texts, pair.titles
    left, right = st.columns(2) if is_wide else (st.container(), st.container())
    with left:
        st.caption(titles[0])
        st.html(_shaded(texts[0], explained.left, explained.left_sums))
    with right:
        st.caption(titles[1])
        st.html(_shaded(texts[1], explained.right, explained.right_sums))
    st.caption(
        "Blue tokens raise the similarity, orange tokens lower it; a stronger colour means a larger contribution. A "
        "token is a word or part of a word, as the model reads it."
    )
    figures, pairs = st.columns([1, 2]) if is_wide else (st.container(horizontal=True), st.container())
    with figures:
        st.metric("Sum of all token pairs", f"{explained.total:.4f}", help=help_for("contribution"))
        st.metric("Similarity shown above", f"{pair.score:.4f}", help=help_for("cosine similarity"))
    with pairs:
        st.dataframe(_pairs(explained), hide_index=True, key=f"{key}-pairs", height=38 + 35 * _PAIRS)
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
