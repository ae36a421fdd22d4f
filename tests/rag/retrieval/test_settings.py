"""Hits that reach the minimum are kept; without passages no model is asked."""

from __future__ import annotations

import pytest

from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import NothingFound, similar_enough


@pytest.fixture
def hits(sample, embedder):
    return DenseRetriever(sample, load_index(sample), embedder).retrieve("interest rates at the bank", 8)


def test_what_reaches_the_minimum_is_kept_in_order(hits):
    middle = hits[3].score
    assert similar_enough(hits, middle) == hits[:4]
    assert similar_enough(hits, -1.0) == hits


def test_if_no_hit_reaches_the_minimum_the_best_similarity_is_named(hits):
    with pytest.raises(NothingFound, match=rf"similarity of {hits[0].score:.2f}, and the minimum is 0.99"):
        similar_enough(hits, 0.99)
    with pytest.raises(NothingFound, match="no model was asked"):
        similar_enough((), 0.0)
