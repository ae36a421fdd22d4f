"""Notes about storage: a collection is read-only, or results are kept in memory because they cannot be saved."""

from __future__ import annotations

import streamlit as st

from pages.shared.widgets.common import escaped
from rag import config
from rag.runtime import artifacts
from rag.store.collection import Collection

READ_ONLY = (
    "This collection is read-only: its file or folder cannot be written. Search, map and chat work, but conversations "
    "and settings are lost when the app stops."
)
NOT_CHANGEABLE = (
    "Adding, deleting and renaming are off, because the file or folder of this collection cannot be written. Make both "
    "writable, or export the collection and import it elsewhere."
)


def show_read_only(collection: Collection | None) -> None:
    """Say that the collection is read-only, if it is."""
    if collection is not None and collection.is_read_only:
        st.caption(f":material/lock: {escaped(READ_ONLY)}")


def show_unsaved(collection: Collection | None) -> None:
    """Say in one sentence that computed results could not be saved, if that is so."""
    folders = [config.cache_dir() / "models", *([collection.cache_folder] if collection is not None else [])]
    notes = filter(None, map(artifacts.unsaved, folders))
    if note := next(notes, ""):
        st.caption(f":material/info: {escaped(note)}")
