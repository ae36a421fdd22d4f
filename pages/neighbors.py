"""Nearest neighbors of a chunk or of a typed text."""

from __future__ import annotations

import streamlit as st

from pages.shared.components import escaped, require_chunks, show_error, show_hit
from pages.shared.resources import index, retriever
from pages.shared.workspace import require_workspace
from rag import config
from rag.collection import Collection
from rag.errors import ExplorerError
from rag.retrieval import neighbors_of_chunk
from rag.types import Hit


def chosen_chunk() -> int | None:
    """The chunk named in the address, where there is one."""
    value = st.query_params.get("chunk", "")
    return int(value) if value.isascii() and value.isdigit() else None


def neighbors(collection: Collection, query: str, k: int) -> tuple[Hit, ...]:
    """Hits for the typed text, or for the chunk that was opened; shows which chunk that is."""
    chunk_id = chosen_chunk()
    if query.strip():
        return retriever(collection).retrieve(query, k)
    if chunk_id is None:
        return ()
    found = collection.chunks([chunk_id])
    if not found:
        st.warning("This chunk is not in the collection any more. Type a text, or pick a point on the map.")
        return ()
    with st.container(border=True):
        st.markdown(f"**The chunk itself** · {escaped(collection.document(found[0].document_id).name)}")
        st.text(found[0].text)
    return neighbors_of_chunk(collection, index(collection), chunk_id, k)


require_workspace()
st.title("Neighbors")
collection = require_chunks()
st.caption("The chunks whose meaning is nearest to a text. Similarity 1.00 is the same direction, 0.00 is unrelated.")
left, right = st.columns([4, 1])
query = left.text_input(
    "Text to find neighbors of",
    value=st.query_params.get("query", ""),
    placeholder="The bank raised its interest rates" if chosen_chunk() is None else "Type to leave the opened chunk",
    help="It is turned into an embedding by the collection's model, then compared with every chunk.",
)
k = right.number_input("How many", 1, 100, config.DEFAULT_K, help="Shows this many of the nearest chunks.")
if query.strip():
    st.query_params["query"] = query
    st.query_params.pop("chunk", None)
try:
    hits = neighbors(collection, query, int(k))
except ExplorerError as error:
    show_error(error)
    st.stop()
if not hits:
    st.info("Type a text above, or click a point on the map and choose its neighbors.", icon=":material/info:")
for hit in hits:
    show_hit(hit, key=f"neighbor-{hit.rank}")
