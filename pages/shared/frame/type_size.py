"""Larger type for a projector, on all pages."""

from __future__ import annotations

import streamlit as st

_SIZE = "20px"
"""The size of body text; all other sizes of the pages are multiples of it."""


def choose_type_size() -> None:
    """Show a switch in the sidebar for larger type; it stays on for the session."""
    is_large = st.sidebar.toggle(
        "Large type", key="large-type", persist_state="session",
        help="For a projector: text, buttons and tables of all pages are a quarter larger.",
    )  # fmt: skip
    if is_large:
        st.html(f"<style>:root {{ font-size: {_SIZE} !important; }}</style>")
