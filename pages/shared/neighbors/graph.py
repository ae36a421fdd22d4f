"""The neighbors among themselves: how alike each is to each, and who is whose neighbor."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.neighbors.search import Subject
from pages.shared.session.resources import neighbor_table, vectors
from pages.shared.widgets.charts import graph_figure, heat_figure
from rag.neighbors.graph import mutual, neighbor_graph, similarity_matrix
from rag.store.collection import Collection
from rag.types import Hit

_MOST = 40


def show_neighborhood(collection: Collection, subject: Subject, hits: Sequence[Hit]) -> None:
    """A heat map and a small graph of the subject and its neighbors, and how many are neighbors of one another."""
    import numpy as np

    shown = hits[:_MOST]
    ids, unit = vectors(collection)
    rows = ids.searchsorted(np.array([hit.chunk.chunk_id for hit in shown]))
    own = np.vstack([subject.vector[None, :], unit[rows]])
    names = ["the text", *(str(hit.rank) for hit in shown)]
    left, right = st.columns(2)
    with left:
        st.plotly_chart(heat_figure(similarity_matrix(own), names), key="heat", config={"displayModeBar": False})
        st.caption("How alike each is to each. Numbers are ranks; yellow is alike. Bright blocks say the same thing.")
    with right:
        st.plotly_chart(graph_figure(neighbor_graph(own), names), key="graph", config={"displayModeBar": False})
        st.caption("Each is joined to its three nearest among these. Thick lines: each is among the other's nearest.")
    table = neighbor_table(collection)
    pairs = mutual(np.array([hit.chunk.chunk_id for hit in shown]), table.chunk_ids, table.positions)
    n_pairs = len(shown) * (len(shown) - 1) // 2
    if n_pairs:
        st.markdown(
            f"**{len(pairs):,} of {n_pairs:,} pairs** of these neighbors are mutual: each is among the other's "
            f"{table.positions.shape[1]} nearest in the whole collection."
        )
    if len(hits) > _MOST:
        st.caption(f"The first {_MOST} of {len(hits)} neighbors are shown here.")
