"""The map: any number of points, the same picture every time, an honest figure."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from rag.index import FlatIndex
from rag.projection import UMAP_MINIMUM, ProjectionParameters, from_bytes, project, to_bytes


def layout_of(vectors):
    ids = np.arange(1, len(vectors) + 1, dtype=np.int64) * 3
    scores, neighbors = FlatIndex.build(ids, vectors).search(vectors, 15)
    return project(ids, vectors, neighbors, scores, ProjectionParameters())


def random_vectors(n, seed=1):
    vectors = np.random.default_rng(seed).standard_normal((n, 24)).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize("n", [0, 1, 2, 3, UMAP_MINIMUM - 1, UMAP_MINIMUM, 60])
def test_any_number_of_points(n):
    projection = layout_of(random_vectors(n))
    assert projection.xy.shape == (n, 2)
    assert np.isfinite(projection.xy).all()
    assert projection.method == ("umap" if n >= UMAP_MINIMUM else "pca")
    assert bool(projection.note) == (n < UMAP_MINIMUM)


def test_all_points_the_same_and_many_duplicates():
    same = layout_of(np.repeat(random_vectors(1), 30, axis=0))
    assert same.method == "pca"
    assert not same.xy.any()
    doubled = layout_of(np.repeat(random_vectors(20), 3, axis=0))
    assert np.isfinite(doubled.xy).all()


def test_the_same_input_gives_the_same_map():
    np.testing.assert_array_equal(layout_of(random_vectors(50)).xy, layout_of(random_vectors(50)).xy)


def test_trustworthiness_is_scikit_learns():
    vectors = random_vectors(80)
    projection = layout_of(vectors)
    assert projection.trustworthiness == pytest.approx(
        trustworthiness(vectors, projection.xy, n_neighbors=10, metric="cosine")
    )


def test_bytes_round_trip():
    projection = layout_of(random_vectors(5))
    again = from_bytes(to_bytes(projection))
    np.testing.assert_array_equal(again.xy, projection.xy)
    assert (again.method, again.note, again.trustworthiness) == ("pca", projection.note, None)
