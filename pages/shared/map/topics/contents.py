"""The topics of the map: a table of contents that flies there, a topic's typical chunks, and comparisons."""

from __future__ import annotations

import streamlit as st

from pages.shared.map.topics.clusters import show_clusters
from pages.shared.map.topics.comparison import compare_two, show_comparison
from pages.shared.widgets.common import escaped
from pages.shared.widgets.map_state import MapState
from pages.shared.widgets.wording import counted
from rag.map.clusters.finding import Clusters
from rag.map.clusters.terms import ClusterSummary
from rag.map.points import area_around
from rag.map.scene import preview
from rag.map.view import requests_for_names
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

CONTENTS, COMPARE, TABLE = "Contents", "Compare", "Table"
_VIEW = "map-topics-view"
_CONTENTS_HEIGHT = 400


def show_topics(
    collection: Collection, layout: Projection, table: ChunkTable, clusters: Clusters, state: MapState
) -> None:
    """A choice of three views of the topics: contents, comparison, table."""
    if not clusters.summaries:
        st.info("This map has no topics: no group of points is dense enough.")
        return
    view = st.segmented_control(
        "View of the topics", [CONTENTS, COMPARE, TABLE], default=CONTENTS, key=_VIEW, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    match view:
        case "Compare":
            show_comparison(collection, layout, table, clusters, state)
        case "Table":
            show_clusters(collection, layout, clusters)
        case _:
            _show_contents(collection, layout, clusters, state)


def contents(uid: str, place: str, layout: Projection, clusters: Clusters, state: MapState) -> None:
    """A button for each topic, the largest first: it opens the topic, and the map moves there.

    Args:
        place: tells the contents of one place of the page from those of another.
    """
    names = clusters.names_by_label()
    chosen = _chosen(uid, clusters)
    with st.container(height=_CONTENTS_HEIGHT, border=True, gap=None):
        for one in clusters.summaries:
            st.button(
                f"{escaped(names[one.label])} :gray[{one.size:,}]",
                key=f"map-topic-{place}-{uid}-{one.label}",
                type="secondary" if one is chosen else "tertiary",
                on_click=_open,
                args=(uid, one.label, layout, clusters, state),
            )


def _show_contents(collection: Collection, layout: Projection, clusters: Clusters, state: MapState) -> None:
    left, right = st.columns([2, 3])
    with left:
        st.caption("Select a topic: the map above moves there.")
        contents(collection.uid, "below", layout, clusters, state)
    with right:
        _show_topic(collection, layout, clusters, _chosen(collection.uid, clusters))


def show_contents(uid: str, layout: Projection, clusters: Clusters, state: MapState) -> None:
    """The contents for a place from which the map is seen."""
    if clusters.summaries:
        st.caption("Select a topic: the map moves there. Its typical chunks are below the map.")
        contents(uid, "above", layout, clusters, state)


def _chosen(uid: str, clusters: Clusters) -> ClusterSummary:
    """The opened topic; the largest if none is, or if this layer has no such topic."""
    label = st.session_state.get(f"map-topic-{uid}")
    return next((one for one in clusters.summaries if one.label == label), clusters.summaries[0])


def _open(uid: str, label: int, layout: Projection, clusters: Clusters, state: MapState) -> None:
    st.session_state[f"map-topic-{uid}"] = label
    state.fly_to(area_around(layout.xy[clusters.labels == label]))


def _show_topic(collection: Collection, layout: Projection, clusters: Clusters, topic: ClusterSummary) -> None:
    """A topic: its size, what sets it apart from its nearest one, and its typical chunks."""
    names = clusters.names_by_label()
    share = 100 * topic.size / max(len(clusters.labels), 1)
    st.markdown(f"**{escaped(names[topic.label])}** · {counted(topic.size, 'chunk')}, {share:.0f} % of the map")
    if topic.phrases:
        st.markdown(f"Phrases: {escaped(', '.join(topic.phrases))}")
    if topic.nearest >= 0:
        nearest = escaped(names[topic.nearest])
        apart = escaped(", ".join(topic.apart))
        said = f"more often here: {apart}" if apart else "no word is much more frequent here"
        st.markdown(f"Nearest topic: **{nearest}**; {said}.")
        st.button(
            "Compare the two", icon=":material/compare_arrows:", key=f"map-compare-nearest-{collection.uid}",
            on_click=_compare_with_nearest, args=(collection.uid, topic),
        )  # fmt: skip
    st.caption("Typical chunks: the three whose embeddings are the most central in the topic.")
    (request,) = requests_for_names(collection, layout, Clusters(clusters.labels, (topic,)))
    for text in request.typical:
        with st.container(border=True):
            st.markdown(escaped(preview(text)))


def _compare_with_nearest(uid: str, topic: ClusterSummary) -> None:
    st.session_state[_VIEW] = COMPARE
    compare_two(uid, topic.label, topic.nearest)
