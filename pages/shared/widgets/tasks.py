"""A background task on a page: its progress, and a button that stops it."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import task_board
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.wording import spoken
from rag.errors import ExplorerError


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
    left = f" · about {spoken(view.seconds_left)} left" if view.seconds_left is not None else ""
    text = f"{view.title}{left}" if view.state == "running" else f"{view.title}: waits for the task before it"
    bar, stop = st.columns([5, 1], vertical_alignment="center")
    bar.progress(view.share, text)
    if stop.button("Stop", key=f"stop-{key}", icon=":material/stop_circle:", width="stretch"):
        try:
            task_board().stop(key)
        except ExplorerError as error:
            show_error(error)
