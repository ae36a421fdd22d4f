"""The lists of the Health page: each can be opened and taken away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.session.resources import vectors
from pages.shared.widgets.charts import occurrence_figure
from pages.shared.widgets.common import show_chunk_links
from rag.index.neighbor_table import NeighborTable
from rag.map.export.files import as_csv
from rag.neighbors.data_quality import NearDuplicates, hubs, loners, near_duplicates
from rag.store.collection import Collection

_LISTED = 50
_SKEWED = 1.0
_COSINES = ("similarity", "nearest similarity")
_TWO_DECIMALS = st.column_config.NumberColumn(format="%.2f")


@st.cache_resource(max_entries=8, show_spinner=False)
def _duplicates(path: str, uid: str, generation: int, threshold: float, _collection: Collection) -> NearDuplicates:
    ids, unit = vectors(_collection)
    bar = st.progress(0.0, "Comparing every chunk with every other")

    def show_share(share: float) -> None:
        bar.progress(min(share, 1.0))

    try:
        return near_duplicates(ids, unit, threshold, on_progress=show_share)
    finally:
        bar.empty()


def find_duplicates(collection: Collection, threshold: float) -> NearDuplicates:
    """All pairs at least this similar, with progress while they are looked for."""
    return _duplicates(str(collection.path), collection.uid, collection.generation(), threshold, collection)


def show_duplicates(collection: Collection, found: NearDuplicates, threshold: float) -> None:
    """The pairs, the most alike first."""
    n = len(found.pairs)
    if not n:
        st.success(f"No two chunks are at least {threshold:.2f} alike.", icon=":material/check_circle:")
        return
    st.markdown(f"**{n:,} pairs** of chunks are at least {threshold:.2f} alike.")
    st.caption(
        "They take places in search results from other chunks. Delete one document of two, or lower its overlap."
    )
    if not found.is_complete:
        st.warning(
            f"The search stopped at {n:,} pairs: those of the first {found.n_searched:,} chunks. Raise the threshold."
        )
    pairs = found.pairs[:_LISTED].tolist()
    texts = _texts(collection, [chunk_id for pair in pairs for chunk_id in pair])
    rows = [
        {
            "similarity": float(score), "chunk": left, "text": texts.get(left, ""),
            "and chunk": right, "its text": texts.get(right, ""),
        }
        for (left, right), score in zip(pairs, found.scores.tolist(), strict=False)
    ]  # fmt: skip
    _show_list(rows, "chunk", "duplicates")
    everything = pd.DataFrame(found.pairs, columns=["chunk", "and chunk"]).assign(similarity=found.scores)
    _take(everything, collection, "near-duplicates")


def show_hubs(collection: Collection, table: NeighborTable) -> None:
    """The chunks that are among the neighbors of very many."""
    found = hubs(table.positions, n_top=_LISTED)
    if not len(found.top_rows):
        st.info("There are too few chunks for one to be a hub.")
        return
    k = table.positions.shape[1]
    skewed = found.skewness is not None and found.skewness > _SKEWED
    st.markdown(
        f"On average a chunk is among the {k} nearest of {k} others; the largest hub is among those of "
        f"**{int(found.counts.max()):,}**, and {found.n_never:,} chunks are among nobody's."
    )
    st.caption(
        "A hub turns up for many questions, also for those it does not answer. "
        + ("This collection has strong hubs." if skewed else "Here the neighbors are spread evenly enough.")
        + ("" if found.skewness is None else f" Skewness {found.skewness:.2f}.")
    )
    st.plotly_chart(occurrence_figure(found.counts), key="occurrence", config={"displayModeBar": False})
    ids = [int(table.chunk_ids[row]) for row in found.top_rows.tolist()]
    texts = _texts(collection, ids)
    rows = [
        {"neighbor of": int(found.counts[row]), "chunk": chunk_id, "text": texts.get(chunk_id, "")}
        for row, chunk_id in zip(found.top_rows.tolist(), ids, strict=True)
    ]
    _show_list(rows, "chunk", "hubs")
    _take(pd.DataFrame({"chunk": table.chunk_ids, "neighbor of": found.counts}), collection, "hubs")


def show_loners(collection: Collection, table: NeighborTable) -> None:
    """The chunks that are least like any other."""
    found = loners(table.scores, n_top=_LISTED)
    if not len(found.rows):
        st.info("There is only one chunk: it has nothing to be far from.")
        return
    st.caption("The chunks farthest from everything else: a subject of its own, another language, or broken text.")
    ids = [int(table.chunk_ids[row]) for row in found.rows.tolist()]
    texts = _texts(collection, ids)
    rows = [
        {"nearest similarity": float(score), "chunk": chunk_id, "text": texts.get(chunk_id, "")}
        for score, chunk_id in zip(found.scores.tolist(), ids, strict=True)
    ]
    _show_list(rows, "chunk", "loners")
    nearest = pd.DataFrame({"chunk": table.chunk_ids, "nearest similarity": table.scores[:, 0]})
    _take(nearest, collection, "loners")


def _texts(collection: Collection, ids: Sequence[int]) -> dict[int, str]:
    return {chunk.chunk_id: " ".join(chunk.text.split())[:200] for chunk in collection.chunks(ids)}


def _show_list(rows: Sequence[dict[str, object]], column: str, key: str) -> None:
    """A table; ticking a row offers the ways on from its chunk."""
    event = st.dataframe(
        pd.DataFrame(rows), hide_index=True, on_select="rerun", selection_mode="single-row", key=f"{key}-list",
        height=min(38 + 35 * len(rows), 390),
        column_config={column: st.column_config.NumberColumn(format="%d"), **dict.fromkeys(_COSINES, _TWO_DECIMALS)},
    )  # fmt: skip
    if event.selection.rows:
        show_chunk_links(int(str(rows[event.selection.rows[0]][column])))
    else:
        st.caption("Tick a row to open its chunk.")


def _take(table: pd.DataFrame, collection: Collection, what: str) -> None:
    st.download_button(
        "All of them as CSV", lambda: as_csv(table), file_name=f"{collection.spec.name} {what}.csv",
        mime="text/csv", on_click="ignore", icon=":material/download:", key=f"take-{what}",
    )  # fmt: skip
