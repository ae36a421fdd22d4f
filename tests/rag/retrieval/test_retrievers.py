"""Retrieval within some chunks: the order and the scores that the unrestricted search gives these chunks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever, Places
from rag.store.collection import Collection
from rag.types import Chunk
from tests.support.collections import CHUNKING, QuickEmbedder, long_text, plain_document, put
from tests.support.words.bm25 import bm25_of, found_by_words

QUERY = "word1 word2 word3"


@pytest.fixture
def words() -> QuickEmbedder:
    return QuickEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    made = Collection.create(data_dir, "Some", words.spec, CHUNKING)
    put(made, words, *(plain_document(f"{number}.txt", long_text(number, 60)) for number in range(5)))
    return made


@pytest.fixture(params=["dense", "keyword"])
def retriever(request, collection, words):
    """A function that makes the retriever within some chunks, or over all."""

    def make(only: frozenset[int] | None = None):
        if request.param == "keyword":
            return KeywordRetriever(collection, load_word_index(collection), only)
        return DenseRetriever(collection, load_index(collection), words, only)

    return make


def found(retriever, k: int) -> list[tuple[int, float]]:
    return [(hit.chunk.chunk_id, hit.score) for hit in retriever.retrieve(QUERY, k)]


def some_of(collection: Collection, n: int, seed: int = 7) -> frozenset[int]:
    return frozenset(random.Random(seed).sample(collection.chunk_ids().tolist(), n))


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 10, 100])
@pytest.mark.parametrize("k", [1, 5, 1000])
def test_some_chunks_keep_their_order_and_scores(collection, retriever, n, k):
    only = some_of(collection, n)
    everything = found(retriever(), collection.n_chunks())
    assert found(retriever(only), k) == [pair for pair in everything if pair[0] in only][:k]


def test_the_k_nearest_of_a_few_are_found_where_none_is_among_the_k_nearest_of_all(collection, retriever):
    everything = found(retriever(), collection.n_chunks())
    last = frozenset(chunk_id for chunk_id, _ in everything[-3:])
    assert found(retriever(last), 5) == everything[-3:]
    assert not last & {chunk_id for chunk_id, _ in everything[:5]}


def test_hits_are_numbered_from_one_best_first(collection, retriever):
    hits = retriever(some_of(collection, 100)).retrieve(QUERY, 5)
    assert [hit.rank for hit in hits] == [finding.rank for hit in hits for finding in hit.found_by] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_all_chunks_are_the_same_as_no_restriction(collection, retriever):
    everything = frozenset(collection.chunk_ids().tolist())
    assert found(retriever(everything), 7) == found(retriever(), 7)
    assert len(found(retriever(), 7)) == 7


def test_within_nothing_nothing_is_found(collection, retriever):
    assert found(retriever(frozenset()), 5) == []
    assert found(retriever(frozenset({10**9})), 5) == []
    assert retriever(some_of(collection, 5)).retrieve("  ", 5) == ()


def test_chunks_that_are_gone_are_passed_over(collection, words, retriever):
    only = some_of(collection, 100)
    collection.delete_document("id of 0.txt")
    there = set(collection.chunk_ids().tolist())
    assert only - there
    assert {chunk_id for chunk_id, _ in found(retriever(only), 1000)} <= only & there
    assert len(DenseRetriever(collection, load_index(collection), words, only).retrieve(QUERY, 1000)) == len(
        only & there
    )


def test_the_scores_are_the_cosines(collection, words):
    only = some_of(collection, 50)
    ids, vectors = collection.embeddings()
    cosines = vectors @ words.encode_queries([QUERY])[0]
    wanted = sorted(((-score, chunk_id) for chunk_id, score in zip(ids.tolist(), cosines, strict=True)))
    nearest = [(chunk_id, -score) for score, chunk_id in wanted if chunk_id in only]
    hits = found(DenseRetriever(collection, load_index(collection), words, only), 50)
    assert [chunk_id for chunk_id, _ in hits] == [chunk_id for chunk_id, _ in nearest]
    np.testing.assert_allclose([score for _, score in hits], [score for _, score in nearest], atol=1e-6)


def test_the_scores_are_those_of_bm25_over_the_whole_collection(collection):
    only = some_of(collection, 50)
    wanted = bm25_of(collection, QUERY)
    assert found_by_words(KeywordRetriever(collection, load_word_index(collection)), QUERY) == pytest.approx(wanted)
    within = found_by_words(KeywordRetriever(collection, load_word_index(collection), only), QUERY)
    assert within == pytest.approx({chunk_id: score for chunk_id, score in wanted.items() if chunk_id in only})
    assert 0 < len(within) < 50


def test_a_phrase_that_is_nowhere_is_said_with_each_hit(collection):
    retriever = KeywordRetriever(collection, load_word_index(collection))
    said = "No chunk contains the phrase “word1 gone”, so its words were looked for one by one."
    assert {hit.weighing for hit in retriever.retrieve('"word1 gone"', 5)} == {said}
    assert {hit.weighing for hit in retriever.retrieve("word1 gone", 5)} == {""}


@pytest.mark.parametrize("rows", [None, np.arange(1, 40, 3)])
def test_places_and_ranks_are_those_of_a_sorted_list(rows):
    """With many equal scores."""
    scores, places = np.random.default_rng(5).integers(0, 6, 40).astype(float), Places(rows)
    searched = range(40) if rows is None else rows.tolist()
    order = sorted(searched, key=lambda row: (-scores[row], row))
    for k in (0, 1, 3, 39, 100):
        assert places.best(scores, k).tolist() == order[:k]
        assert places.best(scores, k, scores > 3).tolist() == [row for row in order if scores[row] > 3][:k]
    some = order[::2]
    assert places.ranks(scores, some) == [order.index(row) + 1 for row in some]
    assert places.ranks(scores, []) == []


def test_equal_chunks_come_by_their_ids(data_dir, words):
    made = Collection.create(data_dir, "Same", words.spec, CHUNKING)
    document = plain_document("same.txt", "owl " * 40)
    chunks = [Chunk(document.document_id, 4 * i, 4 * i + 3, "owl", 3) for i in range(40)]
    made.put_document(document, chunks, words.encode_documents(["owl"] * 40), words.spec)
    only = frozenset(made.chunk_ids()[5::3].tolist())
    by_words = KeywordRetriever(made, load_word_index(made), only)
    for retriever in (DenseRetriever(made, load_index(made), words, only), by_words):
        hits = retriever.retrieve("owl", 4)
        assert [hit.chunk.chunk_id for hit in hits] == sorted(only)[:4]
