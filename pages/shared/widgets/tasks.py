"""A background task on a page: its progress, and a button that stops it."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import task_board
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.wording import spoken
from rag.errors import ExplorerError
from rag.runtime.background import TaskView


def show_task(key: str) -> None:
    """The task's progress, updated while it runs, or its error; the page runs again when the task has ended."""
    view = task_board().view(key)
    if view is None:
        return
    if view.is_active:
        _fresh(key)
    elif view.state == "failed":
        st.error(escaped(view.error), icon=":material/error:")


@st.fragment(run_every=0.5)
def _fresh(key: str) -> None:
    view = task_board().view(key)
    if view is None or not view.is_active:
        st.rerun()
        return
    bar, stop = st.columns([5, 1], vertical_alignment="center")
    bar.progress(view.share, _progress_text(view))
    icon = ":material/stop_circle:"
    if stop.button("Stop", key=f"stop-{key}", icon=icon, width="stretch", disabled=view.is_stopping):
        try:
            task_board().stop(key)
        except ExplorerError as error:
            show_error(error)


def _progress_text(view: TaskView) -> str:
    """The task's title and state, with the time left if it is known."""
    if view.is_stopping:
        return f"{view.title}: stops after the present step"
    if view.state == "waiting":
        return f"{view.title}: waits for the task before it"
    left = f" · about {spoken(view.seconds_left)} left" if view.seconds_left is not None else ""
    return f"{view.title}{left}"
