"""The Data quality page: near-duplicates, hubs (in too many results) and outliers (similar to no other chunk)."""

from __future__ import annotations

import streamlit as st

from pages.shared.data_quality.lists import find_duplicates, show_duplicates, show_hubs, show_outliers
from pages.shared.session.resources import neighbor_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.sample_note import show_sample_note
from rag.errors import ExplorerError

require_workspace()
st.title("Data quality")
collection = require_chunks()
st.caption(
    "Issues that hurt retrieval: repeated text, chunks that appear in too many results, and chunks unlike all others."
)
show_sample_note(collection, "The lists of this page")
try:
    table = neighbor_table(collection)
    threshold = st.slider(
        "Duplicate threshold (cosine)", 0.80, 1.0, 0.95, 0.01, key="health-threshold",
        help=help_for("duplicate threshold"),
    )  # fmt: skip
    duplicates = find_duplicates(collection, threshold)
    duplicates_tab, hubs_tab, outliers_tab = st.tabs(["Near-duplicates", "Hubs", "Outliers"])
    with duplicates_tab:
        show_duplicates(collection, table, duplicates, threshold)
    with hubs_tab:
        show_hubs(collection, table)
    with outliers_tab:
        show_outliers(collection, table)
except ExplorerError as error:
    show_error(error)
