"""The projection settings of the map, and the layout computed from them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.session.resources import task_board, warm_up_projection
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.map_state import MapState
from pages.shared.widgets.tasks import show_task
from rag.map.clusters.finding import find_clusters
from rag.map.layout import is_long, layout_stamp, load_layout, make_layout
from rag.map.projection import Method, Metric, ProjectionParameters
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Projection

_METHODS: dict[Method, str] = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
_ABOUT_METHODS: dict[Method, str] = {
    "umap": f"UMAP: {help_for('UMAP')}",
    "tsne": f"t-SNE: {help_for('t-SNE')}",
    "pca": f"PCA: {help_for('PCA')}",
}
_METRICS: dict[Metric, str] = {
    "cosine": "cosine: the angle between two embeddings",
    "euclidean": "euclidean: the straight-line distance",
    "correlation": "correlation: the angle after subtracting each mean",
}


def layout_controls(uid: str, state: MapState) -> None:
    """A popover with the projection settings of the collection `uid`; "Recompute map" applies them."""
    with st.popover("Projection", icon=":material/tune:"):
        now = state.parameters
        methods = list(_METHODS)
        method = st.segmented_control(
            "Method",
            methods,
            default=now.method,
            format_func=_METHODS.__getitem__,
            key=f"layout-method-{uid}",
            required=True,
            help=help_for("projection"),
        )
        st.caption(_ABOUT_METHODS[method])
        is_3d = method != "tsne" and _three_dimensions(uid, now)
        wanted = ProjectionParameters(method=method, n_components=3 if is_3d else 2)
        if method != "pca":
            wanted = _neighborhood(uid, now, wanted)
        if st.button("Recompute map", type="primary", width="stretch", key=f"layout-draw-{uid}"):
            state.parameters = wanted
            st.rerun()


def _three_dimensions(uid: str, now: ProjectionParameters) -> bool:
    chosen = st.segmented_control(
        "Dimensions",
        ["2D", "3D"],
        default="3D" if now.n_components == 3 else "2D",
        key=f"layout-dimensions-{uid}",
        required=True,
        help="3D distorts less and can be rotated. Selecting an area with lasso or box works in 2D only.",
    )
    return chosen == "3D"


def _neighborhood(uid: str, now: ProjectionParameters, wanted: ProjectionParameters) -> ProjectionParameters:
    """The settings of UMAP and t-SNE, as controls."""
    n_neighbors = st.slider(
        "n_neighbors" if wanted.method == "umap" else "perplexity",
        2,
        100,
        now.n_neighbors,
        key=f"layout-neighbors-{uid}",
        help=help_for("n_neighbors") if wanted.method == "umap" else help_for("perplexity"),
    )
    min_dist = now.min_dist
    if wanted.method == "umap":
        min_dist = st.slider(
            "min_dist (point spacing)",
            0.0,
            0.99,
            now.min_dist,
            0.01,
            key=f"layout-distance-{uid}",
            help=help_for("min_dist"),
        )
    metric: Metric = st.selectbox(
        "Metric",
        list(_METRICS),
        index=list(_METRICS).index(now.metric),
        format_func=_METRICS.__getitem__,
        key=f"layout-metric-{uid}",
        help=f"{help_for('metric')} Embeddings here have length 1, so the three metrics give similar maps.",
    )
    seed = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        now.seed,
        key=f"layout-seed-{uid}",
        help=f"{help_for('seed')} Groups that appear with every seed are more trustworthy.",
    )
    return ProjectionParameters(wanted.method, wanted.n_components, n_neighbors, min_dist, metric, seed=int(seed))


@st.cache_resource(max_entries=4, show_spinner=False)
def _layout_of_file(
    key: tuple[str, str, int, tuple[int, int]], parameters: ProjectionParameters, _collection: Collection
) -> Projection | None:
    return load_layout(_collection, parameters)


def _layout(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    """The cached layout; it is read again when its file or the collection has changed."""
    stamp = layout_stamp(collection, parameters)
    if stamp is None:
        return load_layout(collection, parameters)
    key = collection.location, collection.uid, collection.generation(), stamp
    return _layout_of_file(key, parameters, collection)


def current_layout(collection: Collection, state: MapState) -> Projection:
    """The layout of the chosen settings; while it is computed, the previous layout with the progress above it."""
    layout = _layout(collection, state.parameters)
    key = _task_key(collection, state.parameters)
    if layout is None and not is_long(collection.n_sampled(), state.parameters):
        layout = _make_now(collection, state.parameters)
    if layout is not None:
        state.shown = state.parameters
        if _is_active(key):
            show_task(key)
        return layout
    return _make_in_background(collection, state, key)


def _make_now(collection: Collection, parameters: ProjectionParameters) -> Projection:
    with st.spinner(
        f"Computing the map of {collection.n_sampled():,} chunks. The first map takes longest.", show_time=True
    ):
        if parameters.method == "umap":
            warm_up_projection().join()
        return make_layout(collection, parameters)


def _make_in_background(collection: Collection, state: MapState, key: str) -> Projection:
    """Start the task or show its progress; stops the page run if there is no earlier layout to show meanwhile."""
    view = task_board().view(key)
    if view is None:
        _start(collection, state.parameters, key)
    elif not view.is_active:
        st.warning("The layout was interrupted." if view.state == "stopped" else "The layout failed.")
        if st.button("Try again", icon=":material/refresh:"):
            task_board().forget(key)
            st.rerun()
    show_task(key)
    before = _layout(collection, state.shown) if state.shown else None
    if before is None:
        st.caption("You can use other pages meanwhile: the layout is computed in the background.")
        return st.stop()
    return before


def _start(collection: Collection, parameters: ProjectionParameters, key: str) -> None:
    title = f"Computing the {_METHODS[parameters.method]} layout of {collection.n_sampled():,} chunks"
    task_board().start(key, title, partial(_work, collection, parameters))


def _work(collection: Collection, parameters: ProjectionParameters, report: Report) -> None:
    """Compute the layout, then its clusters, which the page needs next."""
    if parameters.method == "umap":
        warm_up_projection().join()
    find_clusters(collection, make_layout(collection, parameters, lambda share: report(0.95 * share)))


def _task_key(collection: Collection, parameters: ProjectionParameters) -> str:
    return f"layout-{collection.uid}-{parameters.canonical()!r}"


def _is_active(key: str) -> bool:
    view = task_board().view(key)
    return view is not None and view.is_active


def show_placed(collection: Collection, layout: Projection, state: MapState) -> None:
    """The number of chunks added after the layout was computed, and a button that computes it again."""
    if not len(layout.placed_ids):
        return
    n = len(layout.placed_ids)
    placed = "1 new chunk was placed near its" if n == 1 else f"{n:,} new chunks were placed near their"
    key = _task_key(collection, state.parameters)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{placed} neighbors. Recompute the layout to include {'it' if n == 1 else 'them'}.")
        if _is_active(key):
            return
        if st.button(
            "Recompute layout", help="Computes all positions again. The new map is rotated to match this one."
        ):
            if is_long(collection.n_sampled(), state.parameters):
                task_board().forget(key)
                _start(collection, state.parameters, key)
            else:
                _make_now(collection, state.parameters)
            st.rerun()
