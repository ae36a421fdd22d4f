"""Chapter 2, the token table: each token has one vector, the same in every text."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.layers import paths_of
from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from rag.anatomy.pooling import words_of
from rag.map.colours import PALETTE
from rag.text.tokens import Piece

_NEAREST = 12
_NUMBERS = 48


def show(scene: Scene) -> None:
    """A token's row of the table, and the tokens with the nearest rows."""
    inside = scene.require_inside()
    reading = scene.reading(require_text(scene))
    choices = _choices(reading.tokens, scene.text)
    if not choices:
        st.info("This text has no tokens of its own. Type some words at the top.", icon=":material/edit:")
        st.stop()
    first = choices[min(1, len(choices) - 1)]
    token: Piece = st.selectbox(
        "Token", choices, index=choices.index(first), format_func=lambda one: one.token, key="anatomy-token",
        help="A token of the text at the top. Its row of the table is shown.",
    )  # fmt: skip
    row = inside.table_rows([token.token_id])[0]
    left, right = st.columns([3, 2])
    with left:
        _show_nearest(scene, token)
    with right:
        st.markdown(f"**Row {token.token_id:,} of the table**")
        _show_numbers(row.tolist(), token)
        st.caption(
            f"The first {_NUMBERS} of {len(row)} numbers. They were learned: at first random, then changed a little "
            "with each training example."
        )
        _show_same(scene)


def _choices(tokens: tuple[Piece, ...], text: str) -> list[Piece]:
    """The first token of each word, each once."""
    kept = {tokens[rows[0]].token_id: tokens[rows[0]] for rows in reversed(words_of(tokens, text))}
    return sorted(kept.values(), key=lambda one: one.start)


def _show_nearest(scene: Scene, token: Piece) -> None:
    inside = scene.require_inside()
    near = [(inside.spell(other), similarity) for other, similarity in inside.nearest_tokens(token.token_id, _NEAREST)]
    near.reverse()
    figure = go.Figure()
    figure.add_bar(
        x=[similarity for _, similarity in near],
        y=[f"{spelled} " for spelled, _ in near],
        orientation="h",
        marker={"color": PALETTE[0]},
        text=[f"{similarity:.2f}" for _, similarity in near],
        hoverinfo="skip",
    )
    figure.update_layout(height=430)
    figure.update_xaxes(title="cosine similarity of the rows", range=[0, 1])
    figure.update_yaxes(type="category")
    words = f"The rows nearest to that of '{token.token}': " + ", ".join(
        f"{spelled} {similarity:.2f}" for spelled, similarity in reversed(near[-5:])
    )
    st.markdown(f"**Nearest tokens to `{token.token.replace('`', '')}`, before any context**")
    show_figure(figure, words, key="anatomy-nearest")
    st.caption(
        f"{words}. Nobody wrote down which words are related: tokens that are used alike got similar rows. A word with "
        "two meanings has one row for both."
    )


def _show_numbers(numbers: list[float], token: Piece) -> None:
    shown = numbers[:_NUMBERS]
    width = 12
    figure = go.Figure()
    figure.add_heatmap(
        z=[shown[start : start + width] for start in range(0, len(shown), width)],
        colorscale="RdBu", zmid=0, showscale=False, hovertemplate="%{z:.3f}<extra></extra>", xgap=2, ygap=2,
    )  # fmt: skip
    figure.update_layout(height=120)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed")
    beginning = ", ".join(f"{value:.2f}" for value in shown[:4])
    show_figure(figure, f"The vector of '{token.token}' begins with {beginning}.", key="anatomy-row")


def _show_same(scene: Scene) -> None:
    """One word in two sentences: the same row, another vector after the last layer."""
    word = next(iter(scene.examples.senses))
    found = {one.sense: one for one in scene.examples.occurrences(word)}
    spec = scene.model.spec
    paths = paths_of((spec.model_id, spec.revision), tuple(found.values()), scene.require_inside())
    st.markdown("**The same word, the same row**")
    st.markdown("\n".join(f"- {one.text}" for one in paths.occurrences))
    same, other = st.columns(2)
    same.metric(
        f"\u201c{word}\u201d in the table", f"{paths.similarity[0, 0, 1]:.2f}", help="Cosine similarity of the rows."
    )
    other.metric(
        "after the last layer", f"{paths.similarity[-1, 0, 1]:.2f}", help="Cosine similarity of the word in context."
    )
