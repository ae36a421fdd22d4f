"""The index lab: what each kind of index gives up for speed, on this collection."""

from __future__ import annotations

import streamlit as st

from pages.shared.index_benchmark.results import choose_plan, run_of, show_choice, show_kinds, show_lost, show_results
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from rag.errors import ExplorerError

require_workspace()
st.title("Index lab")
collection = require_chunks()
st.caption(
    "An index finds neighbors without comparing everything. Each kind gives something up for speed or memory: see what."
)
try:
    plan = choose_plan(collection)
    run = run_of(collection, plan)
    if run is not None:
        show_results(run)
    st.subheader("How they work")
    show_kinds()
    st.subheader("What an index loses")
    show_lost(collection, plan)
    st.subheader("The collection's index")
    show_choice(collection, plan)
except ExplorerError as error:
    show_error(error)
