"""Chapter 5, a similarity taken apart: which pairs of tokens make two texts similar, and what is hardly seen."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from pages.shared.widgets.common import escaped
from rag.anatomy.blind_spots import Contrast, MeasuredContrast, measure_contrasts
from rag.neighbors.token_contributions import TokenContributions, explain_score
from rag.types import Embedder

_SECOND = "The central bank made loans more expensive."
_MOST_DRAWN = 28
_TEXT, _OTHER, _SAME = "text", "other meaning", "same meaning"


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
    key = "anatomy-contrasts"
    given = st.session_state.setdefault(f"{key}-given", list(scene.examples.contrasts))
    measured = _measured(scene, _edited(given, st.session_state.get(key)))
    missed = sum(one.is_missed for one in measured)
    st.markdown(
        f"In **{missed} of {len(measured)}** rows the sentence with the **other** meaning is the more similar one: "
        "check negations, numbers and names in the passages themselves."
    )
    st.data_editor(
        _table(measured), key=key, hide_index=True, disabled=["what differs", "similarity", "similarity "],
        column_config={
            "what differs": st.column_config.TextColumn(width=100),
            "similarity": st.column_config.NumberColumn(format="%.2f", width=70),
            "similarity ": st.column_config.NumberColumn(format="%.2f", width=70),
            **{name: st.column_config.TextColumn(width=230) for name in (_TEXT, _OTHER, _SAME)},
        },
        alt=f"{missed} of {len(measured)} sentences with another meaning are the more similar ones.",
    )  # fmt: skip


def _edited(contrasts: list[Contrast], state: object) -> list[Contrast]:
    """The contrasts with the cells that a person has changed."""
    changes = state.get("edited_rows", {}) if isinstance(state, dict) else {}
    names = {_TEXT: "text", _OTHER: "other_meaning", _SAME: "same_meaning"}
    return [
        replace(one, **{names[column]: value for column, value in changes.get(row, {}).items() if value})
        for row, one in enumerate(contrasts)
    ]


def _measured(scene: Scene, contrasts: list[Contrast]) -> list[MeasuredContrast]:
    spec = scene.model.spec
    return _of_contrasts((spec.model_id, spec.revision), tuple(contrasts), scene.model)


@st.cache_data(max_entries=16, show_spinner="Measuring")
def _of_contrasts(key: tuple[str, str], contrasts: tuple[Contrast, ...], _model: Embedder) -> list[MeasuredContrast]:
    return measure_contrasts(_model, list(contrasts))


def _table(measured: list[MeasuredContrast]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "what differs": one.contrast.kind,
                _TEXT: one.contrast.text,
                _OTHER: one.contrast.other_meaning,
                "similarity": round(one.to_other_meaning, 3),
                _SAME: one.contrast.same_meaning,
                "similarity ": round(one.to_same_meaning, 3),
            }
            for one in measured
        ]
    )
