"""The wrong context: one other topic, none of the hits."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.answering.wrong_context import wrong_context
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
TOPICAL = [
    "Which planet has rings?", "How does a crane stand upright?", "What is a hash table?", "Which bird dives for fish?",
    "How do I keep slugs away from lettuce?", "What is compound interest?",
]  # fmt: skip


def test_the_sample_gives_one_other_topic(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    ids, vectors = sample.embeddings()
    topic = {chunk.chunk_id: dict(chunk.fields).get("topic", "handbook") for chunk in sample.chunks()}
    shares, topics = [], []
    for question in [*TOPICAL, *(item["question"] for item in QUESTIONS[::3])]:
        hits = [hit.chunk.chunk_id for hit in retriever.retrieve(question, 5)]
        chosen = wrong_context(ids, vectors, hits, embedder.encode_queries([question])[0], 5)
        assert len(set(chosen)) == 5
        assert not set(chosen) & set(hits)
        [(found, count)] = Counter(topic[chunk_id] for chunk_id in chosen).most_common(1)
        shares.append(count / 5)
        topics.append(topic[hits[0]] == found and found != "handbook")
    assert np.mean(shares) >= 0.7
    assert not any(topics)


def made_topics():
    """Three topics of ten unit vectors each, and one vector that belongs to none; ids are not rows."""
    rng = np.random.default_rng(1)
    centres = np.repeat(np.eye(3, 8), 10, axis=0)
    vectors = np.vstack([centres + rng.normal(0, 0.1, centres.shape), np.eye(8)[[7]]])
    return np.arange(100, 131), (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def topics():
    return made_topics()


@given(st.sets(st.integers(95, 135)), st.integers(0, 40), st.integers(0, 7), st.integers(0, 2**32))
def test_chosen_are_k_others_each_once(hits, k, axis, seed):
    ids, vectors = made_topics()
    chosen = wrong_context(ids, vectors, sorted(hits), np.eye(8, dtype=np.float32)[axis], k, seed)
    others = set(ids.tolist()) - hits
    assert len(chosen) == len(set(chosen)) == min(k, len(others))
    assert set(chosen) <= others


def test_another_topic_and_no_lone_vector(topics):
    ids, vectors = topics
    query = np.eye(8, dtype=np.float32)[0]
    for seed in range(20):
        chosen = wrong_context(ids, vectors, [100, 101], query, 4, seed)
        assert {(chunk_id - 100) // 10 for chunk_id in chosen} in ({1}, {2})
        assert chosen == wrong_context(ids, vectors, [100, 101], query, 4, seed)


def test_fewer_where_there_are_no_more(topics):
    ids, vectors = topics
    query = np.eye(8, dtype=np.float32)[0]
    assert sorted(wrong_context(ids, vectors, list(range(100, 128)), query, 9)) == [128, 129, 130]
    assert wrong_context(ids, vectors, ids.tolist(), query, 3) == []
    assert wrong_context(ids, vectors, [], query, 0) == []
    assert wrong_context(ids[:0], vectors[:0], [5], query, 3) == []
    assert len(wrong_context(ids, vectors, [999], query, 5)) == 5
