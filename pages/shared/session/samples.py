"""The sample collection: made once on a machine, with progress, and completed where that was cut off."""

from __future__ import annotations

import threading

import streamlit as st

from pages.shared.session.resources import embedder, warm_up_projection
from rag import config
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.ingest import ingest
from rag.store.collection import Collection, list_collections
from rag.types import ChunkingSpec

NAME = "Sample"
_MARKER = ".sample-made"


@st.cache_resource
def _making() -> threading.Lock:
    """One session makes the sample; the others wait for it."""
    return threading.Lock()


def ensure_sample() -> None:
    """Make the sample collection unless this data folder has had it made before."""
    marker = config.data_dir() / _MARKER
    if marker.exists():
        return
    with _making():
        if not marker.exists():
            make_sample()


def make_sample() -> None:
    """Take the sample documents in, showing progress; what is in already is not repeated."""
    folder = config.data_dir()
    warm_up_projection()
    with st.status("Getting the sample collection ready. This happens once.", expanded=True) as status:
        model = embedder(config.DEFAULT_EMBEDDING_MODEL)
        if NAME in list_collections(folder):
            collection = Collection.open(folder, NAME)
        else:
            collection = Collection.create(folder, NAME, model.spec, ChunkingSpec())
        files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
        bar = st.progress(0.0)
        with DocumentReader() as reader:
            for done, outcome in enumerate(ingest(collection, files, model, reader), start=1):
                bar.progress(done / len(files), f"{outcome.outcome}: {files[done - 1].name}")
        status.update(label="The sample collection is ready", state="complete", expanded=False)
    (folder / _MARKER).touch()
