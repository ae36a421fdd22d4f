"""Every engine finds what exact search finds: with and without filters, for each kind of index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.index.engines import engine_of
from rag.index.loading import choose_index
from rag.index.spec import KINDS, default_spec
from rag.store.collection import Collection
from rag.store.search import SearchFilter
from rag.types import Chunk, ChunkingSpec, Document, EmbeddingSpec

DIMENSION, TOPICS, N_DOCUMENTS, PER_DOCUMENT, K = 32, 40, 8, 250, 10
SPEC = EmbeddingSpec("test/synthetic", "1", DIMENSION)
LEAST = 0.95
ENGINES = (*KINDS, "milvus")
EVERYTHING = SearchFilter()


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def made_vectors() -> tuple[np.ndarray, np.ndarray]:
    """The topic of each chunk, int64 (n,), and unit vectors around the topics, float32 (n, 32)."""
    chosen = np.random.default_rng(3)
    centers = chosen.normal(size=(TOPICS, DIMENSION))
    n = N_DOCUMENTS * PER_DOCUMENT
    topics = chosen.integers(0, TOPICS, n)
    return topics, unit(centers[topics] + 0.7 * chosen.normal(size=(n, DIMENSION)))


def fill(collection: Collection, topics: np.ndarray, vectors: np.ndarray) -> None:
    """Documents with chunks named "red" or, every tenth, "blue"; the word of a chunk's tens is in its text."""
    for number in range(N_DOCUMENTS):
        chunks, lines, position = [], [], 0
        for i in range(PER_DOCUMENT):
            row = number * PER_DOCUMENT + i
            line = f"chunk of ten{row // 10} lying in the sea"
            chunk = Chunk(f"d{number}", position, position + len(line), line, 7)
            chunks.append(
                replace(chunk, fields=(("colour", "blue" if row % 10 == 0 else "red"), ("topic", str(topics[row]))))
            )
            lines.append(line)
            position += len(line) + 1
        document = Document(f"d{number}", f"{number}.csv", "text/csv", "\n".join(lines), "s")
        part = slice(number * PER_DOCUMENT, (number + 1) * PER_DOCUMENT)
        collection.put_document(document, chunks, vectors[part], SPEC)


@pytest.fixture(params=ENGINES)
def collection(request: pytest.FixtureRequest, data_dir: Path) -> Collection:
    """The same chunks, searched by each engine; an index that searches lists searches half of them."""
    if request.param == "milvus":
        request.getfixturevalue("milvus")
    made = Collection.create(data_dir, "c", SPEC, ChunkingSpec())
    fill(made, *made_vectors())
    if request.param in KINDS:
        spec = default_spec(request.param, N_DOCUMENTS * PER_DOCUMENT, DIMENSION)
        choose_index(made, replace(spec, nprobe=max(1, spec.nlist // 2)))
    return made


def recall(collection: Collection, where: SearchFilter, is_kept: np.ndarray) -> float:
    """The share of the ten nearest of 40 queries, by comparison with all vectors that are kept, that is found."""
    ids, vectors = collection.embeddings()
    kept, engine, shares = np.flatnonzero(is_kept), engine_of(collection), []
    chosen = np.random.default_rng(5)
    for query in unit(vectors[chosen.choice(len(ids), 40)] + 0.05 * chosen.normal(size=(40, DIMENSION))):
        expected = ids[kept[np.argsort(-(vectors[kept] @ query), kind="stable")[:K]]]
        found = engine.nearest(query, K, where)
        assert set(found.ids.tolist()) <= set(ids[kept].tolist())
        np.testing.assert_allclose(found.scores, vectors[ids.searchsorted(found.ids)] @ query, atol=1e-4)
        assert (np.diff(found.scores) <= 1e-6).all()
        shares.append(len(np.intersect1d(found.ids, expected)) / len(expected))
    return float(np.mean(shares))


def test_the_nearest_are_found(collection: Collection):
    assert recall(collection, EVERYTHING, np.full(N_DOCUMENTS * PER_DOCUMENT, True)) >= LEAST


def test_the_nearest_among_those_that_a_filter_keeps_are_found(collection: Collection):
    rows = np.arange(N_DOCUMENTS * PER_DOCUMENT)
    is_blue, is_of_two = rows % 10 == 0, rows < 2 * PER_DOCUMENT
    blue, of_two = {"colour": ("blue", "green")}, ("0.csv", "1.csv")
    assert recall(collection, SearchFilter(columns=blue), is_blue) >= LEAST
    assert recall(collection, SearchFilter(documents=of_two), is_of_two) >= LEAST
    assert recall(collection, SearchFilter(columns=blue, documents=of_two), is_blue & is_of_two) >= LEAST
    some = frozenset(collection.chunk_ids()[::7].tolist())
    assert recall(collection, SearchFilter(chunk_ids=some), rows % 7 == 0) >= LEAST


def test_a_filter_that_keeps_a_topic_far_from_the_question_finds_its_nearest(collection: Collection):
    topics, _ = made_vectors()
    assert recall(collection, SearchFilter(columns={"topic": ("3",)}), topics == 3) >= LEAST


@pytest.mark.parametrize("collection", ["flat", "milvus"], indirect=True)
def test_words_find_the_chunks_that_have_them(collection: Collection):
    ids, engine = collection.chunk_ids(), engine_of(collection)
    assert set(engine.matching("ten41", 20, EVERYTHING).ids.tolist()) == set(ids[410:420].tolist())
    blue = SearchFilter(columns={"colour": ("blue",)})
    assert engine.matching("the TEN41, ten42!", 20, blue).ids.tolist() in ([411, 421], [421, 411])
    for nothing in ("", "the", "?!", "nowhere"):
        found = engine.matching(nothing, 20, EVERYTHING)
        assert len(found.ids) == len(found.scores) == (20 if nothing == "the" else 0)
    assert (np.diff(engine.matching("ten41 sea", 20, EVERYTHING).scores) <= 1e-6).all()


@pytest.mark.parametrize("collection", ["flat", "milvus"], indirect=True)
def test_a_filter_that_keeps_nothing_finds_nothing(collection: Collection):
    engine, (query, *_) = engine_of(collection), collection.embeddings()[1]
    for where in (
        SearchFilter(documents=("gone.csv",)),
        SearchFilter(columns={"colour": ("green",)}),
        SearchFilter(columns={'a"b%': ("x'\\",)}),
        SearchFilter(chunk_ids=frozenset()),
    ):
        assert where
        assert engine.nearest(query, K, where).ids.tolist() == []
        assert engine.matching("sea", K, where).ids.tolist() == []
