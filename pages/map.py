"""The 2D map of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.shared.charts import map_figure
from pages.shared.components import escaped, require_chunks, show_chunk_links
from pages.shared.map_files import Colouring, show_files
from pages.shared.resources import chunks as load_chunks
from pages.shared.resources import clusters, warm_up_projection
from pages.shared.workspace import require_workspace
from rag.clusters import DEFAULT_COARSENESS
from rag.collection import Collection
from rag.layout import load_layout, make_layout
from rag.map_export import UNCLUSTERED_NAME
from rag.map_view import OTHER_NAME, PALETTE, present
from rag.projection import UMAP_MINIMUM, ProjectionParameters
from rag.types import Chunk, Projection

_DOCUMENT = "document"
_CLUSTER = "cluster"


def colour_choices(chunks: Sequence[Chunk]) -> list[str]:
    """What points can be coloured by: table columns with few values first, then document and cluster."""
    values: dict[str, set[str]] = {}
    for chunk in chunks:
        for name, value in chunk.fields:
            values.setdefault(name, set()).add(value)
    few = [name for name, own in values.items() if 1 < len(own) <= len(PALETTE)]
    return [*(name for name in few if name not in (_DOCUMENT, _CLUSTER)), _DOCUMENT, _CLUSTER]


def labels_of(collection: Collection, chunks: Sequence[Chunk], choice: str) -> list[str]:
    """The value of each chunk for anything but clusters."""
    if choice == _DOCUMENT:
        names = collection.document_names()
        return [names.get(chunk.document_id, OTHER_NAME) for chunk in chunks]
    return [dict(chunk.fields).get(choice) or OTHER_NAME for chunk in chunks]


def most_common(labels: Sequence[str]) -> list[str]:
    """The labels, the rarest beyond the palette as "other"."""
    kept = {label for label, _ in Counter(labels).most_common(len(PALETTE))} | {UNCLUSTERED_NAME}
    return [label if label in kept else OTHER_NAME for label in labels]


def current_layout(collection: Collection) -> Projection:
    """The layout, from its cache or made now while the person is told."""
    parameters = ProjectionParameters()
    layout = load_layout(collection, parameters)
    if layout is None:
        with st.spinner(f"Laying out {collection.n_chunks():,} chunks. The first map takes longest.", show_time=True):
            if collection.n_chunks() >= UMAP_MINIMUM:
                warm_up_projection().join()
            layout = make_layout(collection, parameters)
    return layout


def show_placed(collection: Collection, layout: Projection) -> None:
    """How many chunks came after the layout was made, and a way to make it anew."""
    if not len(layout.placed_ids):
        return
    counted = "1 chunk" if len(layout.placed_ids) == 1 else f"{len(layout.placed_ids):,} chunks"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted} came since this layout was made, and stand among their neighbors.")
        if st.button("Lay out anew", help="Draws all chunks together. The new map is turned to lie like this one."):
            with st.spinner("Laying out", show_time=True):
                warm_up_projection().join()
                make_layout(collection, ProjectionParameters())
            st.rerun()


def show_trust(layout: Projection) -> None:
    """How far the picture may be believed."""
    if layout.note:
        st.info(layout.note, icon=":material/info:")
    if layout.trustworthiness is not None:
        st.markdown(
            f"**Trust this map? {layout.trustworthiness:.2f}** of 1.00 (trustworthiness). "
            "Distances between far-apart groups, and how large a group looks, mean little.",
            help="1.00 would mean that all points shown close together are truly close in the embedding space. "
            "Compared over each chunk's 10 nearest points; above 2,000 chunks on a sample.",
        )


def show_selected(collection: Collection, ids: Sequence[int]) -> None:
    """The chunks that were clicked, boxed or lassoed."""
    if not ids:
        st.caption("Click a point to read its chunk, or choose box or lasso in the chart's toolbar to mark several.")
        return
    st.markdown(f"**{len(ids):,} selected**")
    names = collection.document_names()
    with st.container(height=520, border=False):
        for chunk in collection.chunks(ids[:50]):
            with st.container(border=True):
                st.markdown(f"**{escaped(names.get(chunk.document_id, ''))}**")
                st.text(chunk.text)
                show_chunk_links(chunk.chunk_id)


require_workspace()
header, control = st.columns([3, 1])
header.title("Map")
collection = require_chunks()
chunks = load_chunks(collection)
header.caption(f"What your {len(chunks):,} chunks are about. Each point is one chunk of text; near means similar.")
choices = colour_choices(chunks)
choice = control.selectbox("Colour by", choices, help="Gives points with the same value the same colour.")
layout, drawn = present(current_layout(collection), chunks)
coarseness = DEFAULT_COARSENESS
if choice == _CLUSTER:
    help_text = "Fewer, larger clusters to the right. What lies in no dense place stays grey: unclustered."
    coarseness = control.slider("Fine to coarse", 0.0, 1.0, DEFAULT_COARSENESS, 0.05, help=help_text)
    labels = most_common(clusters(collection, layout, drawn, coarseness).names())
else:
    labels = most_common(labels_of(collection, drawn, choice))
left, right = st.columns([2.2, 1])
with left:
    event = st.plotly_chart(
        map_figure(layout, drawn, labels),
        key=f"map-{collection.uid}-{choice}",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"scrollZoom": True, "displaylogo": False},
        alt=f"Map of {len(drawn):,} chunks coloured by {choice}",
    )
    show_trust(layout)
    show_placed(collection, layout)
    show_files(collection, layout, drawn, coarseness, Colouring(choice, labels))
with right:
    show_selected(collection, [int(point["customdata"]) for point in event.selection.points])
