"""The index that a collection is searched with is remembered, its scores are true, and it never blocks a search."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from rag.index.flat import FlatIndex
from rag.index.loading import choose_index, chosen_index, load_chosen_index, load_index
from rag.index.spec import IndexSpec, default_spec
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection
from rag.store.sqlite import schema


def test_exact_search_unless_another_was_chosen(sample):
    assert chosen_index(sample).kind == "flat"
    assert isinstance(load_chosen_index(sample), FlatIndex)


def test_exact_search_needs_no_file_and_removes_that_of_an_earlier_version(sample):
    earlier = sample.cache_folder / f"flat.{sample.uid[:12]}.1"
    earlier.parent.mkdir(exist_ok=True)
    earlier.write_bytes(b"a copy of all vectors")
    ids, vectors = sample.embeddings()
    scores, found = load_index(sample).search(vectors[:5], 3)
    assert found[:, 0].tolist() == ids[:5].tolist()
    np.testing.assert_allclose(scores[:, 0], 1.0, atol=1e-5)
    assert not list(sample.cache_folder.glob("flat.*"))


@pytest.mark.parametrize("kind", ["hnsw", "ivf_flat", "sq8"])
def test_a_choice_is_remembered_and_shows_true_scores(sample, embedder, kind):
    before = sample.generation()
    choose_index(sample, default_spec(kind, sample.n_chunks(), 384))
    again = Collection.open(sample.path.parent, "Sample")
    assert chosen_index(again).kind == kind
    assert again.generation() == before
    hits = DenseRetriever(again, load_chosen_index(again), embedder).retrieve("interest rates", 5)
    ids, vectors = again.embeddings()
    true = dict(zip(ids.tolist(), (vectors @ embedder.encode_queries(["interest rates"])[0]).tolist(), strict=True))
    assert len(hits) == 5
    for hit in hits:
        assert hit.score == pytest.approx(true[hit.chunk.chunk_id], abs=1e-5)
    kept = load_chosen_index(again)
    np.testing.assert_array_equal(kept.search(vectors[:3], 4)[1], load_chosen_index(sample).search(vectors[:3], 4)[1])


def test_a_collection_that_has_become_too_small_is_searched_exactly(sample):
    choose_index(sample, default_spec("ivf_pq", sample.n_chunks(), 384))
    for summary in sample.documents()[1:]:
        sample.delete_document(summary.document_id)
    assert sample.n_chunks() < 16
    assert isinstance(load_chosen_index(sample), FlatIndex)


def test_a_choice_that_this_version_does_not_know_is_exact_search(sample):
    for value in ('{"kind": "magic"}', '{"colour": 1}', "broken"):
        with closing(schema.connect(sample.path)) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('index', ?)", (value,))
        assert chosen_index(sample) == IndexSpec("flat")
