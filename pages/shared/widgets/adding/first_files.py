"""The first files: dropped on a page, they begin a collection."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.session.resources import columns_of_upload, embedder
from pages.shared.session.workspace import choose_collection
from pages.shared.widgets.adding.column_roles import choose_roles
from pages.shared.widgets.adding.language_offer import better_model, short_name
from pages.shared.widgets.adding.uploads import start_ingest, uploads_of
from pages.shared.widgets.common import show_error
from pages.shared.widgets.dialogs import close_dialog
from pages.shared.widgets.wording import counted
from rag import config
from rag.documents.column_roles import ColumnRoles
from rag.documents.formats import READABLE
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.store.names import name_from_file
from rag.text.language import language_name


def show_first_files(key: str, label: str, empty: Collection | None = None) -> None:
    """A drop zone. Its files begin a new collection, or fill the `empty` one, and the page runs again.

    They are added at once, unless there is something to decide: the columns of a table, or another embedding model.
    """
    round_key = f"{key}-round"
    files = st.file_uploader(
        label,
        accept_multiple_files=True,
        key=f"{key}-{st.session_state.setdefault(round_key, 0)}",
        help="Each file is split into chunks, and every chunk gets an embedding. Files stay on this machine.",
    )
    if not files:
        st.caption(f"{READABLE}.")
        return
    try:
        roles, model_id, is_decided = _decide(key, files, empty)
        if is_decided:
            _begin(files, roles, model_id, empty)
            st.session_state[round_key] += 1
            close_dialog()
            st.rerun()
    except ExplorerError as error:
        show_error(error)


def _decide(
    key: str, files: Sequence[UploadedFile], empty: Collection | None
) -> tuple[dict[str, ColumnRoles], str, bool]:
    """The roles of columns, the embedding model, and whether the files are to be added now."""
    model_id = empty.spec.embedding.model_id if empty else config.DEFAULT_EMBEDDING_MODEL
    language, better = better_model(model_id, files) if empty is None else ("", "")
    if not better and not any(_has_columns(file) for file in files):
        return {}, model_id, True
    adds = st.button(f"Add {counted(len(files), 'file')}", key=f"{key}-add", type="primary", icon=":material/upload:")
    if better and st.checkbox(
        f"Use {short_name(better)}: these files appear to be in {language_name(language)}",
        value=True,
        key=f"{key}-model",
        help=f"{short_name(model_id)} was trained on English: similar texts may not be found.",
    ):
        model_id = better
    return choose_roles(files), model_id, adds


def _has_columns(file: UploadedFile) -> bool:
    try:
        return columns_of_upload(file) is not None
    except ExplorerError:
        return False  # The outcome of the job says what is wrong with the file.


def _begin(
    files: Sequence[UploadedFile], roles: dict[str, ColumnRoles], model_id: str, empty: Collection | None
) -> None:
    model = embedder(model_id)
    collection = empty or Collection.create(
        config.data_dir(), name_from_file(config.data_dir(), files[0].name), model.spec, config.DEFAULT_CHUNKING
    )
    start_ingest(collection, uploads_of(files, roles))
    choose_collection(collection.spec.name)
