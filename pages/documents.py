"""Documents: put files in, see what became of each, and see how each was split."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.shared.documents.add import show_add_documents
from pages.shared.documents.chunks import show_chunked_text, show_sizes
from pages.shared.documents.collection_menu import show_collection_menu
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.jobs import show_jobs
from rag.documents.formats import label
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.text.language import language_name
from rag.types import DocumentSummary


def kind(media_type: str) -> str:
    """A media type in a word or two: "PDF", "Word document", "CSV table"."""
    return label(media_type).removeprefix("an ").removeprefix("a ")


def show_documents(collection: Collection) -> None:
    """What the collection holds, with a way to open and to delete."""
    documents = collection.documents()
    if not documents:
        st.info("This collection is empty. Choose files above and add them.", icon=":material/info:")
        return
    st.subheader(f"{len(documents):,} documents, {collection.n_chunks():,} chunks")
    st.caption("Tick a document to see how it was split, or to delete it.")
    table = pd.DataFrame(
        {
            "document": [document.name for document in documents],
            "chunks": [document.n_chunks for document in documents],
            "characters": [document.n_characters for document in documents],
            "pages": [str(document.n_pages or "") for document in documents],
            "kind": [kind(document.media_type) for document in documents],
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
    chosen = [documents[row] for row in event.selection.rows if row < len(documents)]
    show_chosen(collection, chosen)


def show_chosen(collection: Collection, chosen: Sequence[DocumentSummary]) -> None:
    """Delete what is ticked; open what is ticked alone."""
    if not chosen:
        return
    with st.popover(f"Delete {len(chosen):,} ticked", icon=":material/delete:"):
        st.write("Their chunks and embeddings go too. Your own files are not touched.")
        if st.button("Delete them", type="primary"):
            collection.delete_documents([document.document_id for document in chosen])
            st.rerun()
    if len(chosen) == 1:
        show_split(collection, chosen[0].document_id)


def show_split(collection: Collection, document_id: str, chunk_id: int | None = None) -> None:
    """A stored document with its chunks coloured, from the opened chunk on."""
    document = collection.document(document_id)
    chunks = collection.chunks_of(document_id)
    opened = next((chunk for chunk in chunks if chunk.chunk_id == chunk_id), None)
    st.subheader(escaped(document.name), divider="gray")
    for note in document.notes:
        st.caption(escaped(note))
    show_sizes(chunks, key=f"sizes-{document_id}")
    show_chunked_text(document, chunks, key=f"text-{document_id}-{chunk_id or ''}", opened=opened)


def opened_chunk(collection: Collection) -> None:
    """The chunk named in the address, in its document: where the map, a neighbor or a citation leads."""
    value = st.query_params.get("chunk", "")
    if not (value.isascii() and value.isdigit()):
        return
    found = collection.chunks([int(value)])
    if not found:
        st.warning("The chunk of this link is not in the collection any more.", icon=":material/warning:")
        return
    if st.button("Close the document", icon=":material/close:"):
        st.query_params.pop("chunk")
        st.rerun()
    show_split(collection, found[0].document_id, found[0].chunk_id)
    st.divider()


workspace = require_workspace()
st.title("Documents")
st.caption("Put files in. They are split into chunks, and every chunk becomes a point on the map.")
try:
    show_collection_menu(workspace.collection)
    if workspace.problem:
        show_error(workspace.problem)
    elif workspace.collection is None:
        st.info("There is no collection yet. Make one with 'New collection' above.", icon=":material/info:")
    else:
        opened_chunk(workspace.collection)
        show_jobs(workspace.collection)
        show_add_documents(workspace.collection)
        show_documents(workspace.collection)
except ExplorerError as error:
    show_error(error)
