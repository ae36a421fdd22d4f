"""How healthy a collection is: copies, chunks that are near to everything, chunks that are near to nothing."""

from __future__ import annotations

import streamlit as st

from pages.shared.data_quality.lists import find_duplicates, show_duplicates, show_hubs, show_loners
from pages.shared.session.resources import neighbor_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from rag.errors import ExplorerError

require_workspace()
st.title("Health")
collection = require_chunks()
st.caption(
    "What disturbs search: the same text twice, chunks that turn up for every question, and chunks far from all others."
)
try:
    table = neighbor_table(collection)
    threshold = st.slider(
        "Near-duplicates from similarity", 0.80, 1.0, 0.95, 0.01, key="health-threshold",
        help="Pairs of chunks at least this similar count as saying the same. 1.00 finds exact copies.",
    )  # fmt: skip
    found = find_duplicates(collection, threshold)
    copies, hubs, loners = st.tabs(["Near-duplicates", "Hubs", "Loners"])
    with copies:
        show_duplicates(collection, found, threshold)
    with hubs:
        show_hubs(collection, table)
    with loners:
        show_loners(collection, table)
except ExplorerError as error:
    show_error(error)
