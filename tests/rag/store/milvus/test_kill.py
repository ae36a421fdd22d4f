"""Killed at any moment of an ingest into Milvus: no search finds half a document, and the next start sweeps up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rag import config
from rag.store.collection import Collection
from rag.store.milvus.client import close_all
from rag.store.search import SearchFilter
from tests.rag.store.milvus.store_process import CHUNKING, SPEC, store

KILLS = int(os.environ.get("EXPLORER_KILLS", "3"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("milvus_folder"),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill without notice"),
]


@pytest.fixture
def collection_to_kill(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection with two documents, in a Milvus Lite of its own; no process has it open."""
    monkeypatch.setenv("EXPLORER_STORE", f"milvus+file://{tmp_path}/killed.db")
    made = Collection.create(data_dir, "c", SPEC, CHUNKING)
    store(made, 0, 0)
    store(made, 1, 0)
    close_all()


def require_whole_documents(collection: Collection) -> int:
    """Every document is whole in all ways to read it; returns their number."""
    sizes = {}
    for summary in collection.documents():
        text = collection.document(summary.document_id).text
        chunks = collection.chunks_of(summary.document_id)
        assert [chunk.text for chunk in chunks] == text.split("\n")
        assert len({chunk.text.split()[0] for chunk in chunks}) == 1
        assert len(collection.vectors_of(summary.document_id)[0]) == summary.n_chunks == len(chunks)
        sizes[summary.document_id] = len(chunks)
    n = sum(sizes.values())
    assert n == collection.n_chunks() == len(collection.chunk_ids()) == len(collection.embeddings()[0])
    engine = collection.engine()
    assert engine is not None
    everything, words = SearchFilter(), " ".join(f"document{number}" for number in range(10))
    for found in (
        engine.nearest(np.eye(16, dtype=np.float32)[0], 16_384, everything),
        engine.matching(words, 16_384, everything),
    ):
        hits = collection.chunks(found.ids.tolist())
        assert {chunk.chunk_id for chunk in hits} == set(found.ids.tolist()) <= set(collection.chunk_ids().tolist())
        assert Counter(chunk.document_id for chunk in hits) == sizes
    return len(sizes)


@pytest.mark.usefixtures("collection_to_kill")
def test_no_half_document_is_found_after_any_kill(data_dir: Path):
    chosen, n_before = random.Random(11), 2
    for kill in range(KILLS):
        command = [sys.executable, "-m", "tests.rag.store.milvus.store_process", str(100 * kill + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=config.ROOT) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "ready\n"
                # Any moment will do: the times are spread over the writing of several documents.
                time.sleep(chosen.uniform(0.0, 1.5))
            finally:
                process.kill()
        collection = Collection.open(data_dir, "c")
        n_documents = require_whole_documents(collection)
        assert n_documents >= n_before
        n_before = n_documents
        store(collection, 9, kill)
        n_before = max(n_before, require_whole_documents(collection))
        close_all()
