"""Dialogs that stay open until they are closed.

Streamlit shows a dialog in the run in which it is called, and closes it in the next run of the page. But a page also
runs again for other reasons: documents were added, a model was downloaded, a map was drawn. So what is open is kept.
The browser builds the dialog again then: of a text that is being typed, what was not applied yet is lost.
"""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

_OPEN = "open-dialog"
_PAGE = "page-of-open-dialog"


def begin_dialogs(page: str) -> None:
    """To be called at the beginning of each run, with the page's path: a dialog is not kept on another page."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        close_dialog()


def is_open(dialog: str, *what: Hashable, asked: bool) -> bool:
    """Whether to show this dialog: it was asked for in this run, or before, and was not closed since.

    Args:
        dialog: a name of it, unique in the app.
        what: what it is about, such as a collection; about something else it is not kept open.
        asked: whether its button was clicked in this run.
    """
    if asked:
        st.session_state[_OPEN] = (dialog, *what)
    return bool(st.session_state.get(_OPEN) == (dialog, *what))


def close_dialog() -> None:
    """Keep no dialog open; the one that is shown closes with the next run of the page. For `on_dismiss`, too."""
    st.session_state.pop(_OPEN, None)
