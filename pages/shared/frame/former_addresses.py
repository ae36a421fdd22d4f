"""Redirects from the former addresses of pages, so that saved links still work."""

from __future__ import annotations

from functools import partial

import streamlit as st

_FILES = {
    "playground": "pages/search.py",
    "arithmetic": "pages/vector_arithmetic.py",
    "compare": "pages/compare_models.py",
    "health": "pages/data_quality.py",
    "index_lab": "pages/index_benchmark.py",
}
"""The former last part of the address, and the file of the page that is there now."""


def pages_that_redirect() -> list[st.Page]:
    """Hidden pages at the former addresses; each opens the page that replaced it, with the same query parameters."""
    return [
        st.Page(partial(_open, file), title="Moved", url_path=former, visibility="hidden")
        for former, file in _FILES.items()
    ]


def _open(file: str) -> None:
    st.switch_page(file, query_params=dict(st.query_params))
