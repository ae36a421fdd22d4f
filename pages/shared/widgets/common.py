"""What looks the same on every page: hit cards, errors, empty states. Document text is shown as text."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.samples import NAME, make_sample
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.marked_text import Span
from pages.shared.widgets.marked_text import marked as marked_text
from rag.errors import ExplorerError
from rag.map.scene import preview
from rag.report.figures import place_of
from rag.store.collection import Collection
from rag.types import Hit


def show_error(error: ExplorerError) -> None:
    """What happened and what to do."""
    st.error(escaped(str(error)), icon=":material/error:")


def show_hit(hit: Hit, *, marked: Span | None = None) -> None:
    """Rank, score, document, page and heading of a hit, with its text; the span `marked` of it is highlighted."""
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        name.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        if marked:
            st.html(marked_text(hit.chunk.text, [marked]))
        else:
            st.text(hit.chunk.text)
        show_chunk_links(hit.chunk.chunk_id)


def show_small_hit(hit: Hit) -> None:
    """A hit where there is little room: its beginning, with the same ways on."""
    with st.container(border=True):
        st.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        st.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        st.text(preview(hit.chunk.text))
        show_chunk_links(hit.chunk.chunk_id)


def show_chunk_links(chunk_id: int) -> None:
    """Ways on from a chunk: its neighbors, and its place in its document."""
    collection = require_workspace().collection
    where = {"collection": collection.spec.name if collection else "", "chunk": str(chunk_id)}
    with st.container(horizontal=True):
        st.page_link("pages/neighbors.py", label="Neighbors", icon=":material/hub:", query_params=where)
        st.page_link("pages/documents.py", label="In its document", icon=":material/description:", query_params=where)


def place(hit: Hit) -> str:
    """Page and heading of a hit."""
    return place_of(hit.chunk)


def bare_place(hit: Hit) -> str:
    """Page and heading of a hit, where nothing stands before them."""
    return place(hit).lstrip(", ·")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + letter if letter in "\\`*_{}[]()#+-.!|<>~:$" else letter for letter in text)


def require_chunks() -> Collection:
    """The collection looked at; an empty state with the way on, and the page's end, where there is nothing to show."""
    workspace = require_workspace()
    collection = workspace.collection
    if collection is not None and collection.n_chunks():
        return collection
    if workspace.problem:
        show_error(workspace.problem)
        return st.stop()
    name = f"'{collection.spec.name}' holds no text yet" if collection else "There is no collection yet"
    st.info(f"{name}. Upload documents, and this page will show them.", icon=":material/info:")
    with st.container(horizontal=True):
        if st.button("Upload documents", type="primary", icon=":material/upload:"):
            st.switch_page("pages/documents.py")
        if (collection is None or collection.spec.name != NAME) and st.button("Open the sample"):
            make_sample()
            choose_collection(NAME)
            st.rerun()
    return st.stop()
