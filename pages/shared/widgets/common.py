"""Elements shared by all pages: hit cards and errors. Text of documents is always escaped."""

from __future__ import annotations

import re

import streamlit as st

from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.marked_text import Span
from pages.shared.widgets.passage.html import show_beginning, show_passage
from rag.errors import ExplorerError
from rag.report.figures import place_of
from rag.text.labels import context_of
from rag.types import Chunk, Hit

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+\-.!|<>~:$]")
_IN_ADDRESS = re.compile(r"(?<=http)(?=://)|(?<=https)(?=://)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_SPLIT = ":small[]"
_LONGEST_LABEL, _MOST_LABELS = 80, 12
"""Characters of a label, and labels of a row, that a card shows."""
_BEGINNING = 240
"""Characters of a text that a compact card shows."""


def show_error(error: ExplorerError) -> None:
    """An error message: what happened and what to do."""
    st.error(escaped(str(error)), icon=":material/error:")


def show_hit(hit: Hit, *, marked: Span | None = None) -> None:
    """A card with rank, score, document, page, heading and text of a hit; the span `marked` is highlighted."""
    with st.container(border=True):
        name, score = st.columns([3, 1], vertical_alignment="center")
        name.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        score.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        show_matched_label(hit)
        show_context_line(hit.chunk)
        show_passage(hit.chunk.text, [marked] if marked else [])
        show_chunk_links(hit.chunk.chunk_id)


def show_small_hit(hit: Hit) -> None:
    """A compact hit card with the beginning of the text."""
    with st.container(border=True):
        st.markdown(f"**{hit.rank}** &nbsp; {escaped(hit.document_name)}{escaped(place(hit))}")
        st.progress(max(0.0, min(hit.score, 1.0)), f"similarity {hit.score:.2f}")
        show_matched_label(hit)
        show_context_line(hit.chunk)
        show_beginning(hit.chunk.text, _BEGINNING)
        show_chunk_links(hit.chunk.chunk_id)


def show_matched_label(hit: Hit) -> None:
    """Say that a hit comes first because the question has a label of its row, if it does."""
    if hit.label:
        st.caption(f":material/sell: Matches the label {escaped(hit.label)}")


def show_context_line(chunk: Chunk, *, with_headings: bool = False) -> None:
    """The context line of a chunk with the labels of its row, apart from its text; nothing if it has none.

    A line that only repeats the headings, which stand in the title of a card, is shown `with_headings` alone.
    """
    line = context_of(chunk, longest=_LONGEST_LABEL, most=_MOST_LABELS)
    if line and (with_headings or line not in chunk.heading):
        st.caption(f":material/short_text: Context: {escaped(line)}")


def show_chunk_links(chunk_id: int, *, on_map: bool = False) -> None:
    """Links from a chunk to its neighbors, its document, how its embedding was made; with `on_map`, to its point."""
    collection = require_workspace().collection
    where = {"collection": collection.spec.name if collection else "", "chunk": str(chunk_id)}
    with st.container(horizontal=True):
        if on_map:
            st.page_link("pages/map.py", label="Show on map", icon=":material/scatter_plot:", query_params=where)
        st.page_link("pages/neighbors.py", label="Neighbors", icon=":material/hub:", query_params=where)
        st.page_link("pages/documents.py", label="Open in document", icon=":material/description:", query_params=where)
        st.page_link("pages/how_it_works.py", label="How was this made?", icon=":material/school:", query_params=where)


def place(hit: Hit) -> str:
    """Page and heading of a hit."""
    return place_of(hit.chunk)


def bare_place(hit: Hit) -> str:
    """Page and heading of a hit, without the leading separator."""
    return place(hit).lstrip(", ·")


def escaped(text: str) -> str:
    """The text as Markdown that shows it as it is: no character has a meaning, and no address becomes a link.

    Markdown makes links of bare addresses, and an escape does not prevent it: an element without text splits them.
    """
    return _SPLIT.join(_MARKUP.sub(r"\\\g<0>", part) for part in _IN_ADDRESS.split(text))
