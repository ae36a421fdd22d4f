"""Variety by maximal marginal relevance over any retriever, against a hand-made search of all choices."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.diversity import VariedRetriever
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import DenseRetriever

QUERY = "interest rates at the bank"


@pytest.fixture
def dense(sample, embedder):
    return DenseRetriever(sample, load_index(sample), embedder)


class StoredVectors:
    """A collection that has other vectors."""

    def __init__(self, ids, vectors) -> None:
        self.ids, self.vectors = ids, vectors

    def vectors_with(self, chunk_ids):
        rows = np.flatnonzero(np.isin(self.ids, chunk_ids))
        return self.ids[rows], self.vectors[rows]


def ids_of(hits) -> list[int]:
    return [hit.chunk.chunk_id for hit in hits]


def test_full_relevance_changes_nothing(sample, embedder, dense):
    plain = dense.retrieve(QUERY, 8)
    assert ids_of(VariedRetriever(dense, sample, 1.0).retrieve(QUERY, 8)) == ids_of(plain)
    hybrid = HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder)
    varied = VariedRetriever(hybrid, sample, 1.0).retrieve(QUERY, 8)
    assert ids_of(varied) == ids_of(hybrid.retrieve(QUERY, 8))


def test_each_choice_is_the_best_of_what_is_left(sample, dense):
    """Carbonell and Goldstein's rule, written out plainly."""
    relevance, (ids, vectors) = 0.6, sample.embeddings()
    pool = dense.retrieve(QUERY, 18)
    vector_of = {chunk_id: vectors[row].astype(float) for row, chunk_id in enumerate(ids.tolist())}
    score_of = {hit.chunk.chunk_id: hit.score for hit in pool}
    chosen = [pool[0].chunk.chunk_id]
    while len(chosen) < 6:
        left = [one for one in score_of if one not in chosen]
        value = {
            one: relevance * score_of[one]
            - (1 - relevance) * max(float(vector_of[one] @ vector_of[other]) for other in chosen)
            for one in left
        }
        chosen.append(max(left, key=value.__getitem__))
    varied = VariedRetriever(dense, sample, relevance).retrieve(QUERY, 6)
    assert ids_of(varied) == chosen
    assert [hit.rank for hit in varied] == [1, 2, 3, 4, 5, 6]
    assert [hit.score for hit in varied] == [score_of[one] for one in chosen]


def test_copies_are_passed_over(sample, dense):
    ids, vectors = sample.embeddings()
    nearest = dense.retrieve(QUERY, 3)
    same = vectors.copy()
    rows = ids.searchsorted(ids_of(nearest))
    same[rows] = same[rows[0]]
    varied = VariedRetriever(dense, StoredVectors(ids, same), 0.5).retrieve(QUERY, 2)
    assert ids_of(varied)[0] == nearest[0].chunk.chunk_id
    assert ids_of(varied)[1] not in ids_of(nearest)


def test_nothing_found_stays_nothing(dense):
    none = VariedRetriever(dense, StoredVectors(np.empty(0, np.int64), np.empty((0, 384), np.float32)), 0.5)
    assert none.retrieve(QUERY, 3) == ()
    assert none.retrieve(" ", 3) == ()


def test_only_the_nearest_are_chosen_from(sample, dense):
    """However much variety is wanted, a passage about cranes does not answer a question about banks."""
    nearest = ids_of(dense.retrieve(QUERY, 15))
    varied = VariedRetriever(dense, sample, 0.1).retrieve(QUERY, 5)
    assert set(ids_of(varied)) <= set(nearest)
    assert ids_of(varied) != nearest[:5]
