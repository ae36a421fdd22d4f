"""The panel next to the map: search results, the selected chunk with its neighbors, or the chunks in an area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.map.address import Address
from pages.shared.map.exam import ExamOnMap
from pages.shared.map.failed_question import show_failed_question
from pages.shared.map.pair import show_pair
from pages.shared.map.region_question import question_form
from pages.shared.map.scene import Focus
from pages.shared.map.selection import fits_address
from pages.shared.session.person import is_editor
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.common import escaped, show_chunk_links, show_context_line, show_error, show_small_hit
from pages.shared.widgets.dialogs import close_dialog, is_open
from pages.shared.widgets.map_state import MapState, close_clicked
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.coverage import questions_that_found
from rag.map.export.files import as_csv, as_parquet
from rag.store.collection import Collection
from rag.store.names import free_name
from rag.transfer.selected_chunks import copy_chunks, selection_table
from rag.types import Chunk, Hit

_ROWS_SHOWN = 1_000
_QUESTIONS_SHOWN = 5
_QUERY = "map-query"
_COUNTS = (1, 2, 3, 5, 10, 20, 50)


def search_box(address: Address) -> tuple[str, int]:
    """The search field and the number of results; returns both. The text is kept in the address."""
    linked = next(iter(address.values("query")), "")
    if address.is_new("query"):
        st.session_state[_QUERY] = linked
    line = st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False)
    query = line.text_input(
        "Search the map",
        value=linked,
        key=_QUERY,
        placeholder="Search the map: a question or phrase",
        icon=":material/search:",
        label_visibility="collapsed",
    ).strip()
    k = line.selectbox(
        "Results", _COUNTS, _COUNTS.index(config.DEFAULT_K), key="map-k", format_func="{} results".format,
        label_visibility="collapsed", width=130,
    )  # fmt: skip
    address.keep("query", [query])
    return query, k


def has_content(state: MapState, focus: Focus) -> bool:
    """Whether the panel has anything to show."""
    return bool(state.selected or focus.failed or focus.clicked or focus.hits)


def show_panel(collection: Collection, state: MapState, query: str, focus: Focus, exam: ExamOnMap | None) -> None:
    """The chunks in the marked area; the clicked question or chunk, or without one the results of the search."""
    if state.selected:
        _show_selection(collection, state)
    if focus.failed is not None:
        show_failed_question(focus.failed)
    elif focus.clicked is not None:
        if focus.before is not None:
            show_pair(collection, focus.clicked, focus.before)
        _show_clicked(collection, focus.clicked, focus.hits, exam)
    elif focus.hits:
        with st.container(horizontal=True, vertical_alignment="top"):
            st.markdown(f"**{len(focus.hits)} nearest to “{escaped(query)}”**")
            st.button("Close", icon=":material/close:", type="tertiary", on_click=_forget_query)
        for hit in focus.hits:
            show_small_hit(hit)


def _forget_query() -> None:
    st.session_state[_QUERY] = ""


def _show_clicked(collection: Collection, chunk: Chunk, neighbors: Sequence[Hit], exam: ExamOnMap | None) -> None:
    with st.container(border=True):
        names = collection.document_names([chunk.document_id])
        st.markdown(f"**{escaped(names.get(chunk.document_id, ''))}** · selected chunk")
        show_context_line(chunk, with_headings=True)
        show_passage(chunk.text)
        show_chunk_links(chunk.chunk_id)
        st.caption("Click another point to see why the two are near or far.")
        st.button("Close", icon=":material/close:", on_click=close_clicked)
    if exam:
        _show_finding_questions(exam, chunk)
    question_form(collection, [chunk.chunk_id])
    if neighbors:
        st.caption("Its nearest neighbors by embedding, wherever they are on the map.")
    for hit in neighbors:
        show_small_hit(hit)


def _show_finding_questions(exam: ExamOnMap, chunk: Chunk) -> None:
    """The questions of the run that found the chunk."""
    found = questions_that_found(exam.run, chunk.chunk_id)
    if not found:
        st.markdown("Found by **no question** of this exam.")
        return
    listed = "\n".join(f"- {escaped(question.text)}" for question in found[:_QUESTIONS_SHOWN])
    more = f"\n- and {len(found) - _QUESTIONS_SHOWN:,} more" if len(found) > _QUESTIONS_SHOWN else ""
    st.markdown(f"Found by **{counted(len(found), 'question')}** of {exam.coverage.n_asked:,}:\n{listed}{more}")


def _show_selection(collection: Collection, state: MapState) -> None:
    ids = state.selected
    st.markdown(f"**{len(ids):,} selected**")
    if not fits_address(state):
        st.caption("So many chunks do not fit into the address: a copied link does not have this selection.")
    if len(ids) > _ROWS_SHOWN:
        st.caption(f"The first {_ROWS_SHOWN:,} are listed; the downloads contain all.")
    st.dataframe(
        selection_table(collection, ids[:_ROWS_SHOWN]),
        hide_index=True,
        height=360,
        column_config={
            "chunk_id": st.column_config.NumberColumn("chunk", format="%d", width="small"),
            "document": st.column_config.TextColumn(width="small"),
            "page": None,
            "heading": None,
            "tokens": None,
            "text": st.column_config.TextColumn(width="large"),
        },
        column_order=("text", "document", "chunk_id"),
        key="map-selection",
    )
    with st.container(horizontal=True):
        if st.button("Chat about these", type="primary", icon=":material/chat:", help="Answers use only these chunks."):
            require_workspace().ask_only(collection, ids)
            st.switch_page("pages/chat.py")
        is_asked = is_editor() and st.button(
            "New collection", icon=":material/add:", help="Copies these chunks into a new collection."
        )
        if is_open("collection-of-selection", collection.uid, asked=is_asked):
            _new_collection(collection, ids)
        _show_downloads(collection, ids)
        st.button("Clear selection", icon=":material/close:", on_click=_clear, args=(state,))
    question_form(collection, ids)


def _clear(state: MapState) -> None:
    state.selected = ()


def _show_downloads(collection: Collection, ids: Sequence[int]) -> None:
    for file_type, write in (("CSV", as_csv), ("Parquet", as_parquet)):
        st.download_button(
            f"Download {file_type}",
            partial(_selection_file, write, collection, ids),
            file_name=f"{collection.spec.name} selection.{file_type.lower()}",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key=f"selection-{file_type}",
        )


def _selection_file(write: Callable[[pd.DataFrame], bytes], collection: Collection, ids: Sequence[int]) -> bytes:
    return write(selection_table(collection, ids))


@st.dialog("New collection from the selection", on_dismiss=close_dialog)
def _new_collection(collection: Collection, ids: Sequence[int]) -> None:
    st.write(
        f"{len(ids):,} chunks are copied, with their embeddings and the text of their documents. Nothing is embedded "
        "again."
    )
    name = st.text_input("Name", free_name(config.data_dir(), f"{collection.spec.name} selection"))
    if st.button("Create", type="primary"):
        try:
            copy_chunks(collection, config.data_dir(), name, ids)
        except ExplorerError as error:
            show_error(error)
            return
        close_dialog()
        choose_collection(name)
        st.rerun()
