"""Attention: how much each token of the text takes from each other one, by layer and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure
from pages.shared.widgets.common import escaped
from rag.embedding.inside import ModelInside
from rag.errors import ModelError
from rag.map.colours import PALETTE
from rag.text.tokens import Piece

if TYPE_CHECKING:
    from rag.types import FloatArray

_MOST_DRAWN = 32
_LEAST_LINE = 0.05
_ALL = 0


def show_attention(scene: Scene) -> None:
    """Choose a layer and a head, and see its attention as lines or as a matrix."""
    inside = scene.require_inside()
    reading = scene.reading(scene.text)
    st.markdown("**Attention: which tokens a token looks at**")
    layer_column, head_column, form_column = st.columns([2, 2, 1.4], vertical_alignment="bottom")
    layer = layer_column.slider(
        "Layer", 1, inside.n_layers, min(3, inside.n_layers), key="anatomy-layer", help="Layers follow one another."
    )
    head = head_column.slider(
        "Head (0: mean of all)", _ALL, inside.n_heads, _ALL, key="anatomy-head",
        help="Each layer looks at the text in several ways at once. One way is a head.",
    )  # fmt: skip
    form = form_column.segmented_control(
        "Drawn as", ["Lines", "Matrix"], default="Lines", required=True, key="anatomy-attention-form",
        help="Lines from each token to those it looks at, or a table of all pairs.",
    )  # fmt: skip
    spec = scene.model.spec
    try:
        weights = _attention((spec.model_id, spec.revision), reading.tokens, inside)
    except ModelError as error:
        st.info(escaped(str(error)), icon=":material/info:")
        return
    chosen = weights[layer - 1].mean(axis=0) if head == _ALL else weights[layer - 1, head - 1]
    tokens = reading.tokens[:_MOST_DRAWN]
    shown = chosen[: len(tokens), : len(tokens)]
    words = _in_words(shown, tokens, layer, head)
    figure = lines_figure(shown, tokens) if form == "Lines" else matrix_figure(shown, tokens)
    show_figure(figure, words, key=f"anatomy-attention-{form}")
    more = (
        f" The first {_MOST_DRAWN} of {len(reading.tokens)} tokens are drawn."
        if len(reading.tokens) > len(tokens)
        else ""
    )
    st.caption(
        f"{escaped(words)}{more} Each token's attention adds up to 1. It shows where a layer takes information from, "
        "not why the model finds two texts similar."
    )


@st.cache_resource(max_entries=6, show_spinner="Computing attention")
def _attention(key: tuple[str, str], tokens: tuple[Piece, ...], _inside: ModelInside) -> FloatArray:
    return _inside.attention(tokens)


def _in_words(weights: FloatArray, tokens: Sequence[Piece], layer: int, head: int) -> str:
    pairs = [
        (float(weights[row, column]), tokens[row].token, tokens[column].token)
        for row in range(len(tokens))
        for column in range(len(tokens))
        if row != column and not tokens[row].is_special and not tokens[column].is_special
    ]
    where = f"Layer {layer}, {'mean of all heads' if head == _ALL else f'head {head}'}"
    if not pairs:
        return f"{where}."
    weight, left, right = max(pairs)
    return f"{where}: between words, the strongest is from '{left}' to '{right}', {weight:.0%}."


def lines_figure(weights: FloatArray, tokens: Sequence[Piece]) -> go.Figure:
    """Tokens on the left look at tokens on the right: the stronger, the darker the line."""
    figure = go.Figure()
    n = len(tokens)
    for step in range(1, 6):
        low, high = (step - 1) / 5, step / 5
        xs: list[float | None] = []
        ys: list[float | None] = []
        for row in range(n):
            for column in range(n):
                if max(low, _LEAST_LINE) < weights[row, column] <= high:
                    xs += [0, 1, None]
                    ys += [row, column, None]
        line = {"color": PALETTE[0], "width": 1 + 4 * high}
        figure.add_scatter(x=xs, y=ys, mode="lines", line=line, opacity=0.2 + 0.7 * high, hoverinfo="skip")
    for x, position in ((0, "middle left"), (1, "middle right")):
        figure.add_scatter(
            x=[x] * n, y=list(range(n)), mode="markers+text", text=[token.token for token in tokens],
            textposition=position, marker={"size": 4, "color": PALETTE[0]}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_layout(height=60 + 22 * n, showlegend=False)
    figure.update_xaxes(visible=False, range=[-0.6, 1.6], fixedrange=True)
    figure.update_yaxes(visible=False, autorange="reversed", fixedrange=True)
    return figure


def matrix_figure(weights: FloatArray, tokens: Sequence[Piece]) -> go.Figure:
    """A heat map: a row is a token, its columns the tokens it looks at."""
    names = [token.token for token in tokens]
    places = list(range(len(names)))
    figure = go.Figure()
    figure.add_heatmap(
        z=weights, colorscale="Viridis", zmin=0, colorbar={"thickness": 10, "outlinewidth": 0},
        hovertemplate="%{z:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(height=120 + 20 * len(names))
    figure.update_xaxes(tickvals=places, ticktext=names, tickangle=-60, title="looks at")
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", title="token")
    return figure
