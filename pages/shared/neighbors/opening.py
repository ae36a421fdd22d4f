"""What the Neighbors page opens with: a text of this collection whose neighbors show something, and further ones."""

from __future__ import annotations

import streamlit as st

from pages.shared.neighbors.search import QUERY_KEY
from pages.shared.session.resources import neighbor_table
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.common import escaped
from pages.shared.widgets.map_state import chosen_chunk
from rag.index.neighbor_table import stored_neighbors
from rag.neighbors.showcases import MOST_READ, Showcase, computed_showcases, sample_showcases
from rag.store.collection import Collection

_AT_ONCE = 10_000
"""Up to so many chunks, the neighbors of all are computed at once for this page; above, only if they are stored."""
_MOST_CHIPS = 3


@st.cache_resource(max_entries=4, show_spinner=False)
def _showcases(path: str, uid: str, generation: int, _collection: Collection) -> tuple[Showcase, ...]:
    n = _collection.n_sampled()
    if n <= MOST_READ and (written := sample_showcases(_collection.chunks())):
        return written
    if n <= _AT_ONCE or stored_neighbors(_collection) is not None:
        table = chunk_table(_collection)
        return computed_showcases(neighbor_table(_collection), table.documents)
    return ()


def showcases(collection: Collection) -> tuple[Showcase, ...]:
    """The showcases of the collection; without any, its first chunk."""
    found = _showcases(collection.location, collection.uid, collection.generation(), collection)
    first = int(chunk_table(collection).chunk_ids[0])
    return found or (Showcase("The first chunk", "", chunk_id=first),)


def show_chips(collection: Collection, query: str) -> Showcase | None:
    """A button for each showcase that is not open; returns the open one: the first if nothing else was chosen."""
    offered = showcases(collection)
    chosen = chosen_chunk()
    opened = offered[0] if not query.strip() and chosen is None else None
    for one in offered:
        if (query.strip() and one.query == query.strip()) or (not query.strip() and chosen and one.chunk_id == chosen):
            opened = one
    others = [one for one in offered if one != opened][:_MOST_CHIPS]
    if others:
        st.caption("Examples:", width="content")
    for number, one in enumerate(others):
        st.button(escaped(one.label), key=f"neighbors-example-{number}", type="tertiary", on_click=_open, args=(one,))
    return opened


def _open(one: Showcase) -> None:
    st.session_state[QUERY_KEY] = one.query
    if one.query:
        st.query_params["query"] = one.query
        st.query_params.pop("chunk", None)
    else:
        st.query_params["chunk"] = str(one.chunk_id)
        st.query_params.pop("query", None)
