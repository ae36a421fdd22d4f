"""The open collection for pages that need chunks; without any, what leads to them."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.person import why_not_editor
from pages.shared.session.resources import ingest_jobs
from pages.shared.session.samples import SAMPLE, make_sample
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.adding.first_files import show_first_files
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.jobs import show_jobs
from pages.shared.widgets.storage_notes import not_changeable
from rag.store.collection import Collection


def require_chunks() -> Collection:
    """The open collection; if it has no chunks, show its job or a place for files, and stop the page."""
    workspace = require_workspace()
    collection = workspace.collection
    if collection is not None and collection.n_chunks():
        return collection
    if workspace.problem:
        show_error(workspace.problem)
        return st.stop()
    if collection is not None:
        show_jobs(collection)
        if ingest_jobs().is_busy(collection.uid):
            return st.stop()
    name = f"'{escaped(collection.spec.name)}' is empty" if collection else "There is no collection yet"
    if why := why_not_editor():
        st.info(f"{name}. {why}", icon=":material/lock:")
        return st.stop()
    st.info(f"{name}. Add documents, and this page will show them.", icon=":material/info:")
    if collection is not None and (reason := not_changeable(collection)):
        st.info(reason, icon=":material/lock:")
    else:
        show_first_files("first-files", "Drop files here", collection)
    with st.container(horizontal=True):
        if st.button("Add documents", icon=":material/upload:", help="Paste text, or preview how files are split."):
            st.switch_page("pages/documents.py")
        if (collection is None or collection.spec.name != SAMPLE) and st.button("Open the sample collection"):
            make_sample()
            choose_collection(SAMPLE)
            st.rerun()
    return st.stop()
