"""Chapter 5, a similarity taken apart: which pairs of tokens make two texts similar, and what is hardly seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from pages.shared.widgets.common import escaped
from rag.anatomy.blind_spots import Contrast, MeasuredContrast, measure_contrasts
from rag.map.colours import PALETTE
from rag.neighbors.token_contributions import TokenContributions, explain_score
from rag.types import Embedder

_SECOND = "The central bank made loans more expensive."
_MOST_DRAWN = 28
_KIND, _TEXT, _OTHER, _SAME = "what differs", "text", "other meaning", "same meaning"


def show(scene: Scene) -> None:
    """The receipt of two texts, and a table of contrasts that can be edited."""
    scene.require_inside()
    text = require_text(scene)
    second = st.text_input(
        "Second text", _SECOND, key="anatomy-second", help="Compared with the text at the top of the page."
    )
    if second.strip():
        _show_receipt(scene, text, second)
    st.divider()
    _show_contrasts(scene)


def _show_receipt(scene: Scene, text: str, second: str) -> None:
    spec = scene.model.spec
    explained = _explained((spec.model_id, spec.revision), text, second, scene.model)
    one, two, three = st.columns(3)
    one.metric("Cosine similarity", f"{explained.cosine_of_embeddings:.4f}", help="Of the two embeddings.")
    two.metric(
        "Sum of all token pairs", f"{explained.total:.4f}", help="The same number, computed from the token vectors."
    )
    three.metric(
        "Token pairs", f"{explained.contributions.size:,}", help="Tokens of one text times tokens of the other."
    )
    left, right = explained.left.tokens[:_MOST_DRAWN], explained.right.tokens[:_MOST_DRAWN]
    figure = go.Figure()
    figure.add_heatmap(
        z=explained.contributions[: len(left), : len(right)], colorscale="RdBu", zmid=0,
        colorbar={"thickness": 10, "outlinewidth": 0}, hovertemplate="%{z:.4f}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(height=160 + 20 * len(left))
    figure.update_xaxes(tickvals=list(range(len(right))), ticktext=list(right), tickangle=-60)
    figure.update_yaxes(tickvals=list(range(len(left))), ticktext=list(left), autorange="reversed")
    best = explained.top_pairs(3, with_special=False)
    words = "The pairs that add most: " + ", ".join(
        f"{explained.left.tokens[pair.left]} and {explained.right.tokens[pair.right]} {pair.contribution:+.3f}"
        for pair in best
    )
    show_figure(figure, words, key="anatomy-receipt")
    st.caption(f"{escaped(words)}. Blue pairs raise the similarity, red pairs lower it. {escaped(explained.note)}")


@st.cache_resource(max_entries=8, show_spinner="Comparing all pairs of tokens")
def _explained(key: tuple[str, str], text: str, second: str, _model: Embedder) -> TokenContributions:
    return explain_score(_model, text, second)


def _show_contrasts(scene: Scene) -> None:
    st.markdown("**What embeddings hardly see**")
    st.caption(
        "Two sentences that say different things in nearly the same words, and one that says the same in other words. "
        "Change any sentence: it is measured at once, on this model."
    )
    edited = st.data_editor(
        pd.DataFrame(map(astuple, scene.examples.contrasts), columns=[_KIND, _TEXT, _OTHER, _SAME]),
        key="anatomy-contrasts", hide_index=True, disabled=[_KIND],
        column_config={_KIND: st.column_config.TextColumn(width=100)},
        alt="Sentences to compare, which can be changed.",
    )  # fmt: skip
    spec = scene.model.spec
    # A cell that was emptied is None.
    contrasts = tuple(Contrast(*(value or "" for value in row)) for row in edited.itertuples(index=False))
    measured = _measured((spec.model_id, spec.revision), contrasts, scene.model)
    missed = sum(one.is_missed for one in measured)
    show_figure(_contrast_figure(measured), _contrasts_in_words(measured), key="anatomy-contrast-figure")
    st.markdown(
        f"In **{missed} of {len(measured)}** rows the sentence with the **other** meaning is the more similar one: "
        "check negations, numbers and names in the passages themselves."
    )


@st.cache_data(max_entries=16, show_spinner="Measuring")
def _measured(key: tuple[str, str], contrasts: tuple[Contrast, ...], _model: Embedder) -> list[MeasuredContrast]:
    return measure_contrasts(_model, list(contrasts))


def _contrasts_in_words(measured: Sequence[MeasuredContrast]) -> str:
    return "Similarity to the text, with the other meaning and with the same: " + "; ".join(
        f"{one.contrast.kind} {one.to_other_meaning:.2f} and {one.to_same_meaning:.2f}" for one in measured
    )


def _contrast_figure(measured: Sequence[MeasuredContrast]) -> go.Figure:
    kinds = [one.contrast.kind for one in measured]
    figure = go.Figure()
    for name, colour, values in (
        (_OTHER, PALETTE[1], [one.to_other_meaning for one in measured]),
        (_SAME, PALETTE[0], [one.to_same_meaning for one in measured]),
    ):
        figure.add_bar(
            x=kinds, y=values, name=name, marker={"color": colour}, text=[f"{value:.2f}" for value in values],
            hoverinfo="skip",
        )  # fmt: skip
    lowest = [min(one.to_other_meaning, one.to_same_meaning) for one in measured]
    figure.update_layout(height=280, barmode="group", legend={"orientation": "h", "y": 1.15, "x": 0})
    figure.update_yaxes(title="cosine similarity to the text", range=[min(0.0, *lowest), 1])
    return figure
