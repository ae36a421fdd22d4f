"""Notes about storage: a collection is read-only, or results are kept in memory because they cannot be saved."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.person import why_not_editor
from pages.shared.widgets.common import escaped
from rag import config
from rag.runtime import artifacts
from rag.store.collection import Collection


def not_changeable(collection: Collection) -> str:
    """What is off for readers, or while the collection is read-only, and why, as Markdown; empty if nothing is."""
    if reason := why_not_editor():
        return reason
    off = "Adding and deleting documents is" if not collection.is_protected else "Adding, deleting and renaming are"
    why = collection.why_read_only
    return escaped(f"{off} off, because {why}") if why else ""


def show_read_only(collection: Collection | None) -> None:
    """Say that the collection is read-only, if it is."""
    if collection is not None and (why := collection.why_read_only):
        note = (
            f"This collection is read-only: {why} Search, map and chat work, but new conversations and settings are "
            "lost when the app stops."
        )
        st.caption(f":material/lock: {escaped(note)}")


def show_unsaved(collection: Collection | None) -> None:
    """Say in one sentence that computed results could not be saved, if that is so."""
    folders = [config.cache_dir() / "models", *([collection.cache_folder] if collection is not None else [])]
    notes = filter(None, map(artifacts.unsaved, folders))
    if note := next(notes, ""):
        st.caption(f":material/info: {escaped(note)}")
