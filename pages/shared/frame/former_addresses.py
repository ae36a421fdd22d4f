"""Redirects from other addresses of pages: former ones, so that saved links still work, and the map's by its name."""

from __future__ import annotations

from functools import partial

import streamlit as st

_FILES = {
    "map": "pages/map.py",
    "playground": "pages/search.py",
    "arithmetic": "pages/vector_arithmetic.py",
    "compare": "pages/compare_models.py",
    "health": "pages/data_quality.py",
    "index_lab": "pages/index_benchmark.py",
}
"""The last part of an address, and the file of the page that it opens. The map itself has the bare address."""


def pages_that_redirect() -> list[st.Page]:
    """Hidden pages at these addresses; each opens the page that is meant, with the same query parameters."""
    return [
        st.Page(partial(_open, file), title="Moved", url_path=name, visibility="hidden")
        for name, file in _FILES.items()
    ]


def _open(file: str) -> None:
    st.switch_page(file, query_params=dict(st.query_params))
