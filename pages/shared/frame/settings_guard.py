"""Check of the settings file: until it can be read, pages show an error message instead of their content."""

from __future__ import annotations

import streamlit as st

from pages.shared.widgets.common import show_error
from rag import config
from rag.errors import ExplorerError
from rag.settings import load_settings


def require_settings() -> None:
    """Check the saved settings; if they cannot be read, show what to do and stop the page."""
    try:
        load_settings(config.data_dir())
    except ExplorerError as error:
        show_error(error)
        st.button("Try again", icon=":material/refresh:", help="Reads the file again.")
        st.stop()
