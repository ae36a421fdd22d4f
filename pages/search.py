"""Retrieval: which passages a question finds, while it is typed, without a model that answers."""

from __future__ import annotations

import streamlit as st

from pages.shared.search.live_search import show_search
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks
from pages.shared.widgets.retrieval_settings import choose_settings, chosen_chunks

require_workspace()
st.title("Retrieval")
collection = require_chunks()
st.caption(
    "Type, and see at once which passages of your documents a model would be given to answer from. Nothing is written "
    "here: what is not found now, no model could use. 'Retrieval' in the sidebar decides how passages are found."
)
settings = choose_settings(collection, for_a_model=False)
show_search(collection, settings, chosen_chunks(collection))
