"""Comparisons of settings: start, progress, continue, and the choice among the stored ones."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.grid.controls import Chosen, present_point
from pages.shared.evaluate.grid.loaded import LoadedGrid, load_conditions, load_measured
from pages.shared.evaluate.grid.menu import show_grid_menu
from pages.shared.evaluate.grid.wording import started_at, whole_name
from pages.shared.session.person import is_editor
from pages.shared.session.resources import embedder, task_board
from pages.shared.widgets.common import escaped
from pages.shared.widgets.tasks import show_task
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.cached import CachedEmbedder, VectorCache, load_cached_embedder
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.grid.compare import PRESENT
from rag.evaluation.grid.grid_run import Grid, new_grid
from rag.evaluation.grid.stored import grid_paths, save_grid
from rag.evaluation.grid.work import measure_points
from rag.runtime.background import Report
from rag.store.collection import Collection


def start_button(collection: Collection, exam: CollectionExam, chosen: Chosen) -> None:
    """The button that starts a comparison."""
    st.button(
        "Compare settings", type="primary", icon=":material/play_arrow:", on_click=guarded,
        args=(partial(_start, collection, exam, chosen),), disabled=not chosen.is_usable or not is_editor(),
    )  # fmt: skip


def choose_grid(collection: Collection) -> LoadedGrid | None:
    """The stored comparison to show, by default the newest; None if there is none."""
    paths = {path.parent.name: path for path in grid_paths(config.data_dir(), collection.uid)}
    if not paths:
        st.info(
            "No settings were compared yet. Click **Compare settings**: a picture will show which chunks, model and "
            "search find the passages best, and what they cost.",
            icon=":material/info:",
        )
        return None
    st.header("Results")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Comparison", list(paths), format_func=lambda name: _label(paths[name]), key=_chosen_key(collection.uid),
            persist_state="session", help="Comparisons are kept; the newest is at the top.",
        )  # fmt: skip
        loaded = load_measured(load_conditions(paths[chosen]))
        show_grid_menu(loaded, partial(_forget_choice, collection.uid), is_running=is_running(loaded.grid))
    if loaded.grid.conditions.generation != collection.generation():
        st.caption(
            ":material/info: The documents have changed since this comparison. Compare again to see what that did."
        )
    if loaded.grid.points[PRESENT] != present_point(collection):
        then = escaped(whole_name(loaded.grid.points[PRESENT]))
        st.caption(f":material/info: 'Present' is the setting when this comparison was started: {then}.")
    return loaded


def is_running(grid: Grid) -> bool:
    """Whether the grid waits to be measured or is being measured by this process."""
    view = task_board().view(_task_key(grid))
    return view is not None and view.is_active


def show_progress(collection: Collection, loaded: LoadedGrid) -> bool:
    """The progress of a comparison, or the offer to continue it; returns whether it is running."""
    grid = loaded.grid
    show_task(_task_key(grid))
    if is_running(grid):
        return True
    if load_measured(grid).n_missing != loaded.n_missing:
        # It ended after the results were read for this page.
        st.rerun()
    for problem in loaded.problems:
        st.warning(escaped(problem), icon=":material/warning:")
    if loaded.n_missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"{len(loaded.results):,} of {counted(len(grid.points), 'setting')} were measured before this ended.",
                icon=":material/pause_circle:",
            )
            st.button(
                "Continue", icon=":material/play_arrow:", on_click=guarded,
                args=(partial(_continue, collection, grid),),
                disabled=grid.conditions.generation != collection.generation() or not is_editor(),
                help="Measures the settings that are missing. If the documents have changed, compare again instead.",
            )  # fmt: skip
    return False


def _label(path: Path) -> str:
    try:
        grid = load_conditions(path)
    except ExplorerError:
        return f"{path.parent.name} (cannot be read)"
    one = grid.conditions
    settings, asked = counted(len(grid.points), "setting"), counted(len(grid.questions), "question")
    return f"{started_at(grid)} · {settings} · {one.exam}, {asked} · k = {one.k}"


def _start(collection: Collection, exam: CollectionExam, chosen: Chosen) -> None:
    grid = new_grid(collection, exam, chosen.plan.points, chosen.k)
    save_grid(config.data_dir(), grid)
    st.session_state[_chosen_key(collection.uid)] = grid.grid_id
    _continue(collection, grid)


def _continue(collection: Collection, grid: Grid) -> None:
    models: dict[str, CachedEmbedder] = {}
    for name in dict.fromkeys(point.model_id for point in grid.points):
        try:
            models[name] = embedder(name)
        except ExplorerError:
            continue  # The task names it after it has measured the others.
    key, title = _task_key(grid), f"Measuring {counted(len(grid.points), 'setting')}"
    task_board().forget(key)
    task_board().start(key, title, partial(_work, config.data_dir(), collection, grid, models))


def _work(folder: Path, collection: Collection, grid: Grid, models: dict[str, CachedEmbedder], report: Report) -> None:
    def load(name: str) -> CachedEmbedder:
        # Its counts begin at 0, so that they are those of this work alone.
        known = models.get(name)
        return CachedEmbedder(known.model, VectorCache.default()) if known else load_cached_embedder(name)

    measure_points(folder, grid, collection, load, report=report)


def _forget_choice(uid: str) -> None:
    st.session_state.pop(_chosen_key(uid), None)


def _chosen_key(uid: str) -> str:
    return f"grid-chosen-{uid}"


def _task_key(grid: Grid) -> str:
    return f"grid-{grid.grid_id}"
