"""The map of a collection: where each chunk lies, what lies near a question, and how far to trust the picture."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.map.clusters import coarseness_control, named, show_regions
from pages.shared.map.colouring import choose_colour, colours_for, explain
from pages.shared.map.files import show_files
from pages.shared.map.filters import filter_controls
from pages.shared.map.layouts import current_layout, layout_controls, show_placed
from pages.shared.map.panel import ask_box, show_panel
from pages.shared.map.scene import look, scene_of
from pages.shared.map.trust import show_lens, show_trust
from pages.shared.session.resources import clusters as find_clusters
from pages.shared.session.resources import query_similarities
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.map_state import map_state
from rag.errors import ExplorerError
from rag.map.view import present

require_workspace()
st.title("Map")
collection = require_chunks()
state = map_state(collection)
st.caption(
    f"What your {collection.n_chunks():,} chunks are about. Each point is one chunk of text; near means similar."
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    controls = st.container(width=260)
    layout_controls(collection.uid, state)
    filters, regions, files = (
        st.container(width="content"),
        st.container(width="content"),
        st.container(width="content"),
    )
left, right = st.columns([2.2, 1])
with right:
    query, k = ask_box()
try:
    with left:
        layout, table = present(current_layout(collection, state), chunk_table(collection))
    with regions, st.popover("Clusters", icon=":material/bubble_chart:"):
        coarseness = coarseness_control()
        has_names = st.toggle("Names on the map", value=True, key="map-names")
        clusters = named(collection, layout, find_clusters(collection, layout, coarseness))
    with controls:
        choice = choose_colour(table)
    seen = look(collection, layout, query, k)
    colours = colours_for(
        choice, collection, layout, table,
        clusters=clusters, similarities=partial(query_similarities, collection, layout, query),
    )  # fmt: skip
    with filters:
        shown = filter_controls(collection, table, clusters)
    with left:
        explain(choice, has_query=bool(query))
        scene = scene_of(collection, layout, table, colours, clusters if has_names else None, state, seen, shown)
except ExplorerError as error:
    show_error(error)
    st.stop()
with left:
    show_map(scene, key=f"map-{collection.uid}", on_event=state.follow)
    wants_lens = show_trust(layout)
    show_placed(collection, layout, state)
with right:
    show_panel(collection, state, query, seen.hits, seen.clicked)
with files:
    show_files(collection, layout, table, clusters, colours)
if wants_lens:
    show_lens(collection, layout)
with st.expander(f"Clusters ({len(clusters.summaries)})", icon=":material/bubble_chart:"):
    show_regions(collection, layout, clusters)
