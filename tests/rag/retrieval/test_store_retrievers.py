"""Search in a store finds what search in a file finds: by meaning, by words, and by both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.documents.sources import SourceFile
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.ingest.pipeline import ingest
from rag.neighbors.chunks_near import Loaded, chunks_near
from rag.neighbors.search import NeighborFilter, find, neighbors_of
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.loading import load_retriever
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.store_retrievers import StoreDenseRetriever, StoreHybridRetriever, store_retriever
from rag.retrieval.store_words import StoreWords
from rag.retrieval.weights import ONLY_WORDS, weights_for
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.store.homes import milvus_home
from rag.store.search import SearchFilter
from rag.text.search_terms import stem
from rag.transfer.copying import copy_collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere

QUERIES = (
    "How many days of paid leave do full-time staff have?",
    "interest rates at the bank",
    "planets around other stars",
    "Who pays for a train ticket on a business trip?",
    "cooking rice",
)


@pytest.fixture
def stored(sample: Collection, data_dir: Path, milvus: None) -> Collection:
    """The sample in a store, with the same chunk ids."""
    return copy_collection(sample, milvus_home(data_dir), "Stored").sampled()


def ids_of(hits) -> list[int]:
    return [hit.chunk.chunk_id for hit in hits]


def test_the_nearest_are_those_of_exact_search(sample, stored, embedder):
    exact = DenseRetriever(sample, load_index(sample), embedder)
    found = StoreDenseRetriever(stored, stored.engine(), embedder)
    for query in QUERIES:
        expected, hits = exact.retrieve(query, 8), found.retrieve(query, 8)
        assert ids_of(hits) == ids_of(expected), query
        np.testing.assert_allclose([hit.score for hit in hits], [hit.score for hit in expected], atol=1e-5)
        assert [hit.document_name for hit in hits] == [hit.document_name for hit in expected]
    assert found.retrieve("  ", 5) == ()


def test_meaning_and_words_rank_as_in_a_file(sample, stored, embedder):
    """The store counts words for each of its segments, so that scores differ a little, and ties may be apart."""
    shared = []
    for query in QUERIES:
        weights = weights_for(query, embedder)
        weights = replace(weights, words=weights.words + weights.pieces, pieces=0.0)
        words = load_word_index(sample)
        local = HybridRetriever(sample, *sample.embeddings(), words, embedder, weights=weights)
        found = StoreHybridRetriever(stored, stored.engine(), embedder, weights=weights)
        expected, hits = local.retrieve(query, 10), found.retrieve(query, 10)
        assert hits[0].chunk.chunk_id == expected[0].chunk.chunk_id, query
        shared.append(len({*ids_of(hits)} & {*ids_of(expected)}) / 10)
        dense = {one.chunk.chunk_id: one.score for one in expected}
        for hit in hits:
            assert hit.score == pytest.approx(dense.get(hit.chunk.chunk_id, hit.score), abs=1e-5)
            assert sum(one.added for one in hit.found_by) == pytest.approx(
                sum(one.added for one in found.hits_for(query, [hit.chunk.chunk_id])[0].found_by), abs=1e-6
            )
    assert np.mean(shared) >= 0.9


def test_what_words_add_is_standardized_over_all_chunks(stored, embedder):
    """Every chunk that has no word of the query counts with a score of 0, also those that are no candidates."""
    found = StoreHybridRetriever(stored, stored.engine(), embedder)
    query = "interest rates at the bank"
    scores = stored.engine().matching(query, 16_000, SearchFilter())
    whole = np.zeros(stored.n_chunks())
    whole[: len(scores.scores)] = scores.scores
    weights = weights_for(query, embedder)
    best = dict(zip(scores.ids.tolist(), scores.scores.tolist(), strict=True))
    for hit in found.retrieve(query, 5):
        added = {one.retriever: one.added for one in hit.found_by}
        if score := best.get(hit.chunk.chunk_id):
            expected = (weights.words + weights.pieces) * (score - whole.mean()) / whole.std()
            assert added["keyword"] == pytest.approx(expected, rel=1e-4)


def test_where_more_chunks_have_a_word_than_are_read_the_spread_is_estimated(stored, embedder, monkeypatch):
    query = "the bank and interest rates for people in a city"
    exact = StoreHybridRetriever(stored, stored.engine(), embedder)._scored(query, 500).searches
    monkeypatch.setattr("rag.retrieval.store_retrievers._CANDIDATES", 5)
    estimated = StoreHybridRetriever(stored, stored.engine(), embedder)._scored(query, 5).searches
    assert estimated[1].factor == pytest.approx(exact[1].factor, rel=1e-4), "the sample has all chunks here"


def test_words_alone_need_a_word(sample, stored, embedder):
    found = StoreHybridRetriever(stored, stored.engine(), embedder, weights=ONLY_WORDS)
    hits = found.retrieve("zebrafish leave", 400)
    index = load_word_index(sample)
    assert sorted(ids_of(hits)) == index.ids_with_all([stem("leave")]).tolist() != []
    assert found.retrieve("zebrafish quagga", 5) == ()


def test_a_phrase_counts_only_where_it_is(sample, stored, embedder):
    chunk = next(one for one in sample.chunks() if len(one.text.split()) > 30)
    first, second = chunk.text.split()[10:12]
    words = StoreWords(stored, stored.engine())
    found = words.search(f'"{first} {second}"', 50)
    texts = {one.chunk_id: one.text for one in stored.chunks(list(found.scores))}
    assert chunk.chunk_id in found.scores
    assert all(f"{first} {second}".casefold() in " ".join(text.split()).casefold() for text in texts.values())
    nowhere = words.search('"leave planets" rice', 50)
    assert nowhere.note == "No chunk contains the phrase “leave planets”, so its words were looked for one by one."
    assert set(nowhere.scores) == set(words.search("leave planets rice", 50).scores)


def test_what_was_not_looked_at_is_not_said_to_lack_a_phrase(stored, monkeypatch):
    """Only the chunks that fit a phrase's words best are looked at, and with a filter only those that it keeps."""
    few = StoreWords(stored, stored.engine(), SearchFilter(chunk_ids=frozenset(stored.chunk_ids().tolist()[:50])))
    said = "None of the chunks that were looked at contains the phrase “leave planets”"
    assert few.search('"leave planets"', 50).note.startswith(said)
    monkeypatch.setattr("rag.retrieval.store_words._MOST_WITH_PHRASE", 3)
    assert StoreWords(stored, stored.engine()).search('"leave planets"', 50).note.startswith(said)


