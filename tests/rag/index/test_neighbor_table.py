"""True neighbors are those of brute force, and the share that a map keeps is what the map's measure says."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.neighbor_table import K, kept_on_map, load_neighbors, share_kept
from rag.map.layout import make_layout
from rag.map.projection import ProjectionParameters
from rag.map.quality import measure_map
from rag.store.collection import Collection
from tests.support.collections import CHUNKING, plain_document, put
from tests.support.fakes import WordEmbedder


def test_neighbors_are_those_of_brute_force(sample):
    table = load_neighbors(sample)
    ids, vectors = sample.embeddings()
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    assert table.chunk_ids.tolist() == ids.tolist()
    np.testing.assert_allclose(table.scores, -np.sort(-scores, axis=1)[:, :K], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(scores, table.positions, axis=1), table.scores, atol=1e-5)
    again = load_neighbors(sample)
    np.testing.assert_array_equal(again.positions, table.positions)


def test_the_share_kept_is_what_the_maps_measure_says(sample):
    layout = make_layout(sample, ProjectionParameters())
    quality = measure_map(sample.embeddings()[1], layout.xy, sample=None)
    kept = kept_on_map(load_neighbors(sample), layout)
    np.testing.assert_allclose(kept, quality.chunk_preservation, atol=1e-6)
    assert kept.mean() == pytest.approx(quality.neighbor_preservation, abs=1e-6)


def test_a_share_worked_by_hand():
    xy = np.array([[0, 0], [1, 0], [3, 0], [9, 0]], dtype=np.float32)
    positions = np.array([[1, 2], [0, 3], [0, 3], [2, 0]])
    # Drawn nearest: of 0 {1, 2}, of 1 {0, 2}, of 2 {1, 0}, of 3 {2, 1}.
    assert share_kept(positions, xy).tolist() == [1.0, 0.5, 0.5, 0.5]
    assert share_kept(np.array([[-1, 1]]), np.zeros((1, 2), np.float32)).tolist() == [0.0]
    assert np.isnan(share_kept(np.empty((2, 0), np.int64), xy[:2])).all()


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_chunks_have_as_many_neighbors_as_there_are(tmp_path, n):
    embedder = WordEmbedder()
    collection = Collection.create(tmp_path, "Few", embedder.spec, CHUNKING)
    for i in range(n):
        put(collection, embedder, plain_document(f"{i}.txt", f"The owl number {i} hunts."))
    table = load_neighbors(collection)
    assert table.positions.shape == (n, max(n - 1, 0))
    assert not (table.positions == np.arange(n)[:, None]).any()


def test_copies_are_one_anothers_neighbors(tmp_path):
    embedder = WordEmbedder()
    collection = Collection.create(tmp_path, "Same", embedder.spec, CHUNKING)
    for i in range(30):
        put(collection, embedder, plain_document(f"{i}.txt", "The owl hunts at night."))
    table = load_neighbors(collection)
    assert not (table.positions == np.arange(30)[:, None]).any()
    np.testing.assert_allclose(table.scores, 1.0, atol=1e-5)
