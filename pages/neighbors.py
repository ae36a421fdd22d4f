"""The Neighbors page: the nearest neighbors of a chunk or of a typed text, and why they are similar."""

from __future__ import annotations

import streamlit as st

from pages.shared.neighbors.graph import show_neighborhood
from pages.shared.neighbors.search import (
    QUERY_KEY,
    choose_options,
    find_hits,
    open_random_chunk,
    show_distribution,
    show_hits,
    subject_of,
)
from pages.shared.neighbors.token_contributions import show_token_contributions
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, require_chunks, show_chunk_links, show_context_line, show_error
from pages.shared.widgets.map_state import chosen_chunk
from pages.shared.widgets.passage.html import show_passage
from rag import config
from rag.errors import ExplorerError
from rag.report.figures import place_of

require_workspace()
st.title("Neighbors")
collection = require_chunks()
st.caption("The chunks most similar to a text. Cosine similarity: 1 = same meaning, about 0 = unrelated.")
left, right = st.columns([4, 1], vertical_alignment="bottom")
query = left.text_input(
    "Find texts similar to",
    value=st.query_params.get("query", ""),
    key=QUERY_KEY,
    placeholder="The bank raised its interest rates" if chosen_chunk() is None else "Search for another text",
    help="Your text is embedded with the collection's model and compared with every chunk.",
)
k = right.number_input("Results", 1, 100, config.DEFAULT_K, help="How many of the most similar chunks are listed.")
if query.strip():
    st.query_params["query"] = query
    st.query_params.pop("chunk", None)
else:
    st.query_params.pop("query", None)
with st.container(horizontal=True):
    st.button("Random chunk", icon=":material/casino:", on_click=open_random_chunk, args=(collection,))
    options = choose_options(collection, int(k), None if query.strip() else chosen_chunk())
try:
    subject = subject_of(collection, query)
    hits = find_hits(collection, subject, options) if subject else ()
except ExplorerError as error:
    show_error(error)
    st.stop()
if subject is None:
    st.info(
        "Type a text above, for example: The bank raised its interest rates. Or open a random chunk, or click a point "
        "on the map.",
        icon=":material/info:",
    )
    st.stop()
for note in subject.notes:
    st.warning(escaped(note), icon=":material/info:")
if subject.chunk:
    with st.container(border=True):
        name = collection.document(subject.chunk.document_id).name
        st.markdown(f"**Selected chunk** · {escaped(name)}{escaped(place_of(subject.chunk))}")
        show_context_line(subject.chunk, with_headings=True)
        show_passage(subject.chunk.text)
        show_chunk_links(subject.chunk.chunk_id)
if not hits:
    st.info("No results with these filters. Remove one.", icon=":material/info:")
    st.stop()
results, distribution = st.columns([1.7, 1])
try:
    with distribution:
        show_distribution(collection, subject, hits)
    with results:
        show_hits(collection, subject, hits)
    with st.expander("Why are these similar? Token-by-token score", icon=":material/receipt_long:", expanded=True):
        show_token_contributions(collection, subject, hits)
    with st.expander("Similarity among the results", icon=":material/hub:"):
        show_neighborhood(collection, subject, hits)
except ExplorerError as error:
    show_error(error)
