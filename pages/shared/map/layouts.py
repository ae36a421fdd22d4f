"""Which layout the map shows: the choices that make one, and how it comes to be."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.session.resources import task_board, warm_up_projection
from pages.shared.widgets.map_state import MapState
from pages.shared.widgets.tasks import show_task
from rag.map.clustering import find_clusters
from rag.map.layout import is_long, load_layout, make_layout
from rag.map.projection import Method, Metric, ProjectionParameters
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Projection

_METHODS: dict[Method, str] = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
_ABOUT_METHODS: dict[Method, str] = {
    "umap": "UMAP keeps each chunk beside its nearest neighbors. Groups stand out; the gaps between them mean little.",
    "tsne": "t-SNE keeps neighborhoods even more tightly, and spreads the groups evenly. Gaps mean nothing at all.",
    "pca": "PCA is a shadow: the view from the side from which the chunks differ most. Straight, quick, and blurred.",
}
_METRICS: dict[Metric, str] = {
    "cosine": "cosine: the angle between two embeddings",
    "euclidean": "euclidean: the straight line between them",
    "correlation": "correlation: the angle, after removing each one's mean",
}


def layout_controls(uid: str, state: MapState) -> None:
    """A popover with everything that a layout of the collection `uid` depends on. Nothing moves until "Draw"."""
    with st.popover("Layout", icon=":material/tune:"):
        now = state.parameters
        methods = list(_METHODS)
        method = st.segmented_control(
            "Method",
            methods,
            default=now.method,
            format_func=_METHODS.__getitem__,
            key=f"layout-method-{uid}",
            required=True,
        )
        st.caption(_ABOUT_METHODS[method])
        is_solid = method != "tsne" and _three_dimensions(uid, now)
        wanted = ProjectionParameters(method=method, n_components=3 if is_solid else 2)
        if method != "pca":
            wanted = _neighborhood(uid, now, wanted)
        if st.button("Draw", type="primary", width="stretch", key=f"layout-draw-{uid}"):
            state.parameters = wanted
            st.rerun()


def _three_dimensions(uid: str, now: ProjectionParameters) -> bool:
    chosen = st.segmented_control(
        "Dimensions",
        ["2D", "3D"],
        default="3D" if now.n_components == 3 else "2D",
        key=f"layout-dimensions-{uid}",
        required=True,
        help="3D loses less and can be turned. Marking an area with lasso or box works in 2D.",
    )
    return chosen == "3D"


def _neighborhood(uid: str, now: ProjectionParameters, wanted: ProjectionParameters) -> ProjectionParameters:
    """The settings of UMAP and t-SNE."""
    n_neighbors = st.slider(
        "Neighbors",
        2,
        100,
        now.n_neighbors,
        key=f"layout-neighbors-{uid}",
        help="How many neighbors each chunk is kept near to (t-SNE: perplexity). Few show fine detail and break groups "
        "apart; many show the large picture.",
    )
    min_dist = now.min_dist
    if wanted.method == "umap":
        min_dist = st.slider(
            "Smallest distance",
            0.0,
            0.99,
            now.min_dist,
            0.01,
            key=f"layout-distance-{uid}",
            help="How tightly points may lie. 0 packs groups into clumps; more spreads them evenly.",
        )
    metric: Metric = st.selectbox(
        "Distance between embeddings",
        list(_METRICS),
        index=list(_METRICS).index(now.metric),
        format_func=_METRICS.__getitem__,
        key=f"layout-metric-{uid}",
        help="Embeddings here have length 1, so all three see nearly the same neighbors; how sharply a group is drawn "
        "together differs a little.",
    )
    seed = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        now.seed,
        key=f"layout-seed-{uid}",
        help="Another seed begins elsewhere: what stays the same in every picture can be trusted more.",
    )
    return ProjectionParameters(wanted.method, wanted.n_components, n_neighbors, min_dist, metric, seed=int(seed))


def current_layout(collection: Collection, state: MapState) -> Projection:
    """The layout that was asked for; the one before it, with progress above, while that is in the making."""
    layout = load_layout(collection, state.parameters)
    key = _task_key(collection, state.parameters)
    if layout is None and not is_long(collection.n_chunks(), state.parameters):
        layout = _make_now(collection, state.parameters)
    if layout is not None:
        state.shown = state.parameters
        if _is_active(key):
            show_task(key)
        return layout
    return _make_in_background(collection, state, key)


def _make_now(collection: Collection, parameters: ProjectionParameters) -> Projection:
    with st.spinner(f"Laying out {collection.n_chunks():,} chunks. The first map takes longest.", show_time=True):
        if parameters.method == "umap":
            warm_up_projection().join()
        return make_layout(collection, parameters)


def _make_in_background(collection: Collection, state: MapState, key: str) -> Projection:
    """Start the task or follow it; ends the page's run where there is nothing to draw meanwhile."""
    view = task_board().view(key)
    if view is None:
        _start(collection, state.parameters, key)
    elif not view.is_active:
        st.warning("This layout was not finished." if view.state == "stopped" else "This layout failed.")
        if st.button("Try again", icon=":material/refresh:"):
            task_board().forget(key)
            st.rerun()
    show_task(key)
    before = load_layout(collection, state.shown) if state.shown else None
    if before is None:
        st.caption("You can go on elsewhere meanwhile: the layout is made in the background.")
        return st.stop()
    return before


def _start(collection: Collection, parameters: ProjectionParameters, key: str) -> None:
    title = f"Laying out {collection.n_chunks():,} chunks by {_METHODS[parameters.method]}"
    task_board().start(key, title, partial(_work, collection, parameters))


def _work(collection: Collection, parameters: ProjectionParameters, report: Report) -> None:
    """The layout, and what the page asks for first: its clusters."""
    if parameters.method == "umap":
        warm_up_projection().join()
    find_clusters(collection, make_layout(collection, parameters, lambda share: report(0.95 * share)))


def _task_key(collection: Collection, parameters: ProjectionParameters) -> str:
    return f"layout-{collection.uid}-{parameters.canonical()!r}"


def _is_active(key: str) -> bool:
    view = task_board().view(key)
    return view is not None and view.is_active


def show_placed(collection: Collection, layout: Projection, state: MapState) -> None:
    """How many chunks came after the layout was made, and a way to make it anew."""
    if not len(layout.placed_ids):
        return
    counted = "1 chunk" if len(layout.placed_ids) == 1 else f"{len(layout.placed_ids):,} chunks"
    key = _task_key(collection, state.parameters)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted} came since this layout was made, and stand among their neighbors.")
        if _is_active(key):
            return
        if st.button("Lay out anew", help="Draws all chunks together. The new map is turned to lie like this one."):
            if is_long(collection.n_chunks(), state.parameters):
                task_board().forget(key)
                _start(collection, state.parameters, key)
            else:
                _make_now(collection, state.parameters)
            st.rerun()
