"""Runs of exams: what to compare, start, progress, and the choice among the stored runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.evaluate.clicks import guarded, show_problem
from pages.shared.evaluate.run_menu import show_run_menu
from pages.shared.evaluate.wording import MODES, when
from pages.shared.session.person import is_editor
from pages.shared.session.resources import embedder, task_board
from pages.shared.widgets.exams.stored_runs import load_stored
from pages.shared.widgets.tasks import show_task
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.stored.runs import run_path, run_paths, save_run
from rag.retrieval.settings import Mode
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Embedder


def choose_settings(collection: Collection) -> tuple[Setting, ...]:
    """The controls for the searches to compare and the number of passages; empty if no search is chosen."""
    modes: list[Mode] = st.pills(
        "Searches to compare", list(MODES), selection_mode="multi", default=list(MODES),
        format_func=MODES.__getitem__, key=f"evaluate-modes-{collection.uid}", persist_state="session",
        help="The same searches as on the Search page. The first one is what the others are compared with.",
    )  # fmt: skip
    st.session_state.setdefault(k_key(collection), config.DEFAULT_K)
    k = st.number_input(
        "Passages (k)", 1, KEPT_HITS, key=k_key(collection), persist_state="session", width=130,
        help="How many results count: as many passages as a model would be given.",
    )  # fmt: skip
    return tuple(Setting(mode, int(k)) for mode in MODES if mode in modes)


def start_button(
    collection: Collection, exam: CollectionExam | None, settings: tuple[Setting, ...], below: DeltaGenerator
) -> None:
    """The button that starts a run; in `below`, what went wrong when it was last clicked."""
    st.button(
        "Run", type="primary", icon=":material/play_arrow:", on_click=guarded,
        args=(partial(start_run, collection, exam, settings),),
        disabled=exam is None or not exam.questions or not settings or not is_editor(),
    )  # fmt: skip
    with below:
        show_problem()


def choose_run(collection: Collection, *, can_start: bool) -> CollectionRun | None:
    """The stored run to show, by default the newest; None if there is none or if it is damaged, which is shown.

    Args:
        can_start: whether the button that starts a run can be clicked.
    """
    paths = {path.stem: path for path in run_paths(config.data_dir(), collection.uid)}
    if not paths:
        if can_start:
            st.info("This collection has no run yet. Click **Run**; the results appear here.", icon=":material/info:")
        elif not is_editor():
            st.info("This collection has no run yet. An editor can start one.", icon=":material/info:")
        return None
    st.header("Results")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Run", list(paths), format_func=lambda run_id: _label(paths[run_id]), key=_run_key(collection),
            persist_state="session", help="Runs are kept with all their settings; the newest is at the top.",
        )  # fmt: skip
        run = load_stored(paths[chosen])
        show_run_menu(run)
    if run.conditions.generation != collection.generation():
        st.caption(
            ":material/info: The documents have changed since this run. Run the exam again to see what that did."
        )
    return run


def show_progress(collection: Collection, run: CollectionRun) -> bool:
    """The progress of a run that is being answered, or the offer to continue one; returns whether it is running."""
    view = task_board().view(_task_key(run))
    show_task(_task_key(run))
    if view is not None and view.is_active:
        return True
    if not run.is_complete:
        if load_stored(run_path(config.data_dir(), run)).answers.keys() != run.answers.keys():
            # It ended after the run was read for this page.
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"This run ended early: {len(run.answers):,} of {counted(len(run.questions), 'question')} answered.",
                icon=":material/pause_circle:",
            )
            st.button(
                "Continue", icon=":material/play_arrow:", on_click=guarded,
                args=(partial(_continue, collection, run),),
                disabled=run.conditions.generation != collection.generation() or not is_editor(),
                help="Asks the questions that are missing. If the documents have changed, start a new run instead.",
            )  # fmt: skip
    return False


def _label(path: Path) -> str:
    try:
        run = load_stored(path)
    except ExplorerError:
        return f"{path.stem} (cannot be read)"
    searches = ", ".join(MODES[setting.mode] for setting in run.conditions.settings)
    # Nothing that changes while the run goes on: the browser remembers a choice by its text.
    asked = counted(len(run.questions), "question")
    return f"{when(run)} · {run.conditions.exam}, {asked} · k = {run.conditions.settings[0].k} · {searches}"


def start_run(collection: Collection, exam: CollectionExam | None, settings: tuple[Setting, ...]) -> None:
    """Store a run without answers, choose it, and answer its questions in the background; nothing without an exam.

    Raises:
        ExplorerError: the model cannot be loaded, or the run cannot be stored.
    """
    if exam is None:
        return
    model = embedder(collection.spec.embedding.model_id)
    run = new_run(collection, exam, settings)
    save_run(config.data_dir(), run)
    select_run(collection, run)
    _answer(collection, run, model)


def select_run(collection: Collection, run: CollectionRun) -> None:
    """Choose the run whose results are shown."""
    st.session_state[_run_key(collection)] = run.run_id


def k_key(collection: Collection) -> str:
    """The key of the control for the number of passages."""
    return f"evaluate-k-{collection.uid}"


def _continue(collection: Collection, run: CollectionRun) -> None:
    _answer(collection, run, embedder(collection.spec.embedding.model_id))


def _answer(collection: Collection, run: CollectionRun, model: Embedder) -> None:
    task_board().forget(_task_key(run))
    title = f"Asking {counted(len(run.missing), 'question')}"
    task_board().start(_task_key(run), title, partial(_work, config.data_dir(), collection, run, model))


def _work(folder: Path, collection: Collection, run: CollectionRun, model: Embedder, report: Report) -> None:
    answer_questions(run, collection, model, partial(save_run, folder), report=report)


def _run_key(collection: Collection) -> str:
    return f"evaluate-run-{collection.uid}"


def _task_key(run: CollectionRun) -> str:
    return f"evaluate-{run.run_id}"
