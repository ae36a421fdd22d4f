"""How a model or a server is, in one line: a dot, a name and a sentence."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.shared.widgets.common import escaped

Colour = Literal["green", "orange", "gray"]
"""It works; it works but something is missing or wrong; it is not there."""

_ICONS: dict[Colour, str] = {
    "green": ":material/check_circle:",
    "orange": ":material/error:",
    "gray": ":material/circle:",
}


def show_status_line(colour: Colour, name: str, sentence: str) -> None:
    """The name beside its dot, the sentence below; both as they are, not as Markdown."""
    st.markdown(f":{colour}[{_ICONS[colour]}] **{escaped(name)}**")
    st.caption(escaped(sentence))


def counted(number: int, thing: str) -> str:
    """ "1 model", "2 models"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
