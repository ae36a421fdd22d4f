"""A text field that sends its text while it is typed; the text field of Streamlit waits for Enter."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components import v2

_FRONTEND = Path(__file__).with_name("live_text_frontend")
_component = v2.component(
    "live_text",
    css=(_FRONTEND / "live_text.css").read_text(encoding="utf-8"),
    js=(_FRONTEND / "live_text.js").read_text(encoding="utf-8"),
)


def fill(key: str, text: str) -> None:
    """Replace what is in the field, for a button below it."""
    st.session_state[key] = text
    st.session_state[f"{key}-filled"] = st.session_state.get(f"{key}-filled", 0) + 1


def live_text(label: str, *, key: str, placeholder: str = "", help: str = "") -> str:
    """The current text of the field; the page, or the fragment with the field, runs again soon after each change.

    `st.session_state[key]` keeps the text, also while another page is open; set it before the field is first drawn
    to fill the field.
    """
    field = f"{key}-field"

    def keep() -> None:
        st.session_state[key] = str(st.session_state[field].get("value", ""))

    text = str(st.session_state.setdefault(key, ""))
    n_filled = st.session_state.get(f"{key}-filled", 0)
    message = {"label": label, "placeholder": placeholder, "help": help, "text": text, "filled": n_filled}
    _component(key=field, data=message, default={"value": text}, on_value_change=keep)
    return text
