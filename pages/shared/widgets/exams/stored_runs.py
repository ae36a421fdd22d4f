"""Stored runs of exams: read once for all sessions, and named on pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from pages.shared.widgets.retrieval_settings import MODES
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.stored.runs import load_run


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


def search_names(run: CollectionRun) -> list[str]:
    """What the pages call each setting of a run."""
    return [MODES[setting.mode] for setting in run.conditions.settings]


def when(run: CollectionRun) -> str:
    """When the run began, in the time of this computer: "29 Nov 2026, 23:40"."""
    try:
        started = datetime.fromisoformat(run.conditions.started).astimezone()
    except ValueError:
        return run.conditions.started
    return f"{started.day} {started:%b %Y, %H:%M}"
