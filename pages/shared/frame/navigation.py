"""The list of pages in the sidebar: below the collection picker, which Streamlit's own list would stand above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.components import v2

_marks = v2.component("navigation_marks", js=Path(__file__).with_name("navigation.js").read_text(encoding="utf-8"))


def show_navigation(sections: Mapping[str, Sequence[st.Page]], current: st.Page) -> None:
    """A link to each page, below the name of its section; `current` is marked, also for screen readers."""
    with st.container(gap="xxsmall", key="navigation"):
        for name, pages in sections.items():
            st.caption(name)
            for page in pages:
                st.page_link(page)
        _marks(key="navigation-marks", data={"label": "Pages", "current": current.title})
