"""The sidebar: the choice of a collection, the pages, and the state of the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.shared.frame.collection_picker import show_picker
from pages.shared.frame.door import show_person
from pages.shared.frame.model_chips import show_model_chips
from pages.shared.frame.navigation import show_navigation
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.dialogs import begin_dialogs
from pages.shared.widgets.storage_notes import show_read_only


def show_sidebar(sections: Mapping[str, Sequence[st.Page]], current: st.Page) -> None:
    """The collection picker on top, the pages below it, then the models; controls of a page follow.

    The dialog that is open is shown at last, so that the sidebar is complete behind it.
    """
    begin_dialogs(current.url_path)
    with st.sidebar:
        with st.container(gap="xsmall"):
            show_dialog = show_picker()
        show_read_only(require_workspace().collection)
        show_navigation(sections, current)
        with st.container(horizontal=True, gap="xsmall"):
            show_model_chips()
        show_person()
    if show_dialog:
        show_dialog()
