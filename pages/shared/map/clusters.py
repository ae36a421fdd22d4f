"""The map's clusters as a table: how large, what about, which chunks are typical; and better names from a model."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.session.resources import generator
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import show_error
from pages.shared.widgets.model_choice import generator_choices, model_label
from rag import config
from rag.errors import ExplorerError
from rag.map.cluster_names import NameRequest, keep_name, name_clusters
from rag.map.clustering import DEFAULT_COARSENESS, Clusters
from rag.map.scene import preview
from rag.map.view import requests_for_names, with_kept_names
from rag.store.collection import Collection
from rag.types import Projection

_BY_MODEL = "map-names-by-model"


def coarseness_control() -> float:
    """How fine the clusters are."""
    return st.slider(
        "Clusters: fine to coarse",
        0.0,
        1.0,
        DEFAULT_COARSENESS,
        0.05,
        key="map-coarseness",
        help="Fewer, larger clusters to the right. What lies in no dense place stays grey: unclustered.",
    )


def named(collection: Collection, layout: Projection, clusters: Clusters) -> Clusters:
    """The clusters under the names that a model gave them, unless the person wants the key terms."""
    if not st.session_state.get(_BY_MODEL, True):
        return clusters
    return with_kept_names(collection, clusters, requests_for_names(collection, layout, clusters))


def show_regions(collection: Collection, layout: Projection, clusters: Clusters) -> None:
    """A row for each cluster, the largest first, and a way to better names."""
    if not clusters.summaries:
        st.info("No dense regions stand out on this map, so it has no clusters. Move the slider to fine.")
        return
    n_loose = int((clusters.labels < 0).sum())
    loose = f" {n_loose:,} chunks lie in none of them." if n_loose else ""
    st.caption(f"Dense regions of the map, found by HDBSCAN, each named after the words that set it apart.{loose}")
    requests = requests_for_names(collection, layout, clusters)
    place = st.empty()
    _show_table(place, clusters, requests)
    model = _naming_model()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Better names from {model_label(model)}" if model else "Better names",
            icon=":material/edit_note:",
            disabled=model is None,
            help="The model reads three typical chunks of each cluster. Its names are kept."
            if model
            else "Needs Ollama with a chat model. Start it with 'ollama serve'.",
        ):
            _ask_for_names(collection, clusters, requests, place, str(model))
        st.toggle(
            "Use the model's names", value=True, key=_BY_MODEL, help="Off: the names are the clusters' key terms."
        )


def _show_table(place: DeltaGenerator, clusters: Clusters, requests: Sequence[NameRequest]) -> None:
    names = clusters.names_by_label()
    rows = [
        {
            "cluster": names[one.label],
            "chunks": one.size,
            "key terms": ", ".join(one.terms),
            **{f"typical chunk {i}": preview(text) for i, text in enumerate(request.typical, start=1)},
        }
        for one, request in zip(clusters.summaries, requests, strict=True)
    ]
    place.dataframe(pd.DataFrame(rows), hide_index=True, height=min(38 + 35 * len(rows), 390))


def _naming_model() -> str | None:
    """The chosen answering model where it is Ollama's, else Ollama's first; None without one."""
    chosen = require_workspace().generator
    choices = [name for name in generator_choices() if name != config.BUILTIN_GENERATOR]
    return chosen if chosen in choices else next(iter(choices), None)


def _ask_for_names(
    collection: Collection, clusters: Clusters, requests: Sequence[NameRequest], place: DeltaGenerator, model: str
) -> None:
    """Show the names while they are written, keep each, and draw the page anew."""
    found: dict[int, str] = {}
    kept_as_before = 0
    try:
        with st.spinner("Naming the clusters", show_time=True):
            for one in name_clusters(requests, generator(model, (config.ollama_host(), config.openai_url())), {}):
                found[one.label] = one.name_so_far
                _show_table(place, clusters.renamed(found), requests)
                kept_as_before += one.fell_back
                if one.is_final and not one.fell_back:
                    keep_name(collection.cache_folder, collection.uid, one.key, one.name_so_far)
    except ExplorerError as error:
        show_error(error)
        return
    if kept_as_before:
        st.toast(f"The model gave no name for {kept_as_before} clusters; they keep their key terms.")
    st.rerun()
