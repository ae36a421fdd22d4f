"""The sample collection: created once for each data folder, and completed if its creation was interrupted."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import streamlit as st

from pages.shared.session.resources import embedder, warm_up_projection
from rag import config
from rag.access.person import OWNER_OF_ALL, acting_as
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection, list_collections

SAMPLE = "Sample"
"""The name of the sample collection."""
_MARKER = ".sample-made"


@st.cache_resource
def _making() -> threading.Lock:
    """The lock that lets one session create the sample while the others wait."""
    return threading.Lock()


def ensure_sample() -> None:
    """Create the sample collection, unless it was created in this data folder before.

    A read-only folder is left as it is if it has any collection. Raises ExplorerError if the sample cannot be created.
    """
    marker = config.data_dir() / _MARKER
    if marker.exists() or (list_collections(config.data_dir()) and not os.access(marker.parent, os.W_OK)):
        return
    # Whoever comes first: this is the app's own work.
    with _making(), acting_as(OWNER_OF_ALL):
        if not marker.exists():
            make_sample()


def make_sample() -> None:
    """Add the sample documents and show progress; documents already added are skipped."""
    folder = config.data_dir()
    warm_up_projection()
    with st.status("Preparing the sample collection. This happens once.", expanded=True) as status:
        model = embedder(config.DEFAULT_EMBEDDING_MODEL)
        if SAMPLE in list_collections(folder):
            collection = Collection.open(folder, SAMPLE)
        else:
            collection = Collection.create(folder, SAMPLE, model.spec, config.DEFAULT_CHUNKING)
        files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
        bar = st.progress(0.0)
        with DocumentReader() as reader:
            for done, outcome in enumerate(ingest(collection, files, model, reader), start=1):
                bar.progress(done / len(files), f"{outcome.outcome}: {files[done - 1].name}")
        status.update(label="The sample collection is ready", state="complete", expanded=False)
    with suppress(OSError):  # the folder has become read-only, or the disk full: the next start looks again
        (folder / _MARKER).touch()
