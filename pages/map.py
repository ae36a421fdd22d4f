"""The Map page: the chunks as points, a search on the map, and measures of how faithful the map is."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.map.clusters import layer_control, with_model_names
from pages.shared.map.colouring import choose_colour, colours_for, explain
from pages.shared.map.exam import exam_controls, explain_exam, has_runs
from pages.shared.map.files import show_files
from pages.shared.map.filters import filter_controls
from pages.shared.map.layouts import current_layout, layout_controls, show_placed
from pages.shared.map.panel import search_box, show_panel
from pages.shared.map.scene import focus_of, scene_of
from pages.shared.map.topics import show_topics
from pages.shared.map.trust import show_quality_details, show_quality_line
from pages.shared.session.resources import cluster_layers, query_similarities
from pages.shared.session.resources import clusters as find_clusters
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.map_state import FOUND_COLOUR, map_state
from rag.errors import ExplorerError
from rag.map.view import present

require_workspace()
st.title("Map")
collection = require_chunks()
state = map_state(collection)
st.caption(
    f"{collection.n_chunks():,} chunks. Each point is a piece of text; points close together mean similar things."
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    controls = st.container(width=260)
    layout_controls(collection.uid, state)
    filters, regions, files, exams = (st.container(width="content") for _ in range(4))
left, right = st.columns([2.2, 1])
with right:
    query, k = search_box()
try:
    with left:
        layout, table = present(current_layout(collection, state), chunk_table(collection))
    with regions, st.popover("Clusters", icon=":material/bubble_chart:"):
        layer = layer_control(cluster_layers(collection, layout))
        has_labels = st.toggle(
            "Show cluster labels", value=True, key="map-names", help="Writes the name of each cluster on the map."
        )
        clusters = with_model_names(collection, layout, find_clusters(collection, layout, layer))
    with controls:
        choice = choose_colour(table, has_runs=has_runs(collection))
    with exams:
        exam = exam_controls(collection, layout) if choice == FOUND_COLOUR else None
    focus = focus_of(collection, layout, query, k, exam)
    colours = colours_for(
        choice, collection, layout, table,
        clusters=clusters, similarities=partial(query_similarities, collection, layout, query), exam=exam,
    )  # fmt: skip
    with filters:
        shown = filter_controls(collection, table, clusters)
    with left:
        explain(choice, has_query=bool(query))
        if exam:
            explain_exam(collection, exam, layout.chunk_ids, state)
        scene = scene_of(
            collection, layout, table, colours, clusters if has_labels else None, state, focus, shown, exam
        )
except ExplorerError as error:
    show_error(error)
    st.stop()
with left:
    show_map(scene, key=f"map-{collection.uid}", on_event=state.follow)
    has_details = show_quality_line(layout)
    show_placed(collection, layout, state)
with right:
    show_panel(collection, state, query, focus, exam)
with files:
    show_files(collection, layout, table, clusters, colours, exam.marks if exam else ())
if has_details:
    show_quality_details(collection, layout)
with st.expander(f"Topics ({len(clusters.summaries)})", icon=":material/toc:"):
    show_topics(collection, layout, table, clusters, state)
