"""The Map page: the chunks as points, a search on the map, and measures of how faithful the map is."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.map.address import open_address
from pages.shared.map.below import CHARTS, choose_below, show_below
from pages.shared.map.charts import HEIGHT as CHARTS_HEIGHT
from pages.shared.map.charts import charts_of, keep_ranges
from pages.shared.map.colouring import choose_colour, colours_for, meaning_of
from pages.shared.map.exam import exam_controls, explain_exam, has_runs
from pages.shared.map.files import show_files
from pages.shared.map.filters import filter_controls
from pages.shared.map.forming import show_forming
from pages.shared.map.frame import lay_out, room_of
from pages.shared.map.layouts import current_layout, layout_controls, show_placed
from pages.shared.map.panel import has_content, search_box, show_panel
from pages.shared.map.scene import focus_of, labels_of, scene_of
from pages.shared.map.selection import both, keep_selection, visible_chunks
from pages.shared.map.topics.clusters import layer_control, with_model_names
from pages.shared.map.topics.contents import show_contents, show_topics
from pages.shared.map.trust import quality_chip
from pages.shared.session.resources import cluster_layers, query_similarities
from pages.shared.session.resources import clusters as find_clusters
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.map_state import FOUND_COLOUR, map_state
from pages.shared.widgets.sample_note import sample_words
from rag.errors import ExplorerError
from rag.map.selection.column_charts import kept_by_ranges
from rag.map.view import present

require_workspace()
places = lay_out()
collection = require_chunks()
state, address = map_state(collection), open_address(collection.uid)
about = places.notes.empty()
drawn = sample_words(collection) or f"{collection.n_chunks():,} chunks"
drawn = drawn[:1].upper() + drawn[1:]
about.caption(
    f"{drawn}. Each point is a piece of text; points close together mean similar things. Click one to read it."
)
with places.projection:
    layout_controls(collection.uid, state)
with places.search:
    query, k = search_box(address)
try:
    with places.status:
        layout, table = present(current_layout(collection, state), chunk_table(collection))
        layers = cluster_layers(collection, layout)
    with places.clusters, st.popover("Clusters", icon=":material/bubble_chart:"):
        layer = layer_control(address, layers)
        has_labels = st.toggle(
            "Show cluster labels", value=True, key="map-names",
            help="Writes the name of each cluster on the map, and of its parts as you zoom in.",
        )  # fmt: skip
        topic_list = st.container()
    with places.status:
        clusters = with_model_names(collection, layout, find_clusters(collection, layout, layer))
        labels = labels_of(collection, layout, clusters, layer) if has_labels else ()
    with topic_list:
        show_contents(collection.uid, layout, clusters, state)
    with places.colour:
        choice = choose_colour(address, table, has_runs=has_runs(collection))
    state.colour_by(choice)
    keep_selection(address, state)
    with places.exam:
        exam = exam_controls(collection, layout) if choice == FOUND_COLOUR else None
    with places.status:
        focus = focus_of(collection, layout, query, k, exam)
        colours = colours_for(
            choice, collection, layout, table,
            clusters=clusters, similarities=partial(query_similarities, collection, layout, query), exam=exam,
        )  # fmt: skip
    with places.filter:
        charts = charts_of(collection, table)
        keep_ranges(address, charts, state)
        filtered = filter_controls(collection, address, state, table, clusters)
    shown = both(filtered, kept_by_ranges(charts, state.ranges))
    visible = visible_chunks(shown, colours, layout.chunk_ids, state)
    with places.below:
        below = choose_below(address)
    # In the place of the first sentence, so that another colour does not change the height of the map.
    if meaning := meaning_of(choice, has_query=bool(query)):
        about.caption(f"{drawn}. {meaning}")
    with places.notes:
        if exam:
            explain_exam(collection, exam, layout.chunk_ids, state)
        scene = scene_of(collection, layout, table, colours, labels, state, focus, shown, exam)
        show_placed(collection, layout, state)
except ExplorerError as error:
    with places.notes:
        show_error(error)
    st.stop()
with places.picture:
    show_map(
        scene,
        key=f"map-{collection.uid}",
        on_event=state.follow,
        frame=room_of(reserve=CHARTS_HEIGHT if CHARTS in below else 0),
    )
with places.quality:
    quality_chip(collection, layout)
if has_content(state, focus):
    with places.stage.container(key="map-drawer", gap="small"):
        show_panel(collection, state, query, focus, exam)
with places.files:
    show_files(collection, layout, table, clusters, colours, exam.marks if exam else ())
show_below(collection, state, charts, below, layout.chunk_ids, visible)
with st.expander(f"Topics ({len(clusters.summaries)})", icon=":material/toc:"):
    show_topics(collection, layout, table, clusters, state)
with st.expander("How this map is made", icon=":material/animation:"):
    show_forming(collection, layout, colours, state)
