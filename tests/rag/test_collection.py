"""What is stored comes back; one transaction a document; caches are rebuilt when stale or damaged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rag import config
from rag.collection import Collection
from rag.errors import CollectionError, ModelMismatch
from rag.ingest import SourceFile, find_files, ingest
from rag.layout import load_layout, make_layout
from rag.loading import load_document
from rag.projection import ProjectionParameters
from rag.retrieval import DenseRetriever, KeywordRetriever, cache_path, load_index, neighbors_of_chunk
from rag.types import ChunkingSpec


def source(name: str, content: bytes) -> SourceFile:
    return SourceFile(name, name, lambda: content)


def test_documents_come_back_as_they_went_in(sample):
    for summary in sample.documents():
        folder = config.SAMPLES if summary.name == "topics.csv" else config.SAMPLES / "handbook"
        assert sample.document(summary.document_id) == load_document(summary.name, (folder / summary.name).read_bytes())


def test_outcomes(data_dir, embedder):
    collection = Collection.create(data_dir, "c", embedder.spec, ChunkingSpec())
    first = [
        source("a.txt", b"Ships sail."),
        source("bad.pdf", b"%PDF"),
        source("e.txt", b"  "),
        source("b.txt", b"Owls."),
    ]
    assert [o.outcome for o in ingest(collection, first, embedder)] == ["added", "failed", "empty", "added"]
    again = [source("a.txt", b"Ships sail."), source("b.txt", b"Owls hunt at night.")]
    assert [o.outcome for o in ingest(collection, again, embedder)] == ["unchanged", "replaced"]
    assert [chunk.text for chunk in collection.chunks()] == ["Ships sail.", "Owls hunt at night."]
    assert collection.search_words(["owls"], 5)[0][0] == collection.chunks()[1].chunk_id


def test_deleting_removes_chunks_embeddings_and_words(sample):
    for summary in sample.documents():
        sample.delete_document(summary.document_id)
    ids, vectors = sample.embeddings()
    assert (len(ids), vectors.shape, sample.n_chunks(), sample.search_words(["bank"], 5)) == (0, (0, 384), 0, [])


def test_vectors_of_another_model_are_refused(sample, embedder):
    other = replace(embedder.spec, model_id="other/model")
    with pytest.raises(ModelMismatch, match=r"other/model.*make a new collection"):
        sample.put_document(load_document("a.txt", b"text"), [], np.empty((0, 384), np.float32), other)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 61, "tail "])
def test_bad_names_are_refused(data_dir, embedder, name):
    with pytest.raises(CollectionError, match="cannot name a collection"):
        Collection.create(data_dir, name, embedder.spec, ChunkingSpec())


def test_missing_and_damaged_collections_are_named(data_dir):
    data_dir.mkdir()
    (data_dir / "broken.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(CollectionError, match="broken"):
        Collection.open(data_dir, "broken")
    with pytest.raises(CollectionError, match=r"no collection named 'nothing'.*broken"):
        Collection.open(data_dir, "nothing")


def test_search_equals_brute_force(sample, embedder):
    ids, vectors = sample.embeddings()
    query = embedder.encode_queries(["money in the bank"])
    expected = (vectors.astype(np.float64) @ query[0].astype(np.float64)).argsort()[::-1][:10]
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve("money in the bank", 10)
    assert [hit.chunk.chunk_id for hit in hits] == ids[expected].tolist()
    assert [hit.rank for hit in hits] == list(range(1, 11))
    np.testing.assert_allclose([hit.score for hit in hits], (vectors @ query[0])[expected], atol=1e-5)


def test_neighbors_leave_the_chunk_itself_out(sample):
    chunk = sample.chunks()[7]
    hits = neighbors_of_chunk(sample, load_index(sample), chunk.chunk_id, 5)
    assert len(hits) == 5
    assert chunk.chunk_id not in {hit.chunk.chunk_id for hit in hits}


def test_keyword_search_stems_and_survives_operators(sample):
    assert KeywordRetriever(sample).retrieve('greenhouses" OR (', 3)
    assert KeywordRetriever(sample).retrieve("!?", 3) == ()


def test_a_damaged_index_is_rebuilt(sample, embedder):
    load_index(sample)
    path = cache_path(sample, sample.generation(), "flat")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    expected = DenseRetriever(sample, load_index(sample), embedder).retrieve("python", 3)
    assert path.read_bytes() != bytes(content)
    assert [hit.rank for hit in expected] == [1, 2, 3]


def test_a_layout_is_kept_until_the_collection_changes(sample):
    made = make_layout(sample, ProjectionParameters())
    kept = load_layout(sample, ProjectionParameters())
    assert kept is not None
    np.testing.assert_array_equal(kept.xy, made.xy)
    assert (kept.method, kept.trustworthiness) == ("umap", made.trustworthiness)
    sample.delete_document(sample.documents()[0].document_id)
    assert load_layout(sample, ProjectionParameters()) is None


def test_killed_in_the_middle_every_document_is_whole_or_absent(data_dir, embedder):
    code = f"from rag.__main__ import main; main(['ingest', {str(config.SAMPLES / 'handbook')!r}, '--collection', 'k'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, cwd=config.ROOT, env=os.environ
    )
    assert process.stderr is not None
    added = 0
    for line in process.stderr:
        added += line.startswith("added:")
        if added == 3:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    collection = Collection.open(data_dir, "k")
    with sqlite3.connect(collection.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        orphans = "SELECT count(*) FROM chunks WHERE chunk_id NOT IN (SELECT chunk_id FROM embeddings)"
        assert connection.execute(orphans).fetchone() == (0,)
    assert all(summary.n_chunks for summary in collection.documents())
    files = find_files([config.SAMPLES / "handbook"])
    outcomes = [outcome.outcome for outcome in ingest(collection, files, embedder)]
    assert outcomes.count("unchanged") >= 3
    assert len(collection.documents()) == len(files)
