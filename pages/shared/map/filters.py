"""Which chunks of the map are looked at: the choices, and what they keep."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from rag.map.clustering import Clusters
from rag.store.chunk_filter import MapFilter
from rag.store.chunk_table import ChunkTable, ids_containing
from rag.store.collection import Collection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_VALUES = 500


def filter_controls(collection: Collection, table: ChunkTable, clusters: Clusters) -> NDArray[np.bool_] | None:
    """A popover with every choice; returns which chunks are kept, or None where nothing is left out."""
    own = f"filter-{collection.uid}"
    with st.popover("Filter", icon=":material/filter_alt:"):
        st.caption("What is left out stays on the map as a grey shadow.")
        words = st.text_input("Text holds", key=f"{own}-words", help="Keeps chunks whose text holds exactly this.")
        documents = _choose("Document", table.document_names, f"{own}-document")
        names = _choose("Cluster", clusters.names_by_label().values(), f"{own}-cluster")
        columns = {
            name: _choose(name, Counter(value for value in values if value), f"{own}-column-{name}")
            for name, values in table.columns.items()
        }
        chosen = MapFilter(documents, names, columns, words)
        if st.button("Keep all", disabled=not chosen, on_click=_forget, args=(own,), width="stretch"):
            st.rerun()
    if not chosen:
        return None
    ids = ids_containing(collection, words.strip()) if words.strip() else frozenset()
    return chosen.keeps(table, clusters.names() if names else (), ids)


def _choose(label: str, values: object, key: str) -> tuple[str, ...]:
    """A choice among the most common values."""
    counted = values if isinstance(values, Counter) else Counter(dict.fromkeys(values, 1))  # type: ignore[call-overload]
    options = [value for value, _ in counted.most_common(_MOST_VALUES) if value]
    if len(options) < 2:
        return ()
    note = f" The {_MOST_VALUES} most common are listed." if len(counted) > _MOST_VALUES else ""
    return tuple(st.multiselect(label, sorted(options), key=key, help=f"Keeps chunks with one of these.{note}"))


def _forget(own: str) -> None:
    for key in st.session_state:
        if str(key).startswith(own):
            st.session_state[key] = "" if key == f"{own}-words" else []
