"""Map quality: how well the map keeps neighborhoods, as measures in plain words and as a plot."""

from __future__ import annotations

import streamlit as st

from pages.shared.map.colouring import DISTORTION, KEY
from pages.shared.session.resources import map_distances, map_quality
from pages.shared.widgets.charts import shepard_figure
from pages.shared.widgets.glossary import help_for
from rag.map.quality import MapQuality
from rag.store.collection import Collection
from rag.types import Projection

_ABOUT_UMAP = (
    "**How to read this map.** Points close together usually have similar meanings: this is what the method keeps. The "
    "distance between groups, and the size and density of a group, come from the method, not from your text."
)
_ABOUT_PCA = (
    "**How to read this map.** It shows the directions in which the embeddings differ most. Distances on the map are "
    "never longer than the true ones, but points that differ in other directions are drawn close together."
)


def quality_chip(collection: Collection, layout: Projection) -> None:
    """A popover named after the trustworthiness of the map; the measures and their meaning are in it."""
    value = layout.trustworthiness
    with st.popover("Map quality" if value is None else f"Map quality {value:.2f}", icon=":material/verified:"):
        if layout.note:
            st.info(layout.note, icon=":material/info:")
        if value is None:
            st.caption("Too few chunks to measure the quality of this map: at least 21 are needed.")
            return
        st.markdown(
            f"**Map quality: trustworthiness {value:.2f}** of 1. "
            "Distances between far-apart groups, and the size of a group, mean little.",
            help=f"{help_for('trustworthiness')} Measured on the 10 nearest points of each chunk; above 2,000 chunks "
            "on a sample.",
        )
        if st.toggle("Show quality details", key="map-lens", help=help_for("map quality")):
            _show_details(collection, layout)


def _show_details(collection: Collection, layout: Projection) -> None:
    """Three quality measures with their meaning, and a plot of embedding distance against map distance."""
    quality = map_quality(collection, layout)
    if quality is None:
        return
    _show_figures(quality)
    st.button(
        "Show distortion per point", icon=":material/palette:", on_click=_colour_by_distortion,
        help="Colours each chunk by the share of its 10 nearest neighbors that are also near it on this map.",
    )  # fmt: skip
    st.markdown(_ABOUT_PCA if layout.method == "pca" else _ABOUT_UMAP)
    pairs = map_distances(collection, layout)
    agreement = "" if pairs.rank_correlation is None else f" Rank correlation {pairs.rank_correlation:.2f}."
    st.plotly_chart(
        shepard_figure(pairs), key="shepard", config={"displayModeBar": False},
        alt=f"Distances of {len(pairs.rows):,} pairs of chunks: in the embeddings and on the map.{agreement}",
    )  # fmt: skip
    st.caption(
        f"{len(pairs.rows):,} pairs of chunks: farther right: less similar; higher: farther apart on the map. "
        f"On a map without distortion they would form a thin rising line.{agreement}"
    )


def _show_figures(quality: MapQuality) -> None:
    k = quality.k
    measures = (
        ("Trustworthiness", quality.trustworthiness, "Points that look near are near.", help_for("trustworthiness")),
        ("Continuity", quality.continuity, "Points that are near look near.", help_for("continuity")),
        (
            "Neighbors preserved", quality.neighbor_preservation,
            f"Of each chunk's {k} nearest neighbors, this share is among its {k} nearest points here.",
            help_for("neighbors preserved"),
        ),
    )  # fmt: skip
    for column, (name, value, meaning, help_text) in zip(st.columns(3), measures, strict=True):
        column.metric(name, f"{value:.2f}", help=help_text)
        column.caption(meaning)
    if quality.is_sample:
        st.caption(f"Measured on a random sample of {len(quality.rows):,} chunks, each compared with all.")


def _colour_by_distortion() -> None:
    st.session_state[KEY] = DISTORTION
