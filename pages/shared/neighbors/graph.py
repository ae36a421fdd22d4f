"""Similarity among the results: a heat map of every pair, and a graph of mutual neighbors."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.neighbors.search import Subject
from pages.shared.session.resources import neighbor_table
from pages.shared.widgets.charts import graph_figure, heat_figure
from rag.neighbors.graph import mutual, neighbor_graph, similarity_matrix
from rag.store.collection import Collection
from rag.types import Hit

_MOST = 40


def show_neighborhood(collection: Collection, subject: Subject, hits: Sequence[Hit]) -> None:
    """A heat map and a graph of the text and its neighbors, and the number of pairs that are mutual neighbors."""
    import numpy as np

    shown = hits[:_MOST]
    ids, unit = collection.vectors_with([hit.chunk.chunk_id for hit in shown])
    shown = [hit for hit in shown if hit.chunk.chunk_id in ids]
    rows = ids.searchsorted(np.array([hit.chunk.chunk_id for hit in shown]))
    compared = np.vstack([subject.vector[None, :], unit[rows]])
    names = ["your text" if subject.chunk is None else "selected chunk", *(str(hit.rank) for hit in shown)]
    left, right = st.columns(2)
    with left:
        similarities = similarity_matrix(compared)
        st.plotly_chart(
            heat_figure(similarities, names), key="heat", config={"displayModeBar": False},
            alt=f"Heat map of the cosine similarity of every pair, from {similarities.min():.2f} to 1.00.",
        )  # fmt: skip
        st.caption(
            "Cosine similarity of every pair. Numbers: ranks. Yellow: similar. Results in a bright block are alike."
        )
    with right:
        graph = neighbor_graph(compared)
        st.plotly_chart(
            graph_figure(graph, names), key="graph", config={"displayModeBar": False},
            alt=f"Graph of {len(names)} points with {len(graph.edges):,} links, {int(graph.is_mutual.sum()):,} mutual.",
        )  # fmt: skip
        st.caption(
            "Each point is linked to the three points nearest to it. Thick lines: each is among the three of the other."
        )
    if collection.n_sampled() == collection.n_chunks():
        _count_mutual(collection, shown)
    if len(hits) > _MOST:
        st.caption(f"The first {_MOST} of {len(hits)} neighbors are shown here.")


def _count_mutual(collection: Collection, shown: Sequence[Hit]) -> None:
    """How many pairs of the neighbors are mutual ones in the whole collection."""
    import numpy as np

    table = neighbor_table(collection)
    pairs = mutual(np.array([hit.chunk.chunk_id for hit in shown]), table.chunk_ids, table.positions)
    n_pairs = len(shown) * (len(shown) - 1) // 2
    if n_pairs:
        st.markdown(
            f"**{len(pairs):,} of {n_pairs:,} pairs** of these neighbors are mutual: each is among the "
            f"{table.positions.shape[1]} nearest of the other in the whole collection."
        )
