"""Meaning and words with an approximate index: its candidates and those by words are compared, with true scores."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.kinds import build
from rag.index.loading import choose_index
from rag.index.spec import default_spec
from rag.index.words.loading import load_word_index
from rag.retrieval import hybrid
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.loading import load_retriever

QUERY = "interest rates at the bank"


class Counting:
    """An index that finds the chunks it is given, and counts how often it is asked."""

    def __init__(self, ids, found):
        self.ids, self.found, self.asked = ids, found, 0

    def search(self, queries, k):
        self.asked += 1
        found = [*self.found[:k], *[-1] * (k - len(self.found))]
        return np.zeros((1, k), np.float32), np.array([found], dtype=np.int64)


def approximate(sample, embedder, nearest, only=None):
    return HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder, only, nearest=nearest)


def exact(sample, embedder):
    return HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder)


def ids(hits):
    return [hit.chunk.chunk_id for hit in hits]


@pytest.mark.parametrize("kind", ["hnsw", "ivf_flat", "sq8"])
def test_the_hits_are_those_of_the_exact_search(sample, embedder, kind):
    chunk_ids, vectors = sample.embeddings()
    index = build(default_spec(kind, *vectors.shape), chunk_ids, vectors)
    found = approximate(sample, embedder, index).retrieve(QUERY, 10)
    assert found == exact(sample, embedder).retrieve(QUERY, 10)


def test_only_candidates_are_compared_and_their_scores_are_true(sample, embedder, monkeypatch):
    monkeypatch.setattr(hybrid, "_CANDIDATES", 4)
    every = exact(sample, embedder).retrieve(QUERY, sample.n_chunks())
    by_words = sorted(every, key=lambda hit: -sum(one.added for one in hit.found_by if one.retriever != "dense"))
    far = [hit.chunk.chunk_id for hit in every[-2:]]
    found = approximate(sample, embedder, Counting(sample.chunk_ids(), far)).retrieve(QUERY, 20)
    assert set(ids(found)) == {*far, *ids(by_words[:4])}
    true = {hit.chunk.chunk_id: hit.score for hit in every}
    assert {hit.chunk.chunk_id: hit.score for hit in found} == pytest.approx({i: true[i] for i in ids(found)})
    assert ids(found) == [chunk_id for chunk_id in ids(every) if chunk_id in ids(found)]


def test_within_some_chunks_all_are_compared(sample, embedder):
    only = frozenset(sample.chunk_ids().tolist()[::3])
    unused = Counting(sample.chunk_ids(), [])
    found = approximate(sample, embedder, unused, only).retrieve(QUERY, 5)
    assert unused.asked == 0
    wanted = ids(exact(sample, embedder).retrieve(QUERY, sample.n_chunks()))
    assert ids(found) == [chunk_id for chunk_id in wanted if chunk_id in only][:5]


def test_the_index_that_was_chosen_is_used(sample, embedder):
    chunk_ids, vectors = sample.embeddings()
    assert load_retriever(sample, "hybrid", embedder)._ranked._nearest is None
    choose_index(sample, default_spec("hnsw", *vectors.shape))
    chosen = load_retriever(sample, "hybrid", embedder)
    assert np.array_equal(chosen._ranked._nearest.ids, chunk_ids)
    assert chosen.retrieve(QUERY, 10) == exact(sample, embedder).retrieve(QUERY, 10)
