"""The Index benchmark page: recall, speed and memory of each index type on this collection."""

from __future__ import annotations

import streamlit as st

from pages.shared.index_benchmark.results import (
    choose_plan,
    run_of,
    show_choice,
    show_index_types,
    show_missed,
    show_results,
)
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from pages.shared.widgets.sample_note import show_sample_note
from rag.errors import ExplorerError

require_workspace()
st.title("Index benchmark")
collection = require_chunks()
st.caption(
    "An index finds neighbors without comparing every chunk. Each type trades some accuracy for speed or memory."
)
show_sample_note(collection, "The figures of this page")
try:
    plan = choose_plan(collection)
    run = run_of(collection, plan)
    if run is not None:
        show_results(run)
    st.header("How they work")
    show_index_types()
    st.header("Missed neighbors")
    show_missed(collection, plan)
    st.header("Index of this collection")
    show_choice(collection, plan)
except ExplorerError as error:
    show_error(error)
