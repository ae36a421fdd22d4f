"""The strip of linked charts of the columns below the map: each filters the map, the table and the other charts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.components import v1

from pages.shared.map.address import Address
from pages.shared.map.filters import choose_values, chosen_values
from pages.shared.widgets.map_chart import held_in_browser
from pages.shared.widgets.map_state import MapState
from rag.documents.column_roles import SETTING, roles_by_column
from rag.map.colours import GREY_NAMES
from rag.map.selection.column_charts import ColumnChart, column_charts
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEIGHT = 200
"""Pixels that the strip takes below the map."""
_RANGE = "range."
_component = v1.declare_component("charts", path=str(Path(__file__).with_name("charts_frontend")))


@st.cache_resource(max_entries=4, show_spinner=False)
def _charts(key: tuple[str, str, int, str], _table: ChunkTable) -> tuple[ColumnChart, ...]:
    return column_charts(_table, roles_by_column(key[3]))


def charts_of(collection: Collection, table: ChunkTable) -> tuple[ColumnChart, ...]:
    """The charts of the chunks on the map."""
    key = collection.location, collection.uid, collection.generation(), collection.setting(SETTING) or ""
    return _charts(key, table)


def keep_ranges(address: Address, charts: Sequence[ColumnChart], state: MapState) -> None:
    """Take the ranges of the histograms from the address if it is a new one, and write them."""
    for chart in charts:
        if not chart.edges:
            continue
        name = f"{_RANGE}{chart.title}"
        if address.is_new(name):
            linked = _range(next(iter(address.values(name)), ""))
            state.ranges = {title: ends for title, ends in state.ranges.items() if title != chart.title}
            if linked:
                state.ranges[chart.title] = linked
        ends = state.ranges.get(chart.title)
        address.keep(name, [f"{ends[0]:.10g}..{ends[1]:.10g}"] if ends else [])


def _range(text: str) -> tuple[float, float] | None:
    low, _, high = text.partition("..")
    try:
        return (float(low), float(high)) if float(low) <= float(high) else None
    except ValueError:
        return None


def show_charts(
    collection: Collection, charts: Sequence[ColumnChart], state: MapState, kept: NDArray[np.bool_] | None
) -> None:
    """The strip; `kept` are the chunks that are shown, None for all. Each chunk's bars are sent once, or on request."""
    key = f"map-charts-{collection.uid}"
    by_title = {chart.title: chart for chart in charts}
    held = held_in_browser()

    def follow() -> None:
        value = st.session_state.get(key)
        if value and value.get("missing"):
            held.pop(key, None)
        elif value and (chart := by_title.get(str(value["title"]))):
            _choose(collection, chart, state, [int(one) for one in value["chosen"]])

    codes = bars_of_histograms(charts)
    bars_key = hashlib.sha256(codes).hexdigest()[:16] if codes else ""
    is_held, held[key] = held.get(key, "") == bars_key, bars_key
    # Streamlit sends new arguments only if the part that is JSON has changed, so it says whether there are bytes.
    _component(
        charts=[_message(collection, chart, state, kept) for chart in charts], barsKey=bars_key, hasCodes=not is_held,
        **({} if is_held else {"codes": codes}), key=key, default=None, on_change=follow, tab_index=None,
    )  # fmt: skip


def bars_of_histograms(charts: Sequence[ColumnChart]) -> bytes:
    """Of each histogram, one after the other, the bar of every chunk as uint8 (n,); 255 for none."""
    import numpy as np

    return b"".join(chart.codes.astype(np.uint8).tobytes() for chart in charts if chart.edges)


def _choose(collection: Collection, chart: ColumnChart, state: MapState, chosen: list[int]) -> None:
    if not chart.edges:
        choose_values(collection, chart.title, [chart.names[i] for i in chosen], is_column=chart.is_column)
    elif chosen:
        state.ranges[chart.title] = chart.edges[chosen[0]], chart.edges[chosen[1] + 1]
    else:
        state.ranges.pop(chart.title, None)


def _message(
    collection: Collection, chart: ColumnChart, state: MapState, kept: NDArray[np.bool_] | None
) -> dict[str, object]:
    every = chart.counts()
    if chart.edges:
        ends = state.ranges.get(chart.title)
        chosen = [] if ends is None else _bins(chart, *ends)
    else:
        values = chosen_values(collection, chart.title, is_column=chart.is_column)
        chosen = [i for i, name in enumerate(chart.names) if name in values]
    return {
        "title": chart.title,
        "names": list(chart.names),
        "colours": list(chart.colours),
        "edges": list(chart.edges),
        "ends": [chart.names[0].partition(" to ")[0], chart.names[-1].partition(" to ")[2]] if chart.edges else [],
        "all": every,
        "kept": every if kept is None else chart.counts(kept),
        "chosen": chosen,
        "fixed": [i for i, name in enumerate(chart.names) if not chart.edges and name in GREY_NAMES],
    }


def _bins(chart: ColumnChart, low: float, high: float) -> list[int]:
    """The first and the last bar in a range; none if it has no bar."""
    inside = [i for i, edge in enumerate(chart.edges[:-1]) if edge >= low and chart.edges[i + 1] <= high]
    return [inside[0], inside[-1]] if inside else []
