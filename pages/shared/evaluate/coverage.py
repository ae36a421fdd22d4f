"""Coverage: the chunks that come for many questions, and how many come for none."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared.widgets.common import show_chunk_links
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.map_state import link_to_run
from pages.shared.widgets.wording import counted
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.run_comparison import retrieved_counts
from rag.store.collection import Collection

_LISTED = 10
_SHOWN = 160
"""Characters of a chunk's text in the list."""


def show_coverage(collection: Collection, run: CollectionRun) -> None:
    """How many chunks came for any question, and those that came for the most."""
    counts = retrieved_counts(run, range(len(run.conditions.settings)))
    st.header("Coverage")
    n, k = run.conditions.n_chunks, run.conditions.settings[0].k
    st.markdown(
        f"**{counted(n - len(counts), 'chunk')} of {n:,}** were among the first {k} for no question of this exam, in "
        "no search. The exam says nothing about them."
    )
    with st.container(horizontal=True):
        for label, has_failed in (("Show on the map", False), ("Show the failed questions on the map", True)):
            where = link_to_run(collection.spec.name, run.run_id, has_failed=has_failed)
            st.page_link("pages/map.py", label=label, icon=":material/scatter_plot:", query_params=where)
    often = sorted(counts, key=lambda one: (-counts[one], one))[:_LISTED]
    texts = {chunk.chunk_id: " ".join(chunk.text.split())[:_SHOWN] for chunk in collection.chunks(often)}
    rows = [{"questions": counts[one], "chunk": one, "text": texts[one]} for one in often if one in texts]
    if not rows:
        return
    event = st.dataframe(
        pd.DataFrame(rows), hide_index=True, on_select="rerun", selection_mode="single-row", key="evaluate-often",
        column_config={
            "questions": st.column_config.NumberColumn(
                width="small", help=f"For how many questions this chunk was among the first {k}. {help_for('hub')}"
            ),
            "chunk": None,
            "text": st.column_config.TextColumn(width="large"),
        },
        alt="The chunks that came for the most questions",
    )  # fmt: skip
    if event.selection.rows:
        show_chunk_links(int(str(rows[event.selection.rows[0]]["chunk"])), on_map=True)
    else:
        st.caption("These came for the most questions. Select a row to open its chunk.")
