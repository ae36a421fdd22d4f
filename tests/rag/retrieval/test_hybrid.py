"""Meaning and words blended: a worked case, every score a cosine, and both kinds of search at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from rag.index.loading import load_index
from rag.retrieval.hybrid import HybridRetriever, blend
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever


def retriever(sample, embedder, only=None, share=0.7):
    return HybridRetriever(sample, *sample.embeddings(), embedder, only, dense_share=share)


def ids(hits):
    return [hit.chunk.chunk_id for hit in hits]


def test_a_blend_worked_by_hand():
    # Means 2 and 1, standard deviations sqrt(2/3) and sqrt(2).
    blended = blend(np.array([1.0, 2.0, 3.0]), np.array([3.0, 0.0, 0.0]))
    expected = [0.7 * -1.224745 + 0.3 * 1.414214, 0.3 * -0.707107, 0.7 * 1.224745 + 0.3 * -0.707107]
    np.testing.assert_allclose(blended, expected, atol=1e-6)
    np.testing.assert_array_equal(blend(np.ones(3), np.zeros(3)), np.zeros(3))


def test_the_order_is_that_of_scores_standardised_over_the_collection(sample, embedder):
    query = "How long does the battery of the pump last?"
    chunk_ids, vectors = sample.embeddings()
    bm25 = dict(sample.search_words(query.rstrip("?").split(), len(chunk_ids)))
    scores = np.column_stack(
        [vectors @ embedder.encode_queries([query])[0], [bm25.get(chunk_id, 0.0) for chunk_id in chunk_ids.tolist()]]
    ).astype(np.float64)
    blended = StandardScaler().fit_transform(scores) @ [0.7, 0.3]
    expected = chunk_ids[np.argsort(-blended, kind="stable")]
    hits = retriever(sample, embedder).retrieve(query, len(chunk_ids))
    assert ids(hits) == expected.tolist()
    only = frozenset(chunk_ids.tolist()[::3])
    assert ids(retriever(sample, embedder, only).retrieve(query, len(chunk_ids))) == [i for i in ids(hits) if i in only]


def test_each_hit_tells_its_rank_in_both_searches(sample, embedder):
    query = "interest rates at the bank"
    n = sample.n_chunks()
    dense = ids(DenseRetriever(sample, load_index(sample), embedder).retrieve(query, n))
    words = ids(KeywordRetriever(sample).retrieve(query, n))
    assert 0 < len(words) < n
    for hit in retriever(sample, embedder).retrieve(query, n):
        chunk_id = hit.chunk.chunk_id
        ranks = {finding.retriever: finding.rank for finding in hit.found_by}
        assert ranks.pop("dense") == dense.index(chunk_id) + 1
        assert ranks == ({"keyword": words.index(chunk_id) + 1} if chunk_id in words else {})


def test_every_score_is_the_cosine_and_says_who_found_it(sample, embedder):
    query = "error code E58 of the frost guard"
    hits = retriever(sample, embedder).retrieve(query, 10)
    chunk_ids, vectors = sample.embeddings()
    cosines = dict(zip(chunk_ids.tolist(), (vectors @ embedder.encode_queries([query])[0]).tolist(), strict=True))
    assert [hit.rank for hit in hits] == list(range(1, 11))
    for hit in hits:
        assert hit.score == pytest.approx(cosines[hit.chunk.chunk_id], abs=1e-5)
        assert hit.found_by
        for finding in hit.found_by:
            assert finding.retriever in ("dense", "keyword")
    assert "E58" in hits[0].chunk.text


def test_the_ends_are_dense_search_and_keyword_search(sample, embedder):
    query = "interest rates at the bank"
    dense = DenseRetriever(sample, load_index(sample), embedder).retrieve(query, 8)
    assert ids(retriever(sample, embedder, share=1.0).retrieve(query, 8)) == ids(dense)
    words = KeywordRetriever(sample).retrieve(query, 8)
    assert ids(retriever(sample, embedder, share=0.0).retrieve(query, 8)) == ids(words)


def test_only_some_chunks_and_no_words(sample, embedder):
    only = frozenset(sample.chunk_ids().tolist()[:30])
    hits = retriever(sample, embedder, only).retrieve("planets around the sun", 50)
    assert set(ids(hits)) == only
    assert retriever(sample, embedder).retrieve("  ") == ()
    assert retriever(sample, embedder, share=0.0).retrieve("\U0001f989") == ()
    assert len(retriever(sample, embedder).retrieve("\U0001f989", 3)) == 3
