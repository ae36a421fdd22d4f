"""Adding files and pasted text to a collection, with a preview of the chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.documents.chunks import show_chunked_text, show_sizes
from pages.shared.session.resources import document_of_upload, embedder, prepared_document
from pages.shared.widgets.adding.column_roles import choose_roles
from pages.shared.widgets.adding.language_offer import offer_before
from pages.shared.widgets.adding.uploads import Upload, start_ingest, uploads_of
from pages.shared.widgets.collections.chunking import chunking_controls
from pages.shared.widgets.collections.copying import use_chunking
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.wording import counted
from rag.chunking.chunker import chunk_prepared
from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.formats import READABLE
from rag.documents.parsed import name_some
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.types import ChunkingSpec

_ROUND = "upload-round"
_IS_STARTING = "upload-is-starting"
_REPLACE, _KEEP_BOTH = "Replace the stored one", "Keep both"


def show_add_documents(collection: Collection) -> None:
    """A tab for uploads and a tab for pasted text; the button of each starts a background job."""
    upload, paste = st.tabs(["Upload files", "Paste text"])
    with upload:
        _show_upload(collection)
    with paste:
        _show_paste(collection)


def _show_upload(collection: Collection) -> None:
    upload_round = st.session_state.setdefault(_ROUND, 0)
    uploads = st.file_uploader(
        f"Add documents to '{collection.spec.name}'",
        accept_multiple_files=True,
        key=f"uploads-{upload_round}",
        help="Each file is split into chunks, and every chunk gets an embedding. Files stay on this machine.",
    )
    if not uploads:
        st.caption(f"{READABLE}.")
        return
    offer = st.container()
    keeps_both = _choose_to_replace(collection, [upload.name for upload in uploads])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Add {counted(len(uploads), 'file')}", type="primary", icon=":material/upload:", on_click=_begin_starting
        )
        preview = st.toggle(
            "Preview chunks", help="Shows where each chunk will begin and end, before anything is added."
        )
    roles = choose_roles(uploads)
    with offer:
        # The model that tells languages takes most of a second to load; the columns are shown before.
        offer_before(collection, uploads)
    if st.session_state.get(_IS_STARTING):
        _start_uploads(collection, uploads, roles, keeps_both=keeps_both)
    if preview:
        _show_preview(collection, uploads, roles)


def _begin_starting() -> None:
    """Remember the click until the job has started: the page may run again while the model loads."""
    st.session_state[_IS_STARTING] = True


def _start_uploads(
    collection: Collection, uploads: Sequence[UploadedFile], roles: Mapping[str, ColumnRoles], *, keeps_both: bool
) -> None:
    try:
        start_ingest(collection, uploads_of(uploads, roles, keeps_both=keeps_both))
    except ExplorerError as error:
        del st.session_state[_IS_STARTING]
        show_error(error)
        return
    del st.session_state[_IS_STARTING]
    st.session_state[_ROUND] += 1
    st.rerun()


def _show_paste(collection: Collection) -> None:
    with st.form("paste", clear_on_submit=True, border=False):
        name = st.text_input("Name", "Pasted text", help="The name of the new document.")
        text = st.text_area("Text", height=180, placeholder="Paste or type a text")
        if st.form_submit_button("Add text", type="primary", icon=":material/add:") and text.strip():
            # A pasted text is nowhere else, so it never replaces another.
            start_ingest(collection, [Upload(f"{name.strip() or 'Pasted text'}.txt", text.encode(), keeps_both=True)])
            st.rerun()


def _choose_to_replace(collection: Collection, names: Sequence[str]) -> bool:
    """Whether to keep stored documents that have the names of uploaded files; not asked if there are none."""
    stored = {document.name for document in collection.documents()}
    # The files of an archive are named below it.
    stored |= {name.partition("/")[0] for name in stored}
    taken = [name for name in names if name in stored]
    if not taken:
        return False
    subject, verb = ("A document", "is") if len(taken) == 1 else ("Documents", "are")
    choice = st.radio(
        f"{subject} named {escaped(name_some(taken))} {verb} in this collection already",
        [_REPLACE, _KEEP_BOTH],
        horizontal=True,
        key="same-names",
        help="An unchanged file is not added again. If you keep both, the new one gets a number, such as 'report "
        "(2).pdf'.",
    )
    return choice == _KEEP_BOTH


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _show_preview(collection: Collection, uploads: Sequence[UploadedFile], roles: Mapping[str, ColumnRoles]) -> None:
    names = [upload.name for upload in uploads]
    row = st.selectbox("File to preview", range(len(names)), format_func=names.__getitem__) if len(names) > 1 else 0
    upload = uploads[row or 0]
    content = bytes(upload.getbuffer())
    try:
        document = document_of_upload(upload.name, _digest(content), roles.get(upload.file_id, GUESSED), content)
        model = embedder(collection.spec.embedding.model_id)
        chunking = chunking_controls("preview", collection.spec.chunking, model.window)
        parts = prepared_document(document, model, chunking.strategy)
        chunks = [chunk for part in chunk_prepared(document, parts, chunking, model.window) for chunk in part]
    except ExplorerError as error:
        show_error(error)
        return
    for note in document.notes:
        st.info(escaped(note), icon=":material/info:")
    show_sizes(chunks, key="preview-sizes")
    if chunking != collection.spec.chunking:
        _offer_chunking(collection, chunking)
    show_chunked_text(document, chunks, key=f"preview-{document.document_id}")


def _offer_chunking(collection: Collection, chunking: ChunkingSpec) -> None:
    """Say that the preview uses other settings than the collection, and how to apply them."""
    if collection.n_chunks():
        st.info(
            "This is only a preview. The collection keeps the chunking it was created with. To use these settings, "
            "choose 'Manage', then 'Re-embed into a new collection'.",
            icon=":material/info:",
        )
    elif st.button("Save as default for this collection", icon=":material/check:"):
        use_chunking(collection, chunking)
        st.rerun()
