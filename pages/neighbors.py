"""Nearest neighbors of a chunk or of a typed text, and why they are near."""

from __future__ import annotations

import streamlit as st

from pages.shared.neighbors.graph import show_neighborhood
from pages.shared.neighbors.search import (
    choose_wanted,
    find_hits,
    open_random_chunk,
    show_distribution,
    show_hits,
    subject_of,
)
from pages.shared.neighbors.token_contributions import show_receipt
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, require_chunks, show_error
from pages.shared.widgets.map_state import chosen_chunk
from rag import config
from rag.errors import ExplorerError
from rag.report.figures import place_of

_KEY = "neighbors-query"

require_workspace()
st.title("Neighbors")
collection = require_chunks()
st.caption("The chunks whose meaning is nearest to a text. Similarity 1.00 is the same direction, 0.00 is unrelated.")
st.session_state.setdefault(_KEY, st.query_params.get("query", ""))
left, right = st.columns([4, 1], vertical_alignment="bottom")
query = left.text_input(
    "Text to find neighbors of",
    key=_KEY,
    placeholder="The bank raised its interest rates" if chosen_chunk() is None else "Type to leave the opened chunk",
    help="It is turned into an embedding by the collection's model, then compared with every chunk.",
)
k = right.number_input("How many", 1, 100, config.DEFAULT_K, help="Shows this many of the nearest chunks.")
if query.strip():
    st.query_params["query"] = query
    st.query_params.pop("chunk", None)
else:
    st.query_params.pop("query", None)
with st.container(horizontal=True):
    st.button("A chunk by lot", icon=":material/casino:", on_click=open_random_chunk, args=(collection,))
    wanted = choose_wanted(collection, int(k), None if query.strip() else chosen_chunk())
try:
    subject = subject_of(collection, query)
    hits = find_hits(collection, subject, wanted) if subject else ()
except ExplorerError as error:
    show_error(error)
    st.stop()
if subject is None:
    st.info("Type a text above, take a chunk by lot, or click a point on the map.", icon=":material/info:")
    st.stop()
for note in subject.notes:
    st.warning(escaped(note), icon=":material/info:")
if subject.chunk:
    with st.container(border=True):
        name = collection.document(subject.chunk.document_id).name
        st.markdown(f"**The chunk itself** · {escaped(name)}{escaped(place_of(subject.chunk))}")
        st.text(subject.chunk.text)
if not hits:
    st.info("No chunk meets these choices. Open 'Which neighbors' and take one back.", icon=":material/info:")
    st.stop()
found, beside = st.columns([1.7, 1])
try:
    with beside:
        show_distribution(collection, subject, hits)
    with found:
        show_hits(collection, subject, hits)
    with st.expander("Why are they near? The score, word by word", icon=":material/receipt_long:", expanded=True):
        show_receipt(collection, subject, hits)
    with st.expander("How they lie among themselves", icon=":material/hub:"):
        show_neighborhood(collection, subject, hits)
except ExplorerError as error:
    show_error(error)
