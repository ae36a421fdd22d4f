"""The lists of the Data quality page: each row can be opened, each list can be downloaded."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.session.resources import vectors
from pages.shared.widgets.charts import occurrence_figure
from pages.shared.widgets.common import show_chunk_links
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.wording import counted
from rag.index.neighbor_table import NeighborTable
from rag.map.export.files import as_csv
from rag.neighbors.data_quality import NearDuplicates, hubs, near_duplicates, outliers
from rag.neighbors.showcases import closest_pair
from rag.store.collection import Collection

_LISTED = 50
_SKEWED = 1.0
_COSINES = ("similarity", "highest similarity")
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
    """All pairs with at least this cosine similarity; shows progress during the search."""
    return _duplicates(collection.location, collection.uid, collection.generation(), threshold, collection)


def show_duplicates(collection: Collection, table: NeighborTable, found: NearDuplicates, threshold: float) -> None:
    """The pairs of near-duplicates, the most similar first; without any, the most similar pair of all."""
    n = len(found.pairs)
    if not n:
        st.success(f"No two chunks have a similarity of {threshold:.2f} or more.", icon=":material/check_circle:")
        _show_closest(collection, table)
        return
    st.markdown(f"**{n:,} pairs** of chunks have a similarity of {threshold:.2f} or more.")
    st.caption(
        "They push other chunks out of search results. Delete one of the two documents, or choose a smaller overlap."
    )
    if not found.is_complete:
        st.warning(
            f"The search stopped at {n:,} pairs, after the first {found.n_searched:,} chunks. Raise the threshold."
        )
    pairs = found.pairs[:_LISTED].tolist()
    texts = _texts(collection, [chunk_id for pair in pairs for chunk_id in pair])
    rows = [
        {
            "similarity": float(score), "chunk": left, "text": texts.get(left, ""),
            "other chunk": right, "other text": texts.get(right, ""),
        }
        for (left, right), score in zip(pairs, found.scores.tolist(), strict=False)
    ]  # fmt: skip
    _show_list(rows, "duplicates")
    everything = pd.DataFrame(found.pairs, columns=["chunk", "other chunk"]).assign(similarity=found.scores)
    _show_download(everything, collection, "near-duplicates")


def _show_closest(collection: Collection, table: NeighborTable) -> None:
    pair = closest_pair(table)
    if pair is None:
        return
    st.info(
        f"**Example:** the most similar pair has a similarity of {pair.score:.2f}. Near-duplicates would have the same "
        "words; compare these two.",
        icon=":material/lightbulb:",
    )
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks([pair.first, pair.second])}
    for column, chunk_id in zip(st.columns(2), (pair.first, pair.second), strict=True):
        with column.container(border=True):
            show_passage(chunks[chunk_id].text)
            show_chunk_links(chunk_id)


def show_hubs(collection: Collection, table: NeighborTable) -> None:
    """The hubs: the chunks that are among the nearest neighbors of the most other chunks."""
    found = hubs(table.positions, n_top=_LISTED)
    if not len(found.top_rows):
        st.info("There are too few chunks to find hubs.")
        return
    k = table.positions.shape[1]
    skewed = found.skewness is not None and found.skewness > _SKEWED
    st.markdown(
        f"On average, a chunk is among the top {k} of {k} other chunks; the largest hub is among the top {k} of "
        f"**{int(found.counts.max()):,}**. Never found: {counted(found.n_never, 'chunk')}."
    )
    st.caption(
        "A hub appears in the results of many questions, also of those it does not answer. "
        + ("This collection has strong hubs." if skewed else "No strong hubs.")
        + ("" if found.skewness is None else f" Skewness {found.skewness:.2f}.")
    )
    st.plotly_chart(
        occurrence_figure(found.counts, k), key="occurrence", config={"displayModeBar": False},
        alt=f"Histogram: how often each chunk is among the top {k} of others, from {int(found.counts.min()):,} to "
        f"{int(found.counts.max()):,} times; {counted(found.n_never, 'chunk')} never.",
    )  # fmt: skip
    ids = [int(table.chunk_ids[row]) for row in found.top_rows.tolist()]
    texts = _texts(collection, ids)
    rows = [
        {f"times in top {k}": int(found.counts[row]), "chunk": chunk_id, "text": texts.get(chunk_id, "")}
        for row, chunk_id in zip(found.top_rows.tolist(), ids, strict=True)
    ]
    _show_list(rows, "hubs")
    counts = pd.DataFrame({"chunk": table.chunk_ids, f"times in top {k}": found.counts})
    _show_download(counts, collection, "hubs")


def show_outliers(collection: Collection, table: NeighborTable) -> None:
    """The outliers: the chunks whose most similar other chunk is least similar."""
    found = outliers(table.scores, n_top=_LISTED)
    if not len(found.rows):
        st.info("There is only one chunk, so there is nothing to compare it with.")
        return
    st.caption("The chunks least similar to any other: a topic that occurs once, another language, or broken text.")
    ids = [int(table.chunk_ids[row]) for row in found.rows.tolist()]
    texts = _texts(collection, ids)
    rows = [
        {"highest similarity": float(score), "chunk": chunk_id, "text": texts.get(chunk_id, "")}
        for score, chunk_id in zip(found.scores.tolist(), ids, strict=True)
    ]
    _show_list(rows, "outliers")
    nearest = pd.DataFrame({"chunk": table.chunk_ids, "highest similarity": table.scores[:, 0]})
    _show_download(nearest, collection, "outliers")


def _texts(collection: Collection, ids: Sequence[int]) -> dict[int, str]:
    return {chunk.chunk_id: " ".join(chunk.text.split())[:200] for chunk in collection.chunks(ids)}


def _show_list(rows: Sequence[dict[str, object]], key: str) -> None:
    """A table; a selected row shows links to the chunk in its column "chunk"."""
    event = st.dataframe(
        pd.DataFrame(rows), hide_index=True, on_select="rerun", selection_mode="single-row", key=f"{key}-list",
        height=min(38 + 35 * len(rows), 390),
        column_config={"chunk": st.column_config.NumberColumn(format="%d"), **dict.fromkeys(_COSINES, _TWO_DECIMALS)},
    )  # fmt: skip
    if event.selection.rows:
        show_chunk_links(int(str(rows[event.selection.rows[0]]["chunk"])))
    else:
        st.caption("Select a row to open its chunk.")


def _show_download(table: pd.DataFrame, collection: Collection, what: str) -> None:
    st.download_button(
        "Download CSV", lambda: as_csv(table), file_name=f"{collection.spec.name} {what}.csv",
        mime="text/csv", on_click="ignore", icon=":material/download:", key=f"download-{what}",
    )  # fmt: skip
