"""Comparison of two topics of the map, or of selected chunks: phrases, typical chunks, values of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.widgets.common import escaped
from pages.shared.widgets.map_state import MapState
from rag.map.clusters.finding import Clusters, vectors_of
from rag.map.scene import preview
from rag.map.topics.comparison import Comparison, Shares, columns_to_compare, compare_groups
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import IntArray

_Parts = tuple[Collection, Projection, ChunkTable]
_SELECTED, _KEPT, _OTHERS = "selected", "kept", "others"
_COLUMNS_SHOWN = 4


def compare_two(uid: str, first: int, second: int) -> None:
    """Choose two topics, by label, for the comparison that is shown next."""
    st.session_state[_side_key(uid, 0)], st.session_state[_side_key(uid, 1)] = f"topic-{first}", f"topic-{second}"


def show_comparison(
    collection: Collection, layout: Projection, table: ChunkTable, clusters: Clusters, state: MapState
) -> None:
    """The choice of two groups of chunks, and what sets each apart."""
    kept: tuple[int, ...] = st.session_state.get(_kept_key(collection.uid), ())
    groups = _groups(layout, clusters, {_SELECTED: state.selected, _KEPT: kept})
    names = _names(clusters, groups)
    left, right = st.columns(2)
    with left:
        first = _choose(collection.uid, 0, list(groups), names)
    with right:
        second = _choose(collection.uid, 1, [*groups, _OTHERS], names)
    _show_keeping(collection.uid, state)
    rows = groups[first], groups.get(second, _without(groups[first], len(layout.chunk_ids)))
    if first == second or not len(rows[1]):
        st.info("Choose two different groups to compare.", icon=":material/info:")
        return
    first_ids, second_ids = (layout.chunk_ids[one].tobytes() for one in rows)
    key = (collection.location, collection.uid, collection.generation())
    found = _compared(key, (first_ids, second_ids), (collection, layout, table), rows)
    _show(collection, layout, found, (names[first], names[second]))


def _groups(layout: Projection, clusters: Clusters, selections: Mapping[str, Sequence[int]]) -> dict[str, IntArray]:
    """The rows of each group of chunks that is offered, by its key: topics, and selections that have chunks."""
    import numpy as np

    groups = {f"topic-{one.label}": np.flatnonzero(clusters.labels == one.label) for one in clusters.summaries}
    chosen = {key: np.flatnonzero(np.isin(layout.chunk_ids, ids)) for key, ids in selections.items() if ids}
    return groups | {key: rows for key, rows in chosen.items() if len(rows)}


def _without(rows: IntArray, n: int) -> IntArray:
    import numpy as np

    return np.setdiff1d(np.arange(n, dtype=np.int64), rows)


def _names(clusters: Clusters, groups: Mapping[str, IntArray]) -> dict[str, str]:
    """What the groups are called, with their numbers of chunks."""
    topics = {f"topic-{label}": name for label, name in clusters.names_by_label().items()}
    names = {_SELECTED: "Selected chunks", _KEPT: "Kept selection", **topics}
    return {key: f"{names[key]} ({len(rows):,})" for key, rows in groups.items()} | {_OTHERS: "All other chunks"}


def _choose(uid: str, side: int, offered: Sequence[str], names: Mapping[str, str]) -> str:
    """A choice of the first or second group; at first the largest two topics."""
    key = _side_key(uid, side)
    if st.session_state.get(key) not in offered:
        st.session_state[key] = offered[min(side, len(offered) - 1)]
    chosen: str = st.selectbox(("First group", "Second group")[side], offered, format_func=names.__getitem__, key=key)
    return chosen


def _show_keeping(uid: str, state: MapState) -> None:
    """A button that keeps the selected chunks, so that another selection can be compared with them."""
    if not state.selected:
        st.caption("To compare selections, mark an area on the map with box or lasso select.")
        return
    st.button(
        f"Keep the {len(state.selected):,} selected chunks", icon=":material/push_pin:",
        on_click=_keep, args=(uid, state.selected),
        help="Then select other chunks, and compare the two selections.",
    )  # fmt: skip


def _keep(uid: str, chunk_ids: tuple[int, ...]) -> None:
    st.session_state[_kept_key(uid)] = chunk_ids


def _side_key(uid: str, side: int) -> str:
    return f"map-compare-{side}-{uid}"


def _kept_key(uid: str) -> str:
    return f"map-kept-selection-{uid}"


@st.cache_resource(max_entries=8, show_spinner="Comparing")
def _compared(
    key: tuple[str, str, int], ids: tuple[bytes, bytes], _parts: _Parts, _rows: tuple[IntArray, IntArray]
) -> Comparison:
    collection, layout, table = _parts
    texts = [""] * len(layout.chunk_ids)
    wanted = {int(layout.chunk_ids[row]): row for rows in _rows for row in rows.tolist()}
    for chunk in collection.chunks(list(wanted)):
        texts[wanted[chunk.chunk_id]] = chunk.text
    return compare_groups(*_rows, texts, vectors_of(collection, layout), columns_to_compare(table))


def _show(collection: Collection, layout: Projection, found: Comparison, names: tuple[str, str]) -> None:
    _show_figures(found)
    for column, name, phrases, rows in zip(st.columns(2), names, found.phrases, found.typical, strict=True):
        with column:
            st.markdown(f"**{escaped(name)}**")
            if phrases:
                _show_shares(phrases, "phrase", names)
            else:
                st.caption("No phrase is at least twice as frequent here.")
            st.caption("Typical chunks")
            ids = layout.chunk_ids[list(rows)].tolist()
            texts = {chunk.chunk_id: chunk.text for chunk in collection.chunks(ids)}
            for chunk_id in ids:
                with st.container(border=True):
                    st.markdown(escaped(preview(texts.get(chunk_id, ""))))
    for one in [one for one in found.columns if one.difference > 0][:_COLUMNS_SHOWN]:
        st.markdown(f"**{escaped(one.column)}**: the groups differ by {100 * one.difference:.0f} %")
        _show_shares(one.values, "value", names)


def _show_figures(found: Comparison) -> None:
    similarity, separation, both = st.columns(3)
    similarity.metric(
        "Similarity of the means", f"{found.similarity:.2f}",
        help="Cosine similarity of the mean embeddings of the two groups: 1 = same meaning, about 0 = unrelated.",
    )  # fmt: skip
    separation.metric(
        "Nearer to their group", "–" if found.separation is None else f"{100 * found.separation:.0f} %",
        help="The share of chunks that are nearer to the mean embedding of their group than to that of the other. "
        "100 %: clearly apart, also in the embeddings. About 50 %: mixed, whatever the map shows.",
    )  # fmt: skip
    both.metric("Chunks in both", f"{found.n_both:,}")


def _show_shares(shares: Sequence[Shares], title: str, names: tuple[str, str]) -> None:
    """A table of the share of chunks on each side."""
    sides = [name if names[0] != names[1] else f"{name} {i}" for i, name in enumerate(names, start=1)]
    frame = pd.DataFrame({
        title: [one.name or "no value" for one in shares],
        sides[0]: [round(one.first, 2) for one in shares],
        sides[1]: [round(one.second, 2) for one in shares],
    })  # fmt: skip
    bars = {side: st.column_config.ProgressColumn(side, format="percent", min_value=0, max_value=1) for side in sides}
    st.dataframe(frame, hide_index=True, column_config=bars)
