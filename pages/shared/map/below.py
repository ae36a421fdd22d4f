"""What can be opened below the map: the charts of the columns, and a table of the chunks that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.map.address import Address
from pages.shared.map.charts import show_charts
from pages.shared.widgets.map_state import MapState, close_clicked, open_chunk
from rag.map.selection.column_charts import ColumnChart
from rag.store.collection import Collection
from rag.transfer.selected_chunks import selection_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

CHARTS, TABLE = "Charts", "Table"
_ICONS = {CHARTS: ":material/bar_chart: Charts", TABLE: ":material/table_rows: Table"}
_KEY, _TABLE_KEY = "map-open-below", "map-table"
_ROWS = 1_000


def choose_below(address: Address) -> list[str]:
    """The switches for charts and table; returns what is open."""
    linked = [one for one in address.values("below") if one in _ICONS]
    if address.is_new("below"):
        st.session_state[_KEY] = linked
    chosen = st.segmented_control(
        "Below the map", list(_ICONS), selection_mode="multi", default=linked, format_func=_ICONS.__getitem__, key=_KEY,
        label_visibility="collapsed",
    )  # fmt: skip
    address.keep("below", chosen)
    return list(chosen)


def show_below(
    collection: Collection,
    state: MapState,
    charts: Sequence[ColumnChart],
    below: Sequence[str],
    chunk_ids: IntArray,
    visible: NDArray[np.bool_] | None,
) -> None:
    """The charts and the table, if they are open; `visible` are the shown ones of `chunk_ids`, None for all."""
    if CHARTS in below:
        show_charts(collection, charts, state, visible)
    if TABLE in below:
        _show_table(collection, (chunk_ids if visible is None else chunk_ids[visible]).tolist())


def _show_table(collection: Collection, ids: list[int]) -> None:
    more = f" The first {_ROWS:,} are listed." if len(ids) > _ROWS else ""
    st.caption(f"{len(ids):,} chunks are shown on the map.{more} Select a row to open its chunk.")
    listed = ids[:_ROWS]

    def follow() -> None:
        rows = st.session_state[_TABLE_KEY].selection.rows
        if rows:
            close_clicked()
            open_chunk(listed[rows[0]], None)

    st.dataframe(
        selection_table(collection, listed), hide_index=True, height=360, key=_TABLE_KEY, on_select=follow,
        selection_mode="single-row",
    )  # fmt: skip
