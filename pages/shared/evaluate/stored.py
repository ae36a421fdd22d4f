"""Stored runs, read once for all sessions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.stored_runs import load_run


@st.cache_resource(max_entries=32, show_spinner=False)
def _loaded(path: str, modified: int, size: int) -> CollectionRun:
    return load_run(Path(path))


def load_stored(path: Path) -> CollectionRun:
    """A stored run; read again only if its file has changed. Raises RunFileError."""
    try:
        stat = path.stat()
    except OSError:
        return load_run(path)
    return _loaded(str(path), stat.st_mtime_ns, stat.st_size)
