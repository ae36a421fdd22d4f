"""Meaning, words and parts of words blended: the order of standardized scores, and what each hit says about it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.hybrid import PIECES, HybridRetriever, mean_and_spread
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever
from rag.retrieval.weights import ONLY_WORDS, Weights, weights_for
from rag.retrieval.word_query import read_query
from tests.support.collections import plain_document, put
from tests.support.words.bm25 import bm25_of

QUERY = "interest rates at the bank"
SEARCHES = ("dense", "keyword", PIECES)


def retriever(sample, embedder, only=None, weights=None):
    return HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder, only, weights=weights)


def ids(hits):
    return [hit.chunk.chunk_id for hit in hits]


def all_scores(sample, embedder, query) -> np.ndarray:
    """Cosine, BM25 of words and BM25 of pieces of each chunk, (n, 3), by the texts alone."""
    chunk_ids, vectors = sample.embeddings()
    by_words = [bm25_of(sample, query), bm25_of(sample, query, "pieces")]
    columns = [[found.get(chunk_id, 0.0) for chunk_id in chunk_ids.tolist()] for found in by_words]
    return np.column_stack([vectors @ embedder.encode_queries([query])[0], *columns]).astype(np.float64)


def weights_of(query, embedder) -> list[float]:
    found = weights_for(query, embedder)
    return [found.dense, found.words, found.pieces]


def test_mean_and_spread_worked_by_hand():
    assert mean_and_spread(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, (2 / 3) ** 0.5))
    assert mean_and_spread(np.array([3.0, 0.0, 0.0])) == pytest.approx((1.0, 2**0.5))
    assert mean_and_spread(np.full(1000, 0.1)) == (pytest.approx(0.1), 0.0)
    assert mean_and_spread(np.zeros(3)) == (0.0, 0.0)


@pytest.mark.parametrize("query", ["How long does the battery of the pump last?", QUERY, "Wie lange hält die Pumpe?"])
def test_the_order_is_that_of_scores_standardized_over_the_collection(sample, embedder, query):
    chunk_ids = sample.chunk_ids()
    blended = StandardScaler().fit_transform(all_scores(sample, embedder, query)) @ weights_of(query, embedder)
    expected = chunk_ids[np.argsort(-blended, kind="stable")]
    hits = retriever(sample, embedder).retrieve(query, len(chunk_ids))
    assert ids(hits) == expected.tolist()
    only = frozenset(chunk_ids.tolist()[::3])
    assert ids(retriever(sample, embedder, only).retrieve(query, len(chunk_ids))) == [i for i in ids(hits) if i in only]


@pytest.mark.parametrize("step", [1, 3])
def test_each_hit_tells_its_rank_its_score_and_what_it_added_in_each_search(sample, embedder, step):
    chunk_ids = sample.chunk_ids()
    only = None if step == 1 else frozenset(chunk_ids.tolist()[::step])
    scores = all_scores(sample, embedder, QUERY)
    added = StandardScaler().fit_transform(scores) * weights_of(QUERY, embedder)
    hits = retriever(sample, embedder, only).retrieve(QUERY, len(chunk_ids))
    assert 0 < sum(len(hit.found_by) > 1 for hit in hits) < len(hits) == len(chunk_ids[::step])
    for hit in hits:
        row = int(chunk_ids.searchsorted(hit.chunk.chunk_id))
        assert [one.retriever for one in hit.found_by] == [
            name for name, score in zip(SEARCHES, scores[row], strict=True) if name == "dense" or score > 0
        ]
        for one in hit.found_by:
            column = SEARCHES.index(one.retriever)
            assert one.score == pytest.approx(scores[row, column], rel=1e-5)
            assert one.added == pytest.approx(added[row, column], abs=1e-5)
    for column, name in enumerate(SEARCHES):
        ranks = {one.rank: hit.chunk.chunk_id for hit in hits for one in hit.found_by if one.retriever == name}
        ordered = sorted(range(0, len(chunk_ids), step), key=lambda row: (-scores[row, column], row))
        assert [ranks[rank] for rank in sorted(ranks)] == chunk_ids[ordered[: len(ranks)]].tolist()
        assert sorted(ranks) == list(range(1, len(ranks) + 1))


def test_what_the_searches_added_is_the_rank(sample, embedder):
    """The sums fall from hit to hit, where all searches found them."""
    hits = [hit for hit in retriever(sample, embedder).retrieve(QUERY, 200) if len(hit.found_by) == 3]
    sums = [sum(one.added for one in hit.found_by) for hit in hits]
    assert len(sums) > 3
    assert sums == sorted(sums, reverse=True)


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
            assert finding.retriever in SEARCHES
    assert "E58" in hits[0].chunk.text


def test_each_hit_says_how_the_question_was_weighed(sample, embedder):
    said = {hit.weighing for hit in retriever(sample, embedder).retrieve(QUERY, 5)}
    assert said == {f"Meaning counts 60%, words 32%, and parts of words 8%. {weights_for(QUERY, embedder).reason}"}
    (said,) = {hit.weighing for hit in retriever(sample, embedder).retrieve('"interest owls" at the bank', 5)}
    assert said.endswith("No chunk contains the phrase “interest owls”, so its words were looked for one by one.")
    chosen = retriever(sample, embedder, weights=Weights(0.5, 0.5, 0.0, "Chosen."))
    assert {hit.weighing for hit in chosen.retrieve(QUERY, 5)} == {""}


def test_the_ends_are_dense_search_and_keyword_search(sample, embedder):
    dense = DenseRetriever(sample, load_index(sample), embedder).retrieve(QUERY, 8)
    found = retriever(sample, embedder, weights=Weights(1.0, 0.0, 0.0, "")).retrieve(QUERY, 8)
    assert ids(found) == ids(dense)
    assert {one.retriever for hit in found for one in hit.found_by} == {"dense"}
    words = KeywordRetriever(sample, load_word_index(sample)).retrieve(QUERY, 200)
    assert 8 < len(words) < sample.n_chunks()
    found = retriever(sample, embedder, weights=ONLY_WORDS).retrieve(QUERY, 200)
    assert ids(found) == ids(words)
    assert [hit.found_by[0].score for hit in found] == [hit.score for hit in words]
    assert {one.retriever for hit in found for one in hit.found_by} == {"keyword"}


def test_only_some_chunks_and_no_words(sample, embedder):
    only = frozenset(sample.chunk_ids().tolist()[:30])
    hits = retriever(sample, embedder, only).retrieve("planets around the sun", 50)
    assert set(ids(hits)) == only
    assert retriever(sample, embedder).retrieve("  ") == ()
    assert retriever(sample, embedder, weights=ONLY_WORDS).retrieve("\U0001f989") == ()
    unknown = retriever(sample, embedder).retrieve("zebra", 3)
    assert [[one.retriever for one in hit.found_by if one.retriever == "keyword"] for hit in unknown] == [[], [], []]
    assert ids(unknown) == ids(DenseRetriever(sample, load_index(sample), embedder).retrieve("zebra", 3))


@pytest.mark.parametrize("query", ["\U0001f989", "?!", "Где зимуют раки?", "玫瑰花园"])
def test_where_meaning_counts_nothing_only_chunks_with_the_words_are_hits(sample, embedder, query):
    """Others would come in the order in which they were stored, and no search would have found them."""
    assert weights_for(query, embedder).dense == 0.0
    assert retriever(sample, embedder).retrieve(query, 5) == ()


def test_chunks_that_were_added_after_the_words_were_read_are_found_by_meaning(sample, embedder):
    index = load_word_index(sample)
    put(sample, embedder, plain_document("new.txt", "Interest rates at the bank rose."))
    sample.delete_document(sample.chunks(index.ids[:1].tolist())[0].document_id)
    hits = HybridRetriever(sample, *sample.embeddings(), index, embedder).retrieve(QUERY, 1000)
    assert sorted(ids(hits)) == sample.chunk_ids().tolist()
    new = sample.chunks_of("id of new.txt")[0].chunk_id
    assert {hit.chunk.chunk_id: len(hit.found_by) for hit in hits}[new] == 1
    scores = dict(zip(index.ids.tolist(), index.scores(read_query(QUERY).words, "words").tolist(), strict=True))
    for hit in hits:
        assert {one.score for one in hit.found_by if one.retriever == "keyword"} == (
            {scores[hit.chunk.chunk_id]} if scores.get(hit.chunk.chunk_id) else set()
        )
