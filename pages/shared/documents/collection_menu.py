"""What can be done with a whole collection: make, rename, copy, take away, bring back, delete."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from pages.shared.documents.chunks import chunking_controls
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.resources import embedder, job_board
from pages.shared.session.workspace import choose_collection
from pages.shared.widgets.common import escaped, show_error
from rag import config
from rag.errors import ExplorerError
from rag.ingest import copy_documents
from rag.store.collection import Collection, list_collections
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from rag.types import ChunkingSpec, Embedder

_NAME_HELP = "Up to 60 letters, digits, spaces, '-', '_' and '.'. It names the file that holds the collection."


def show_collection_menu(collection: Collection | None) -> None:
    """The buttons; each opens a dialog that says what it will do."""
    with st.container(horizontal=True):
        if st.button("New collection", icon=":material/add:"):
            _new()
        if st.button("Import", icon=":material/upload_file:", help="Bring in a collection file that was exported."):
            _import()
        if collection is None:
            return
        with st.popover("Manage", icon=":material/folder_managed:"):
            _manage(collection)


def _manage(collection: Collection) -> None:
    busy = job_board().is_busy(collection.uid)
    if busy:
        st.caption("Documents are being added. Rename and delete wait until that is done.")
    if st.button("Rename", icon=":material/edit:", disabled=busy, width="stretch"):
        _rename(collection)
    if st.button("Copy with another model or splitting", icon=":material/content_copy:", width="stretch"):
        _copy(collection)
    with_conversations = st.checkbox(
        "With its conversations",
        value=True,
        key=f"export-conversations-{collection.uid}",
        help="Conversations hold questions, answers and passages. Leave them out of a file that is for others.",
    )
    st.download_button(
        "Export to one file",
        lambda: _exported(collection, conversations=with_conversations),
        file_name=f"{collection.spec.name}.explorer",
        mime="application/vnd.sqlite3",
        on_click="ignore",
        icon=":material/download:",
        help="Documents, chunks and embeddings. 'Import' brings it back, here or on another machine.",
        width="stretch",
    )
    if st.button("Delete", icon=":material/delete:", disabled=busy, width="stretch"):
        _delete(collection)


def _exported(collection: Collection, *, conversations: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        export_collection(collection, path, conversations=conversations)
        return path.read_bytes()


def _go_to(name: str) -> None:
    """Look at the collection and draw the page anew, without the dialog."""
    choose_collection(name)
    st.rerun()


def _choose_model(key: str, default: str) -> Embedder:
    names = embedding_models(config.ollama_host())
    name = st.selectbox(
        "Embedding model",
        names,
        index=names.index(default) if default in names else 0,
        accept_new_options=True,
        key=f"{key}-model",
        help="Turns text into embeddings. Type any sentence-transformers name, or ollama:NAME. It is kept.",
    )
    return embedder(name or default)


@st.dialog("New collection", width="large")
def _new() -> None:
    name = st.text_input("Name", help=_NAME_HELP)
    try:
        model = _choose_model("new", config.DEFAULT_EMBEDDING_MODEL)
        chunking = chunking_controls("new", ChunkingSpec(), model.window)
        if st.button("Create", type="primary"):
            Collection.create(config.data_dir(), name, model.spec, chunking)
            _go_to(name)
    except ExplorerError as error:
        show_error(error)


@st.dialog("Copy with another model or splitting", width="large")
def _copy(collection: Collection) -> None:
    st.write("The stored documents are split and embedded anew into a new collection. This one stays as it is.")
    name = st.text_input("Name of the copy", f"{collection.spec.name} copy", help=_NAME_HELP)
    try:
        model = _choose_model("copy", collection.spec.embedding.model_id)
        chunking = chunking_controls("copy", collection.spec.chunking, model.window)
        if st.button("Copy", type="primary"):
            start_copy(collection, name, model, chunking)
            _go_to(name)
    except ExplorerError as error:
        show_error(error)


def start_copy(source: Collection, name: str, model: Embedder, chunking: ChunkingSpec) -> None:
    """Make the new collection and let a job fill it. Raises CollectionError for a name that cannot be used."""
    target = Collection.create(config.data_dir(), name, model.spec, chunking)
    documents = source.documents()
    job_board().start(
        f"Copy of {source.spec.name}",
        target.uid,
        lambda report, cancelled: copy_documents(source, target, model, report=report, cancelled=cancelled),
        n_files=len(documents),
        bytes_total=sum(document.n_characters for document in documents),
    )


def use_splitting(collection: Collection, chunking: ChunkingSpec) -> None:
    """Make an empty collection anew with another splitting."""
    delete_collection(config.data_dir(), collection.spec.name)
    Collection.create(config.data_dir(), collection.spec.name, collection.spec.embedding, chunking)
    choose_collection(collection.spec.name)


@st.dialog("Rename")
def _rename(collection: Collection) -> None:
    name = st.text_input("New name", collection.spec.name, help=_NAME_HELP)
    if st.button("Rename", type="primary", key="rename-now"):
        try:
            rename_collection(config.data_dir(), collection.spec.name, name)
            _go_to(name)
        except ExplorerError as error:
            show_error(error)


@st.dialog("Import a collection")
def _import() -> None:
    upload = st.file_uploader("An exported collection", help="A file that 'Export to one file' made.")
    name = st.text_input("Name", upload.name.rpartition(".")[0] if upload else "", help=_NAME_HELP)
    if st.button("Import", type="primary", key="import-now", disabled=upload is None) and upload:
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "upload"
                path.write_bytes(upload.getbuffer())
                import_collection(config.data_dir(), path, name, shown_as=upload.name)
            _go_to(name)
        except ExplorerError as error:
            show_error(error)


@st.dialog("Delete this collection?")
def _delete(collection: Collection) -> None:
    name = collection.spec.name
    st.write(
        f"'{escaped(name)}' holds {len(collection.documents()):,} documents and {collection.n_chunks():,} chunks. "
        "They will be gone from this app; your own files are not touched. Export first if you may want it back."
    )
    if st.button("Delete it", type="primary", icon=":material/delete:"):
        try:
            delete_collection(config.data_dir(), name)
        except ExplorerError as error:
            show_error(error)
            return
        _go_to(next(iter(list_collections(config.data_dir())), ""))
