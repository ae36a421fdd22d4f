"""Filters of the map: the controls, and the chunks that pass them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

from rag.map.clustering import Clusters
from rag.store.chunk_filter import ChunkFilter
from rag.store.chunk_table import ChunkTable, ids_containing
from rag.store.collection import Collection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_VALUES = 500


def filter_controls(collection: Collection, table: ChunkTable, clusters: Clusters) -> NDArray[np.bool_] | None:
    """A popover with every filter; returns which chunks pass, (n,) booleans, or None without a filter."""
    key_prefix = f"filter-{collection.uid}"
    with st.popover("Filter", icon=":material/filter_alt:"):
        st.caption("Filtered-out points stay visible in grey.")
        words = st.text_input(
            "Text contains",
            key=f"{key_prefix}-words",
            help="Keeps chunks that contain this text, in upper or lower case.",
        )
        documents = _choose("Document", table.document_names, f"{key_prefix}-document")
        names = _choose("Cluster", clusters.names_by_label().values(), f"{key_prefix}-cluster")
        columns = {
            name: _choose(name, Counter(value for value in values if value), f"{key_prefix}-column-{name}")
            for name, values in table.columns.items()
        }
        chosen = ChunkFilter(documents, names, columns, words)
        if st.button("Clear filters", disabled=not chosen, on_click=_clear, args=(key_prefix,), width="stretch"):
            st.rerun()
    if not chosen:
        return None
    ids = ids_containing(collection, words.strip()) if words.strip() else frozenset()
    return chosen.keeps(table, clusters.names() if names else (), ids)


def _choose(label: str, values: Iterable[str], key: str) -> tuple[str, ...]:
    """A multiselect of the most common values; a Counter says how common each is."""
    counted = values if isinstance(values, Counter) else Counter(dict.fromkeys(values, 1))
    options = [value for value, _ in counted.most_common(_MOST_VALUES) if value]
    if len(options) < 2:
        return ()
    note = f" Only the {_MOST_VALUES} most common are listed." if len(counted) > _MOST_VALUES else ""
    return tuple(st.multiselect(label, sorted(options), key=key, help=f"Keeps chunks with one of these values.{note}"))


def _clear(key_prefix: str) -> None:
    for key in st.session_state:
        if str(key).startswith(key_prefix):
            st.session_state[key] = "" if key == f"{key_prefix}-words" else []
