"""Documents: upload, see what became of each file, delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.components import show_error
from pages.shared.resources import embedder, embedding_models
from pages.shared.workspace import choose_collection, require_workspace
from rag import config
from rag.collection import Collection, list_collections
from rag.errors import ExplorerError
from rag.ingest import FileOutcome, SourceFile, ingest
from rag.loading import MEDIA_TYPES
from rag.types import ChunkingSpec

_OUTCOMES = "outcomes"


def take_in(collection: Collection, uploads: Sequence[UploadedFile]) -> list[FileOutcome]:
    """Ingest the uploads with progress."""
    files = [SourceFile(upload.name, upload.name, partial(bytes, upload.getbuffer())) for upload in uploads]
    model = embedder(collection.spec.embedding.model_id)
    bar = st.progress(0.0, "Reading")
    outcomes = []
    for outcome in ingest(collection, files, model):
        outcomes.append(outcome)
        bar.progress(len(outcomes) / len(files), f"{outcome.outcome}: {outcome.path}")
    return outcomes


def show_upload(collection: Collection) -> None:
    """Files in, and a table of what became of each."""
    with st.form("upload", clear_on_submit=True):
        uploads = st.file_uploader(
            f"Add documents to '{collection.spec.name}'",
            type=[suffix.removeprefix(".") for suffix in MEDIA_TYPES],
            accept_multiple_files=True,
            help="Each file is split into chunks and every chunk becomes an embedding. Files stay on this machine.",
        )
        submitted = st.form_submit_button("Add to the collection", type="primary", icon=":material/upload:")
    if submitted and uploads:
        st.session_state[_OUTCOMES] = take_in(collection, uploads)
    if outcomes := st.session_state.get(_OUTCOMES):
        rows = [{"file": o.path, "outcome": o.outcome, "chunks": o.chunks, "reason": o.reason} for o in outcomes]
        st.dataframe(pd.DataFrame(rows), hide_index=True)


def show_documents(collection: Collection) -> None:
    """What the collection holds, with a way to delete."""
    documents = collection.documents()
    if not documents:
        st.info("This collection is empty. Choose files above and add them.", icon=":material/info:")
        return
    st.subheader(f"{len(documents):,} documents, {collection.n_chunks():,} chunks")
    table = pd.DataFrame(
        {
            "document": [document.name for document in documents],
            "chunks": [document.n_chunks for document in documents],
            "characters": [document.n_characters for document in documents],
            "pages": [document.n_pages or None for document in documents],
            "type": [document.media_type for document in documents],
        }
    )
    event = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="multi-row")
    chosen = [documents[row] for row in event.selection.rows if row < len(documents)]
    if chosen and st.button(f"Delete {len(chosen)} selected", icon=":material/delete:"):
        for document in chosen:
            collection.delete_document(document.document_id)
        st.rerun()


def show_new_collection() -> None:
    """A name and an embedding model make a collection."""
    with st.popover("New collection", icon=":material/add:"), st.form("new", border=False):
        name = st.text_input("Name", help="Names the file that will hold the collection.")
        model = st.selectbox(
            "Embedding model",
            embedding_models(config.ollama_host()),
            accept_new_options=True,
            help="Turns text into embeddings. A collection keeps its model; another model needs another collection.",
        )
        if st.form_submit_button("Create", type="primary"):
            if name in list_collections(config.data_dir()) or not name:
                raise ExplorerError(f"'{name}' is taken or empty. Choose another name.")
            Collection.create(config.data_dir(), name, embedder(model).spec, ChunkingSpec())
            choose_collection(name)
            st.session_state.pop(_OUTCOMES, None)
            st.rerun()


workspace = require_workspace()
st.title("Documents")
st.caption("Put files in. They are split into chunks, and every chunk becomes a point on the map.")
try:
    show_new_collection()
    if workspace.collection is None:
        st.info("There is no collection yet. Make one with the button above.", icon=":material/info:")
    else:
        show_upload(workspace.collection)
        show_documents(workspace.collection)
except ExplorerError as error:
    show_error(error)
