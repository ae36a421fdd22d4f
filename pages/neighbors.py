"""The Neighbors page: the nearest neighbors of a chunk or of a typed text, and why they are similar."""

from __future__ import annotations

import streamlit as st

from pages.shared.neighbors.graph import show_neighborhood
from pages.shared.neighbors.opening import show_chips
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
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import escaped, show_chunk_links, show_context_line, show_error
from pages.shared.widgets.map_state import chosen_chunk
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.sample_note import show_sample_note
from rag import config
from rag.errors import ExplorerError
from rag.report.figures import place_of
from rag.store.collection import Collection
from rag.types import Chunk


def show_subject(collection: Collection, chunk: Chunk) -> None:
    """The selected chunk as a card."""
    with st.container(border=True):
        name = collection.document(chunk.document_id).name
        st.markdown(f"**Selected chunk** · {escaped(name)}{escaped(place_of(chunk))}")
        show_context_line(chunk, with_headings=True)
        show_passage(chunk.text)
        show_chunk_links(chunk.chunk_id)


require_workspace()
st.title("Neighbors")
collection = require_chunks()
st.caption("The chunks most similar to a text. Cosine similarity: 1 = same meaning, about 0 = unrelated.")
show_sample_note(collection, "The examples and the distribution")
left, right = st.columns([4, 1], vertical_alignment="bottom")
query = left.text_input(
    "Find texts similar to",
    value=st.query_params.get("query", ""),
    key=QUERY_KEY,
    placeholder="The bank raised its interest rates" if chosen_chunk() is None else "Search for another text",
    help="Your text is embedded with the collection's model; the most similar chunks are listed.",
)
k = right.number_input("Results", 1, 100, config.DEFAULT_K, help="How many of the most similar chunks are listed.")
if query.strip():
    st.query_params["query"] = query
    st.query_params.pop("chunk", None)
else:
    st.query_params.pop("query", None)
with st.container(horizontal=True, vertical_alignment="center"):
    st.button("Random chunk", icon=":material/casino:", on_click=open_random_chunk, args=(collection,))
    filters = st.container(width="content")
    example = show_chips(collection, query)
opened = chosen_chunk() or (example.chunk_id if example else None) or None
with filters:
    options = choose_options(collection, int(k), None if query.strip() else opened)
try:
    subject = subject_of(collection, query or (example.query if example else ""), opened)
    hits = find_hits(collection, subject, options) if subject else ()
except ExplorerError as error:
    show_error(error)
    st.stop()
if subject is None:
    st.stop()
for note in subject.notes:
    st.warning(escaped(note), icon=":material/info:")
if example and hits and (saying := example.said_of(hits[0].chunk.text)):
    st.info(f"**Example:** {escaped(saying)}", icon=":material/lightbulb:")
first, distribution = st.columns([1.7, 1])
with first:
    if subject.chunk:
        show_subject(collection, subject.chunk)
    if not hits:
        st.info("No results with these filters. Remove one.", icon=":material/info:")
        st.stop()
try:
    with distribution:
        show_distribution(collection, subject, hits)
    with first:
        show_hits(collection, subject, hits[:1])
    with st.expander("Why are these similar? Token-by-token score", icon=":material/receipt_long:", expanded=True):
        show_token_contributions(collection, subject, hits)
    show_hits(collection, subject, hits[1:])
    with st.expander("Similarity among the results", icon=":material/hub:"):
        show_neighborhood(collection, subject, hits)
except ExplorerError as error:
    show_error(error)