def test_only_what_a_filter_keeps_is_found(stored, embedder):
    name = next(one.name for one in stored.documents() if "leave" in one.name)
    chunk_ids = frozenset(stored.chunk_ids().tolist()[:40])
    for mode in ("dense", "hybrid", "keyword"):
        in_one = store_retriever(stored, stored.engine(), embedder, mode, SearchFilter(documents=(name,)))
        assert {hit.document_name for hit in in_one.retrieve(QUERIES[0], 30)} == {name}
        among = store_retriever(stored, stored.engine(), embedder, mode, SearchFilter(chunk_ids=chunk_ids))
        assert set(ids_of(among.retrieve(QUERIES[1], 60))) <= chunk_ids


def test_every_mode_asks_the_store(stored, embedder, monkeypatch):
    """No search reads all vectors, texts or words into this process."""

    def never(*_args, **_kwargs):
        raise AssertionError("everything was read")

    for read in ("stored_vectors", "chunk_properties", "ids_of_texts"):
        monkeypatch.setattr(type(stored), read, never)
    for mode in ("dense", "hybrid", "keyword"):
        hits = load_retriever(stored, mode, embedder).retrieve(QUERIES[0], 3)
        assert [hit.rank for hit in hits] == [1, 2, 3]
    assert load_retriever(stored, "keyword", None).retrieve(QUERIES[0], 3)
    with pytest.raises(ValueError, match="needs an embedding model"):
        load_retriever(stored, "dense", None)


def test_neighbors_are_those_of_exact_search(sample, stored):
    ids, vectors = sample.embeddings()
    chunk_id = int(ids[70])
    vector = stored.vectors_with([chunk_id])[1][0]
    table = ChunkTable.of(sample)

    def load() -> Loaded:
        return Loaded(ids, vectors, table)

    for relevance in (1.0, 0.5):
        for allowed in (NeighborFilter(), NeighborFilter(not_with=chunk_id), NeighborFilter(documents=("topics.csv",))):
            mask = allowed.allows(table)
            expected = neighbors_of(ids, vectors, chunk_id, 6, allowed=mask, relevance=relevance)
            for collection in (stored, sample):
                found = chunks_near(
                    collection, vector, 6, load, allowed=allowed, without=chunk_id, relevance=relevance
                )  # fmt: skip
                assert found.ids.tolist() == expected.ids.tolist()
                np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    expected = find(ids, vectors, vector, 3)
    for collection in (stored, sample):
        assert chunks_near(collection, vector, 3, load).ids.tolist() == expected.ids.tolist()


def test_an_id_in_a_question_finds_its_row_in_every_mode(data_dir, embedder, milvus):
    rows = [f"T-{901 + i},Customer {i % 60},The pump in building {i} hums." for i in range(300)]
    content = "\n".join(["ticket,customer,description", *rows]).encode()
    collection = Collection.create(data_dir, "Tickets", embedder.spec, ChunkingSpec(context=True))
    file = SourceFile("tickets.csv", "tickets.csv", lambda: content)
    assert [one.outcome for one in ingest(collection, [file], embedder, ReadHere())] == ["added"]
    for mode in ("dense", "hybrid", "keyword"):
        found = load_retriever(collection, mode, embedder)
        for number in (902, 950, 1200):
            hits = found.retrieve(f"Who owns T-{number}?", 3)
            assert dict(hits[0].chunk.fields)["ticket"] == f"T-{number}"
        plain = found.retrieve("Who is Customer 7?", 3)
        assert not any(hit.label for hit in plain), "five tickets have it, so that it is not rare"
    hits = load_retriever(collection, "dense", embedder).retrieve("Compare T-950 with T 1001", 4)
    assert [hit.label for hit in hits] == ["ticket: T-950", "ticket: T-1001", "", ""]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]


def test_parts_of_words_are_not_named_where_they_are_not_searched(stored, embedder):
    (said,) = {hit.weighing for hit in StoreHybridRetriever(stored, stored.engine(), embedder).retrieve(QUERIES[1], 5)}
    assert said == f"Meaning counts 60%, and words 40%. {weights_for(QUERIES[1], embedder).reason}"
