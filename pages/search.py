"""The Search page: which passages a question finds, updated while it is typed, without an answering model."""

from __future__ import annotations

import streamlit as st

from pages.shared.search.live_search import show_search
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.retrieval_settings import choose_settings, chosen_chunks

require_workspace()
st.title("Search")
collection = require_chunks()
st.caption(
    "See which passages a model would be given for a question, while you type. No answering model is used here. If the "
    "right passage is not in this list, no model can answer. 'Search settings' in the sidebar controls the search."
)
settings = choose_settings(collection, for_a_model=False)
show_search(collection, settings, chosen_chunks(collection))
