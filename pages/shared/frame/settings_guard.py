"""What keeps the pages from settings that cannot be read: a sentence in their place, until the file is mended."""

from __future__ import annotations

import streamlit as st

from pages.shared.widgets.common import show_error
from rag import config
from rag.errors import ExplorerError
from rag.settings import load_settings


def require_settings() -> None:
    """Nothing where the saved settings can be read; else what to do about them, and the end of the page."""
    try:
        load_settings(config.data_dir())
    except ExplorerError as error:
        show_error(error)
        st.button("Try again", icon=":material/refresh:", help="Reads the file again.")
        st.stop()
