"""The status line of a model or a server: a dot, a name and a sentence."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.shared.widgets.common import escaped

Colour = Literal["green", "orange", "gray"]
"""Green: works. Orange: works, but something is missing or wrong. Gray: not available."""

ICONS: dict[Colour, str] = {
    "green": ":material/check_circle:",
    "orange": ":material/error:",
    "gray": ":material/circle:",
}


def show_status_line(colour: Colour, name: str, sentence: str, *, help: str | None = None) -> None:
    """The dot with the name, and the sentence below; Markdown in both is escaped."""
    st.markdown(f":{colour}[{ICONS[colour]}] **{escaped(name)}**")
    st.caption(escaped(sentence), help=help)
