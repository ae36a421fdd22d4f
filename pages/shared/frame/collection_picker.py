"""The collection picker: choose a collection, create, import, rename, re-embed, export and delete one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.components import v2

from pages.shared.session.model_servers import embedding_models
from pages.shared.session.person import is_editor
from pages.shared.session.resources import embedder, ingest_jobs
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.adding.first_files import show_first_files
from pages.shared.widgets.collections.chunking import chunking_controls
from pages.shared.widgets.collections.copying import NAME_HELP, start_copy
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.dialogs import close_dialog, is_open
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.storage_notes import not_changeable
from pages.shared.widgets.wording import counted
from rag import config
from rag.access.person import Person, acting, acting_as
from rag.embedding.embedder import SERVED_PREFIXES, local_models
from rag.errors import ExplorerError
from rag.store.collection import Collection, list_collections
from rag.store.names import free_name
from rag.text.tokens import count_note
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from rag.transfer.untrusted import embedding_model_of
from rag.types import Embedder

_escape = v2.component("dialog_escape", js=Path(__file__).with_name("dialog_escape.js").read_text(encoding="utf-8"))
"""Lets the Escape key close a dialog whose button for a download lost the focus."""


def show_picker() -> Callable[[], object] | None:
    """The choice of a collection; for editors also a button for a new one, and a menu.

    Returns what shows the dialog that is open; None if none is.
    """
    workspace = require_workspace()
    name = workspace.collection.spec.name if workspace.collection else st.query_params.get("collection")
    names = list_collections(config.data_dir())
    if names:
        chosen = st.selectbox(
            "Collection",
            names,
            index=names.index(name) if name in names else 0,
            help=f"{help_for('collection')} All pages show this one.",
        )
        choose_collection(chosen)
    if not is_editor():
        return None
    with st.container(horizontal=True, gap="xsmall"):
        is_new = st.button("New", icon=":material/add:", help="Creates a collection.")
        dialog = _show_menu(workspace.collection)
    return _new if is_open("new-collection", name, asked=is_new) else dialog


def _show_menu(collection: Collection | None) -> Callable[[], object] | None:
    name = collection.spec.name if collection else None
    of_any: dict[str, Callable[[], object]] = {":material/upload_file: Import a collection": _import}
    of_this: dict[str, Callable[[Collection], object]] = {
        ":material/edit: Rename": _rename,
        ":material/content_copy: Re-embed into a new collection": _re_embed,
        ":material/download: Export to a file": _export,
        ":material/delete: Delete": _delete,
    }
    dialogs = dict(of_any)
    if collection is not None:
        dialogs |= {entry: partial(dialog, collection) for entry, dialog in of_this.items()}
    chosen = st.menu_button("Manage", list(dialogs), key="manage-collection")
    return next((show for entry, show in dialogs.items() if is_open(entry, name, asked=entry == chosen)), None)


def _why_not_now(collection: Collection) -> str:
    """Why the collection can be neither renamed nor deleted at present, as Markdown; empty if it can."""
    if ingest_jobs().is_busy(collection.uid):
        return "Documents are being added. You can rename or delete the collection when that is done."
    return not_changeable(collection) if collection.is_protected else ""


@st.dialog("Export to a file", on_dismiss=close_dialog)
def _export(collection: Collection) -> None:
    st.write("Saves documents, chunks and embeddings. **Import** opens the file here or on another machine.")
    person = acting()
    with_conversations = st.checkbox(
        "Include conversations",
        value=True,
        help="Adds the questions, answers and passages to the file. Turn it off for a file that you give to others.",
    )
    st.download_button(
        "Download",
        lambda: _exported(collection, person, conversations=with_conversations),
        file_name=f"{collection.spec.name}.explorer",
        mime="application/vnd.sqlite3",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
    )
    _escape(key="export-escape")


def _exported(collection: Collection, person: Person, *, conversations: bool) -> bytes:
    # It is made when the browser asks for the file, outside the run of the page.
    with acting_as(person), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        export_collection(collection, path, conversations=conversations)
        return path.read_bytes()


def _go_to(name: str) -> None:
    """Open the collection and run the page again, which closes the dialog."""
    close_dialog()
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
        help=f"{help_for('embedding model')} Choose one, or type a sentence-transformers name, ollama:NAME or "
        "openai:NAME.",
    )
    model = embedder(name or default)
    if note := count_note(model.tokenizer):
        st.caption(note)
    return model


@st.dialog("New collection", width="large", on_dismiss=close_dialog)
def _new() -> None:
    show_first_files("new-files", "Drop files here: they begin the collection, which gets the name of the first file")
    st.divider()
    st.markdown("Or create an empty collection:")
    name = st.text_input("Name", help=NAME_HELP)
    try:
        model = _choose_model("new", config.DEFAULT_EMBEDDING_MODEL)
        chunking = chunking_controls("new", config.DEFAULT_CHUNKING, model.window)
        if st.button("Create", type="primary"):
            Collection.create(config.data_dir(), name, model.spec, chunking)
            _go_to(name)
    except ExplorerError as error:
        show_error(error)


@st.dialog("Re-embed into a new collection", width="large", on_dismiss=close_dialog)
def _re_embed(collection: Collection) -> None:
    st.write(
        "The stored documents are split and embedded again into a new collection. This collection does not change."
    )
    proposed = free_name(config.data_dir(), f"{collection.spec.name} copy")
    name = st.text_input("Name of the new collection", proposed, help=NAME_HELP)
    try:
        model = _choose_model("copy", collection.spec.embedding.model_id)
        chunking = chunking_controls("copy", collection.spec.chunking, model.window)
        if st.button("Re-embed", type="primary"):
            start_copy(collection, name, model, chunking)
            _go_to(name)
    except ExplorerError as error:
        show_error(error)


@st.dialog("Rename", on_dismiss=close_dialog)
def _rename(collection: Collection) -> None:
    if why := _why_not_now(collection):
        st.info(why, icon=":material/info:")
        return
    name = st.text_input("New name", collection.spec.name, help=NAME_HELP)
    if st.button("Rename", type="primary", key="rename-now"):
        try:
            rename_collection(config.data_dir(), collection.spec.name, name)
            _go_to(name)
        except ExplorerError as error:
            show_error(error)


@st.dialog("Import a collection", on_dismiss=close_dialog)
def _import() -> None:
    upload = st.file_uploader("Collection file", help="A file that was saved with 'Export to a file'.")
    proposed = free_name(config.data_dir(), Path(upload.name).stem) if upload else ""
    name = st.text_input("Name", proposed, help=NAME_HELP)
    warned = f"import-warned-{upload.file_id if upload else 'nothing'}"
    label = "Import anyway" if warned in st.session_state else "Import"
    if st.button(label, type="primary", key="import-now", disabled=upload is None) and upload:
        try:
            ingest_jobs().require_small(upload.size)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "upload"
                path.write_bytes(upload.getbuffer())
                if warned not in st.session_state and (model := _missing_model(path, upload.name)):
                    st.session_state[warned] = model
                    st.rerun(scope="fragment")
                import_collection(config.data_dir(), path, name, shown_as=upload.name)
            _go_to(name)
        except ExplorerError as error:
            show_error(error)
    if warned in st.session_state:
        st.warning(
            f"This collection was made with the embedding model '{escaped(st.session_state[warned])}', which is not on "
            "this machine. When the collection is opened, the model is downloaded from the Hugging Face hub.",
            icon=":material/download:",
        )


def _missing_model(path: Path, shown_as: str) -> str:
    """The embedding model of a collection file if it would have to be downloaded; else an empty text."""
    model = embedding_model_of(path, shown_as)
    return "" if model.startswith(SERVED_PREFIXES) or model in local_models() else model


@st.dialog("Delete this collection?", on_dismiss=close_dialog)
def _delete(collection: Collection) -> None:
    if why := _why_not_now(collection):
        st.info(why, icon=":material/info:")
        return
    name = collection.spec.name
    st.write(
        f"'{escaped(name)}' holds {counted(len(collection.documents()), 'document')} and "
        f"{counted(collection.n_chunks(), 'chunk')}. "
        "They are deleted from this app; your original files are not changed. To keep a copy, export it first."
    )
    if st.button("Delete", type="primary", icon=":material/delete:"):
        try:
            delete_collection(config.data_dir(), name)
        except ExplorerError as error:
            show_error(error)
            return
        _go_to(next(iter(list_collections(config.data_dir())), ""))
