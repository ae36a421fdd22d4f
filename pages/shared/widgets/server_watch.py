"""Run the page again once the model servers have answered, so that a page drawn before then is completed."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.model_servers import is_asking, n_late_answers


class ServerWatch:
    """Made before a page uses answers of servers; `rerun_when_answered` at its end completes the page."""

    def __init__(self) -> None:
        self._n_late = n_late_answers()

    def rerun_when_answered(self) -> None:
        """Run the page again when no server is being asked any more; at once if an answer came too late for this run.

        Nothing happens if every answer was there in time.
        """
        if is_asking():
            _watch()
        elif n_late_answers() != self._n_late:
            st.rerun()


@st.fragment(run_every=0.5)
def _watch() -> None:
    if not is_asking():
        st.rerun()
