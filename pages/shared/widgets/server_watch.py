"""Run the page again once the model servers have answered, so that a page drawn before then is completed."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.model_servers import is_asking


def rerun_when_answered() -> None:
    """Call this at the end of a page that shows answers of servers; nothing happens if none is being asked."""
    if is_asking():
        _watch()


@st.fragment(run_every=0.5)
def _watch() -> None:
    if not is_asking():
        st.rerun()
