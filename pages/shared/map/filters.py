"""Filters of the map: the controls, which the address keeps, and the chunks that pass them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.map.address import Address
from pages.shared.widgets.map_state import MapState
from rag.map.clusters.finding import Clusters
from rag.store.chunk_filter import ChunkFilter
from rag.store.chunk_table import ChunkTable, ids_containing
from rag.store.collection import Collection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_VALUES = 500


def filter_controls(
    collection: Collection, address: Address, state: MapState, table: ChunkTable, clusters: Clusters
) -> NDArray[np.bool_] | None:
    """A popover with every filter; returns which chunks pass, (n,) booleans, or None without a filter."""
    key_prefix = _prefix(collection)
    with st.popover("Filter", icon=":material/filter_alt:"):
        st.caption("Filtered-out points stay visible in grey.")
        words = _words(address, key_prefix)
        documents = _choose(address, "Document", table.document_names, f"{key_prefix}-document")
        names = _choose(address, "Cluster", clusters.names_by_label().values(), f"{key_prefix}-cluster")
        columns = {
            name: _choose(address, name, Counter(value for value in values if value), f"{key_prefix}-column-{name}")
            for name, values in table.columns.items()
        }
        chosen = ChunkFilter(documents, names, columns, words)
        has_any = bool(chosen or state.ranges or state.only)
        if st.button("Clear filters", disabled=not has_any, on_click=_clear, args=(key_prefix, state), width="stretch"):
            st.rerun()
    if not chosen:
        return None
    ids = ids_containing(collection, words.strip()) if words.strip() else frozenset()
    return chosen.keeps(table, clusters.names() if names else (), ids)


def choose_values(collection: Collection, title: str, values: Sequence[str], *, is_column: bool) -> None:
    """Set the filter of a column, or of "Document", before the page runs."""
    st.session_state[_key(collection, title, is_column=is_column)] = list(values)


def chosen_values(collection: Collection, title: str, *, is_column: bool) -> tuple[str, ...]:
    """The values of the filter of a column, or of "Document"."""
    return tuple(st.session_state.get(_key(collection, title, is_column=is_column), ()))


def _key(collection: Collection, title: str, *, is_column: bool) -> str:
    return f"{_prefix(collection)}-column-{title}" if is_column else f"{_prefix(collection)}-{title.lower()}"


def _prefix(collection: Collection) -> str:
    return f"filter-{collection.uid}"


def _words(address: Address, key_prefix: str) -> str:
    key, linked = f"{key_prefix}-words", next(iter(address.values("words")), "")
    if address.is_new("words"):
        st.session_state[key] = linked
    words = st.text_input(
        "Text contains", value=linked, key=key, help="Keeps chunks that contain this text, in upper or lower case."
    )
    address.keep("words", [words])
    return words


def _choose(address: Address, label: str, values: Iterable[str], key: str) -> tuple[str, ...]:
    """A multiselect of the most common values; a Counter says how common each is."""
    counted = values if isinstance(values, Counter) else Counter(dict.fromkeys(values, 1))
    options = [value for value, _ in counted.most_common(_MOST_VALUES) if value]
    if len(options) < 2:
        return ()
    name = f"column.{label}" if "-column-" in key else label.lower()
    linked = [value for value in address.values(name) if value in options]
    if address.is_new(name):
        st.session_state[key] = linked
    note = f" Only the {_MOST_VALUES} most common are listed." if len(counted) > _MOST_VALUES else ""
    chosen = tuple(
        st.multiselect(
            label, sorted(options), default=linked, key=key, help=f"Keeps chunks with one of these values.{note}"
        )
    )
    address.keep(name, chosen)
    return chosen


def _clear(key_prefix: str, state: MapState) -> None:
    state.ranges, state.only = {}, ()
    for key in st.session_state:
        if str(key).startswith(key_prefix):
            st.session_state[key] = "" if key == f"{key_prefix}-words" else []
