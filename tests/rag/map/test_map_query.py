"""A question lands among its nearest chunks, and each chunk's similarity is its cosine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.index.loading import load_index
from rag.map.layout import make_layout
from rag.map.placement import place_query, similarities
from rag.map.projection import ProjectionParameters


@pytest.fixture
def layout(sample):
    return make_layout(sample, ProjectionParameters())


def test_a_chunks_own_text_lands_on_it(sample, layout, embedder):
    index = load_index(sample)
    vectors = sample.embeddings()[1]
    for row in (0, 70, 200):
        assert place_query(index, vectors[row : row + 1], layout) == pytest.approx(layout.xy[row].tolist(), abs=1e-4)


def test_a_question_lands_within_its_nearest_chunks(sample, layout, embedder):
    index = load_index(sample)
    vector = embedder.encode_queries(["planets that circle the sun"])
    place = place_query(index, vector, layout)
    ids = index.search(vector, 15)[1][0]
    near = layout.xy[np.searchsorted(layout.chunk_ids, ids)]
    assert (near.min(axis=0) <= place).all()
    assert (place <= near.max(axis=0)).all()


def test_similarities_are_cosines_in_the_maps_order(sample, layout, embedder):
    vector = embedder.encode_queries(["interest rates"])
    found = similarities(load_index(sample), vector, layout)
    np.testing.assert_allclose(found, sample.embeddings()[1] @ vector[0], atol=1e-5)


def test_a_map_that_holds_only_some_of_the_chunks_or_none(sample, layout, embedder):
    index = load_index(sample)
    vector = embedder.encode_queries(["interest rates"])
    half = replace(layout, chunk_ids=layout.chunk_ids[::2], xy=layout.xy[::2])
    np.testing.assert_allclose(similarities(index, vector, half), similarities(index, vector, layout)[::2])
    assert len(place_query(index, vector, half)) == 2
    none = replace(layout, chunk_ids=layout.chunk_ids[:0], xy=layout.xy[:0])
    assert place_query(index, vector, none) is None
    elsewhere = replace(layout, chunk_ids=layout.chunk_ids + 10_000)
    assert np.isnan(similarities(index, vector, elsewhere)).all()
