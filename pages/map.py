"""The 2D map of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.shared.charts import OTHER_NAME, PALETTE, map_figure
from pages.shared.components import escaped, require_chunks, show_chunk_links
from pages.shared.resources import chunks as load_chunks
from pages.shared.resources import warm_up_projection
from pages.shared.workspace import require_workspace
from rag.collection import Collection
from rag.layout import load_layout, make_layout
from rag.projection import UMAP_MINIMUM, ProjectionParameters
from rag.types import Chunk, Projection

_DOCUMENT = "document"


def colour_choices(chunks: Sequence[Chunk]) -> list[str]:
    """What points can be coloured by: table columns with few values first, then the document."""
    values: dict[str, set[str]] = {}
    for chunk in chunks:
        for name, value in chunk.fields:
            values.setdefault(name, set()).add(value)
    few = [name for name, own in values.items() if 1 < len(own) <= len(PALETTE)]
    return [*(name for name in few if name != _DOCUMENT), _DOCUMENT]


def labels_of(collection: Collection, chunks: Sequence[Chunk], choice: str) -> list[str]:
    """The label of each chunk; the rarest beyond the palette, and those without a value, are "other"."""
    if choice == _DOCUMENT:
        names = {summary.document_id: summary.name for summary in collection.documents()}
        labels = [names.get(chunk.document_id, OTHER_NAME) for chunk in chunks]
    else:
        labels = [dict(chunk.fields).get(choice) or OTHER_NAME for chunk in chunks]
    kept = {label for label, _ in Counter(labels).most_common(len(PALETTE))}
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
    names = {summary.document_id: summary.name for summary in collection.documents()}
    with st.container(height=520, border=False):
        for chunk in collection.chunks(ids[:50]):
            with st.container(border=True):
                st.markdown(f"**{escaped(names.get(chunk.document_id, ''))}**")
                st.text(chunk.text)
                show_chunk_links(chunk.chunk_id)


require_workspace()
header, control = st.columns([3, 1], vertical_alignment="bottom")
header.title("Map")
collection = require_chunks()
chunks = load_chunks(collection)
header.caption(f"What your {len(chunks):,} chunks are about. Each point is one chunk of text; near means similar.")
choices = colour_choices(chunks)
choice = control.selectbox("Colour by", choices, help="Gives points with the same value the same colour.")
layout = current_layout(collection)
by_id = {chunk.chunk_id: chunk for chunk in chunks}
drawn = [by_id[chunk_id] for chunk_id in layout.chunk_ids.tolist()]
left, right = st.columns([2.2, 1])
with left:
    event = st.plotly_chart(
        map_figure(layout, drawn, labels_of(collection, drawn, choice)),
        key=f"map-{collection.uid}-{choice}",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"scrollZoom": True, "displaylogo": False},
        alt=f"Map of {len(drawn):,} chunks coloured by {choice}",
    )
    show_trust(layout)
with right:
    show_selected(collection, [int(point["customdata"]) for point in event.selection.points])
