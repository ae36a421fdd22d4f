"""The Documents page: add files, follow the import of each, and see how each was split into chunks."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.documents.add import show_add_documents
from pages.shared.documents.chunks import show_chunked_text, show_sizes
from pages.shared.documents.context_offer import offer_context_lines
from pages.shared.session.person import is_editor
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.language_offer import offer_after
from pages.shared.widgets.common import escaped, show_chunk_links, show_context_line, show_error
from pages.shared.widgets.jobs import show_jobs
from pages.shared.widgets.map_state import chosen_chunk
from pages.shared.widgets.storage_notes import not_changeable
from pages.shared.widgets.wording import counted
from rag.documents.formats import label
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.text.language import language_name
from rag.types import DocumentSummary


def type_name(media_type: str) -> str:
    """The name of a media type in a word or two: "PDF", "Word document", "CSV table"."""
    return label(media_type).removeprefix("an ").removeprefix("a ")


def show_documents(collection: Collection) -> None:
    """A table of the collection's documents; selected rows can be opened or deleted."""
    documents = collection.documents()
    is_off = bool(not_changeable(collection))
    if not documents:
        st.info(f"This collection is empty.{'' if is_off else ' Add files above.'}", icon=":material/info:")
        return
    st.header(f"{counted(len(documents), 'document')}, {counted(collection.n_chunks(), 'chunk')}")
    st.caption(f"Select a document to see its chunks{'' if is_off else ' or delete it'}.")
    table = pd.DataFrame(
        {
            "document": [document.name for document in documents],
            "chunks": [document.n_chunks for document in documents],
            "characters": [document.n_characters for document in documents],
            "pages": [str(document.n_pages or "") for document in documents],
            "type": [type_name(document.media_type) for document in documents],
            "language": [language_name(document.language) for document in documents],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(38 + 35 * len(documents), 460),
        column_config={"characters": st.column_config.NumberColumn(format="localized")},
    )
    selected = [documents[row] for row in event.selection.rows if row < len(documents)]
    show_selected(collection, selected)


def show_selected(collection: Collection, selected: Sequence[DocumentSummary]) -> None:
    """A button that deletes the selected documents; a single selected document is shown with its chunks."""
    if not selected:
        return
    is_off = bool(not_changeable(collection))
    with st.popover(f"Delete {len(selected):,} selected", icon=":material/delete:", disabled=is_off):
        st.write("Deletes the documents, their chunks and embeddings. Your original files are not changed.")
        if st.button("Delete", type="primary"):
            collection.delete_documents([document.document_id for document in selected])
            st.rerun()
    if len(selected) == 1:
        show_document(collection, selected[0].document_id)


def show_document(collection: Collection, document_id: str, chunk_id: int | None = None) -> None:
    """A stored document with its chunks coloured; the text begins at the opened chunk, if there is one."""
    document = collection.document(document_id)
    chunks = collection.chunks_of(document_id)
    opened = next((chunk for chunk in chunks if chunk.chunk_id == chunk_id), None)
    st.header(escaped(document.name), divider="gray")
    for note in document.notes:
        st.caption(escaped(note))
    if opened:
        show_context_line(opened, with_headings=True)
    show_sizes(chunks, key=f"sizes-{document_id}")
    show_chunked_text(document, chunks, key=f"text-{document_id}-{chunk_id or ''}", opened=opened)


def show_linked_chunk(collection: Collection) -> None:
    """Show the chunk named in the URL in its document: links from the map, a result or a citation lead here."""
    chunk_id = chosen_chunk()
    if chunk_id is None:
        return
    found = collection.chunks([chunk_id])
    if not found:
        st.warning("This chunk no longer exists.", icon=":material/warning:")
        return
    if st.button("Close document", icon=":material/close:"):
        st.query_params.pop("chunk")
        st.rerun()
    show_document(collection, found[0].document_id, found[0].chunk_id)
    show_chunk_links(chunk_id)
    st.divider()


workspace = require_workspace()
st.title("Documents")
st.caption("Files are split into chunks, and every chunk becomes a point on the map.")
try:
    if workspace.problem:
        show_error(workspace.problem)
    elif workspace.collection is None:
        st.info("There is no collection yet. Create one with 'New' in the sidebar.", icon=":material/info:")
    else:
        show_linked_chunk(workspace.collection)
        show_jobs(workspace.collection)
        if reason := not_changeable(workspace.collection):
            st.info(reason, icon=":material/lock:")
        else:
            show_add_documents(workspace.collection)
        if is_editor():
            offer_after(workspace.collection)
            offer_context_lines(workspace.collection)
        show_documents(workspace.collection)
except ExplorerError as error:
    show_error(error)
