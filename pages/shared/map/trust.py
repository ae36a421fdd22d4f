"""How far the map can be trusted: the figures in plain words, and the plot behind them."""

from __future__ import annotations

import streamlit as st

from pages.shared.map.colouring import HONESTY, KEY
from pages.shared.session.resources import map_distances, map_quality
from pages.shared.widgets.charts import shepard_figure
from rag.map.quality import MapQuality
from rag.store.collection import Collection
from rag.types import Projection

_ABOUT_UMAP = (
    "**What this map does and does not say.** Near on the map usually means near in meaning: that is what the method "
    "keeps. How far apart two groups lie, how large a group looks and how dense it is are made by the method, not by "
    "your text."
)
_ABOUT_PCA = (
    "**What this map does and does not say.** It is a shadow of the embeddings: distances on it are never longer than "
    "the true ones, but what lies behind one another falls together."
)


def show_trust(layout: Projection) -> bool:
    """One line on how far the picture may be believed; returns whether the person wants to see where it lies."""
    if layout.note:
        st.info(layout.note, icon=":material/info:")
    if layout.trustworthiness is None:
        st.caption("Too few chunks to measure how true this map is: at least 21 are needed.")
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Trust this map? {layout.trustworthiness:.2f}** of 1.00 (trustworthiness). "
            "Distances between far-apart groups, and how large a group looks, mean little.",
            help="1.00 would mean that all points shown close together are truly close in the embedding space. "
            "Compared over each chunk's 10 nearest points; above 2,000 chunks on a sample.",
        )
        return st.toggle("Show where it lies", key="map-lens")


def show_lens(collection: Collection, layout: Projection) -> None:
    """Three figures, what they mean, and embedding distance against map distance."""
    quality = map_quality(collection, layout)
    if quality is None:
        return
    with st.container(border=True):
        figures, plot = st.columns([1.1, 1])
        with figures:
            _show_figures(quality)
            st.button(
                "Colour each chunk by its honesty", icon=":material/palette:", on_click=_colour_by_honesty,
                help="The share of each chunk's 10 true neighbors that this map draws near it.",
            )  # fmt: skip
            st.markdown(_ABOUT_PCA if layout.method == "pca" else _ABOUT_UMAP)
        with plot:
            pairs = map_distances(collection, layout)
            st.plotly_chart(shepard_figure(pairs), key="shepard", config={"displayModeBar": False})
            agreement = "" if pairs.rank_correlation is None else f" Rank correlation {pairs.rank_correlation:.2f}."
            st.caption(
                f"{len(pairs.rows):,} pairs of chunks: the farther right, the less alike; the higher, the farther "
                f"apart on the map. A true map would be a thin rising line.{agreement}"
            )


def _show_figures(quality: MapQuality) -> None:
    k = quality.k
    said = (
        ("Trustworthiness", quality.trustworthiness, "What looks near is near.", "Falls with strangers drawn near."),
        ("Continuity", quality.continuity, "What is near looks near.", "Falls with neighbors torn apart."),
        (
            "Neighbors kept", quality.neighbor_preservation,
            f"Of each chunk's {k} true neighbors, this share is among its {k} nearest here.",
            "The strictest of the three: the order within a group counts too.",
        ),
    )  # fmt: skip
    for column, (name, value, meaning, help_text) in zip(st.columns(3), said, strict=True):
        column.metric(name, f"{value:.2f}", help=help_text)
        column.caption(meaning)
    if quality.is_sample:
        st.caption(f"Measured on {len(quality.rows):,} chunks drawn by lot, each compared with all.")


def _colour_by_honesty() -> None:
    st.session_state[KEY] = HONESTY
