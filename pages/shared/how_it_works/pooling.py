"""Chapter 4, pooling: the vectors of all tokens become one embedding."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from pages.shared.widgets.common import escaped
from rag.anatomy.pooling import TokenShares, read_without, shuffled, token_shares, words_of
from rag.embedding.inside import Reading
from rag.map.colours import PALETTE

_MOST_BARS = 60
_HOW = {
    "mean": "This model takes the mean of all token vectors (mean pooling). Special tokens count as well.",
    "cls": "This model takes the vector of its first token alone ([CLS] pooling). Attention fills it.",
    "last": "This model takes the vector of the last token alone. It has read all tokens before it.",
    "other": "This model pools in a way that cannot be split by tokens.",
}


def show(scene: Scene) -> None:
    """Each token's share of the embedding, and what changes without it or in another order."""
    inside = scene.require_inside()
    reading = scene.reading(require_text(scene))
    st.markdown(f"**{_HOW[inside.pooling]}**")
    shares = token_shares(inside, reading)
    if shares is None:
        st.info("Choose a collection with another embedding model to see shares of tokens.", icon=":material/info:")
    else:
        st.html(_shaded(scene.text, reading, shares))
        _show_bars(reading, shares)
    left, right = st.columns(2)
    with left:
        _show_without(scene, reading)
    with right:
        _show_shuffled(scene, reading)


def _show_bars(reading: Reading, shares: TokenShares) -> None:
    values = shares.shares.tolist()
    shown = list(zip(reading.tokens, values, strict=True))[:_MOST_BARS]
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(shown))),
        y=[100 * value for _, value in shown],
        marker={"color": [PALETTE[5] if token.is_special else PALETTE[0] for token, _ in shown]},
        hovertext=[f"{token.token}: {value:.1%}" for token, value in shown],
        hoverinfo="text",
    )
    figure.update_layout(height=240)
    figure.update_xaxes(tickvals=list(range(len(shown))), ticktext=[token.token for token, _ in shown], tickangle=-60)
    figure.update_yaxes(title="share of the embedding, %")
    most = sorted(shown, key=lambda one: -one[1])[:3]
    words = f"The shares of {len(values)} tokens add up to 100 %. The largest: " + ", ".join(
        f"{token.token} {value:.1%}" for token, value in most
    )
    show_figure(figure, words, key="anatomy-shares")
    more = f" The first {_MOST_BARS} are drawn." if len(values) > _MOST_BARS else ""
    st.caption(
        f"{escaped(words)}.{more} A share is the part of a token's vector that points along the finished embedding."
    )


def _show_without(scene: Scene, reading: Reading) -> None:
    words = words_of(reading.tokens, scene.text)
    st.markdown("**Leave a word out**")
    if not words:
        st.caption("This text has no words to leave out.")
        return

    def spelled(rows: tuple[int, ...]) -> str:
        return scene.text[reading.tokens[rows[0]].start : reading.tokens[rows[-1]].end].strip()

    chosen = st.selectbox(
        "Word", words, index=min(1, len(words) - 1), format_func=spelled, key="anatomy-without",
        help="The model reads the text again without this word.",
    )  # fmt: skip
    changed = read_without(scene.require_inside(), reading, chosen, scene.text)
    st.metric(
        "Similarity to the whole text", f"{changed.similarity:.3f}", help="1 would mean that the word does not matter."
    )
    st.caption(escaped(changed.text[:300]))


def _show_shuffled(scene: Scene, reading: Reading) -> None:
    st.markdown("**Shuffle the words**")
    seed = st.number_input(
        "Order", 1, 1000, 1, key="anatomy-shuffle", help="Each number is another random order of the same words."
    )
    changed = shuffled(scene.require_inside(), reading, scene.text, int(seed))
    st.metric(
        "Similarity to the text in order", f"{changed.similarity:.3f}",
        help="1 would mean that the model ignores the order of words.",
    )  # fmt: skip
    st.caption(escaped(changed.text[:300]))


def _shaded(text: str, reading: Reading, shares: TokenShares) -> str:
    """The text as escaped HTML; the background of a token is as strong as its share."""
    largest = max((abs(value) for value in shares.shares.tolist()), default=0.0) or 1.0
    parts, position = [], 0
    for token, value in zip(reading.tokens, shares.shares.tolist(), strict=True):
        if token.start < position:
            continue
        parts.append(html.escape(text[position : token.start]))
        colour = f"rgba({'0,114,178' if value >= 0 else '213,94,0'},{0.7 * abs(value) / largest:.2f})"
        shown = html.escape(text[token.start : token.end])
        parts.append(f'<span style="background:{colour};border-radius:3px" title="{value:.1%}">{shown}</span>')
        position = token.end
    rest = html.escape(text[position:])
    parts.append(f'<span style="opacity:.5">{rest}</span>')
    body = "".join(parts)
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9;font-size:1.1rem">{body}</div>'
