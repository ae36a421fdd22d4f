"""The clusters of the map: the slider from coarse to fine, and a table of what they hold; a model can name them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.map.address import Address
from pages.shared.session.person import is_editor
from pages.shared.session.resources import generator
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import show_error
from pages.shared.widgets.model_choice import answering_models, model_label
from rag import config
from rag.errors import ExplorerError
from rag.map.clusters.finding import Clusters
from rag.map.clusters.layers import Layers
from rag.map.clusters.model_names import NameRequest, keep_name, name_clusters
from rag.map.scene import preview
from rag.map.view import requests_for_names, with_kept_names
from rag.store.collection import Collection
from rag.types import Projection

_BY_MODEL = "map-names-by-model"
_ADDRESS = "clusters"


def layer_control(address: Address, layers: Layers) -> int | None:
    """The slider from coarse to fine with the number of clusters at each step; returns the layer, None for no choice.

    A layout with other layers begins at its own default. The address has the number of clusters of any other layer.
    """
    counts = layers.counts
    if len(counts) < 2:
        st.caption("Cluster granularity: this map has no other layers.")
        address.keep(_ADDRESS, [])
        return None
    key, linked = f"map-layer-{'-'.join(map(str, counts))}", next(iter(address.values(_ADDRESS)), "")
    first = next((layer for layer, count in enumerate(counts) if str(count) == linked), layers.default)
    if address.is_new(_ADDRESS):
        st.session_state[key] = first
    layer = st.select_slider(
        "Cluster granularity (coarse – fine)",
        range(len(counts)),
        first,
        format_func=lambda layer: f"{counts[layer]} clusters",
        key=key,
        help="Left: a few large clusters. Right: many small ones; each lies within one cluster of the step before. "
        "Points far from every dense group stay grey (unclustered).",
    )
    address.keep(_ADDRESS, [] if layer == layers.default else [str(counts[layer])])
    return layer


def with_model_names(collection: Collection, layout: Projection, clusters: Clusters) -> Clusters:
    """The clusters with the names that a model gave them, unless the person prefers the others."""
    if not st.session_state.get(_BY_MODEL, True):
        return clusters
    return with_kept_names(collection, clusters, requests_for_names(collection, layout, clusters))


def show_clusters(collection: Collection, layout: Projection, clusters: Clusters) -> None:
    """A table with a row for each cluster, the largest first, and a button that lets a model name them."""
    if not clusters.summaries:
        st.info("This map has no clusters: no group of points is dense enough.")
        return
    n_unclustered = int((clusters.labels < 0).sum())
    unclustered = f" {n_unclustered:,} chunks are in no cluster." if n_unclustered else ""
    st.caption(
        "Dense groups of points, found by HDBSCAN. Each is named after the column value or heading that most of its "
        f"chunks share, or else after phrases that set it apart.{unclustered}"
    )
    requests = requests_for_names(collection, layout, clusters)
    place = st.empty()
    _show_table(place, clusters, requests)
    model = _naming_model()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Name clusters with {model_label(model)}" if model else "Name clusters with a model",
            icon=":material/edit_note:",
            disabled=model is None or not is_editor(),
            help="The model reads three typical chunks of each cluster and writes a short name. The names are saved."
            if model
            else "Needs a chat model on a server, for example in Ollama. Start it with 'ollama serve'.",
        ):
            _ask_for_names(collection, clusters, requests, place, str(model))
        st.toggle(
            "Show names from the model",
            value=True,
            key=_BY_MODEL,
            help="Off: clusters are named after a column value, a heading, or phrases.",
        )


def _show_table(place: DeltaGenerator, clusters: Clusters, requests: Sequence[NameRequest]) -> None:
    names = clusters.names_by_label()
    rows = [
        {
            "cluster": names[one.label],
            "chunks": one.size,
            "key terms": ", ".join(one.terms),
            "nearest cluster": names.get(one.nearest, ""),
            "terms that set it apart": ", ".join(one.apart),
            **{f"typical chunk {i}": preview(text) for i, text in enumerate(request.typical, start=1)},
        }
        for one, request in zip(clusters.summaries, requests, strict=True)
    ]
    place.dataframe(pd.DataFrame(rows), hide_index=True, height=min(38 + 35 * len(rows), 390))


def _naming_model() -> str | None:
    """The chosen answering model if it runs on a server, else the first model of a server; None if there is none."""
    chosen = require_workspace().generator
    choices = [name for name in answering_models().names if name != config.BUILTIN_GENERATOR]
    return chosen if chosen in choices else next(iter(choices), None)


def _ask_for_names(
    collection: Collection, clusters: Clusters, requests: Sequence[NameRequest], place: DeltaGenerator, model: str
) -> None:
    """Show the names while they are written, save each, and run the page again."""
    found: dict[int, str] = {}
    n_unnamed = 0
    try:
        with st.spinner("Naming clusters", show_time=True):
            for one in name_clusters(requests, generator(model, (config.ollama_host(), config.openai_url())), {}):
                found[one.label] = one.name_so_far
                _show_table(place, clusters.renamed(found), requests)
                n_unnamed += one.fell_back
                if one.is_final and not one.fell_back:
                    keep_name(collection.cache_folder, collection.uid, one.key, one.name_so_far)
    except ExplorerError as error:
        show_error(error)
        return
    if n_unnamed:
        st.toast(f"The model gave no name for {n_unnamed} clusters; they keep their names.")
    st.rerun()
