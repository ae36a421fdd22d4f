"""Clicks whose work may fail: it is done before the page is drawn, and its error is shown in the place for it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared.widgets.common import show_error
from rag.errors import ExplorerError

_PROBLEM = "evaluate-problem"


def guarded(work: Callable[[], None]) -> None:
    """A click's work, as a callback: a rerun in the meantime cannot lose the click. Its error is kept."""
    try:
        work()
    except ExplorerError as error:
        st.session_state[_PROBLEM] = error


def show_problem() -> None:
    """Show the error of the last click, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        show_error(problem)
