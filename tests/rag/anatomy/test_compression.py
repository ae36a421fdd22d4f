"""Compressed vectors: neighbors against brute force in numpy, bytes by hand, and recall of known cases."""

from __future__ import annotations

import numpy as np
import pytest

from rag.anatomy import compression as compression_module
from rag.anatomy.compression import K, compressions, exact_others, recall, truncated, truncation_note
from rag.errors import ExplorerError
from rag.index.exact_neighbors import nearest_others
from tests.support.two_models import brute_force, unit

ROWS = np.array([0, 3, 17, 59])


def by_method(result):
    return {(one.method, one.dimension): one for one in result}


def hamming_by_hand(vectors, row, k):
    signs = (vectors > 0).tolist()
    distances = [sum(a != b for a, b in zip(signs[row], other, strict=True)) for other in signs]
    others = [place for place in range(len(signs)) if place != row]
    return sorted(others, key=lambda place: (distances[place], place))[:k]


@pytest.mark.parametrize("dimension", [8, 100])
def test_exact_neighbors_are_those_of_brute_force(dimension):
    vectors = unit(60, dimension)
    expected = np.array(brute_force(vectors, K))
    assert exact_others(vectors, ROWS, K).tolist() == expected[ROWS].tolist()
    assert exact_others(vectors, np.arange(60), K).tolist() == nearest_others(vectors, K).tolist()


@pytest.mark.parametrize("dimension", [8, 13, 64, 100])
def test_binary_neighbors_have_the_fewest_different_signs(dimension):
    vectors = unit(60, dimension)
    found = compression_module._hamming_others(vectors, ROWS, K)
    assert found.tolist() == [hamming_by_hand(vectors, row, K) for row in ROWS.tolist()]


def test_rescored_neighbors_are_the_nearest_of_the_candidates():
    vectors = unit(200, 32)
    rows = np.arange(20)
    candidates = compression_module._hamming_others(vectors, rows, 40)
    found = compression_module._rescored(vectors, rows, candidates)
    for row, near, chosen in zip(rows, candidates.tolist(), found.tolist(), strict=True):
        cosines = {place: float(vectors[place].astype(np.float64) @ vectors[row]) for place in near}
        assert chosen == sorted(near, key=lambda place: -cosines[place])[:K]


def test_int8_neighbors_are_those_of_vectors_rounded_to_256_steps():
    vectors = unit(80, 16)
    least, largest = vectors.min(axis=0), vectors.max(axis=0)
    # FAISS decodes the middle of a step.
    steps = np.floor((vectors - least) / (largest - least) * 255)
    rounded = least + (steps + 0.5) / 255 * (largest - least)
    scores = vectors[ROWS] @ rounded.T
    scores[np.arange(len(ROWS)), ROWS] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    assert compression_module._int8_others(vectors, ROWS, K).tolist() == expected.tolist()


def test_truncated_vectors_are_unit_vectors_of_the_first_numbers():
    vectors = np.array([[0.6, 0.0, 0.8], [0.36, 0.48, 0.8], [0.0, 0.0, 1.0]], dtype=np.float32)
    assert truncated(vectors, 2) == pytest.approx(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]]))
    assert truncated(vectors, 2).dtype == np.float32


def test_memory_and_order_of_the_methods():
    result = compressions(unit(60, 100))
    described = [(one.method, one.dimension, one.bytes_per_vector) for one in result]
    assert described == [
        ("float32", 100, 400),
        ("truncated", 50, 200),
        ("truncated", 25, 100),
        ("truncated", 12, 48),
        ("int8", 100, 100),
        ("binary", 100, 13),
        ("binary, rescored", 100, 13),
        ("centered binary", 100, 13),
        ("centered binary, rescored", 100, 13),
    ]
    assert result[0].recall == 1.0


def test_what_is_stored_of_a_vector_decides_what_is_found():
    found = by_method(compressions(unit(400, 64)))
    assert found["int8", 64].recall > 0.9
    # Of random vectors, half the numbers and the signs tell about equally little.
    assert found["truncated", 32].recall > found["truncated", 16].recall > found["truncated", 8].recall
    assert found["binary", 64].recall < found["binary, rescored", 64].recall < 1.0
    assert found["truncated", 32].recall < 0.6


def test_vectors_with_nothing_after_their_first_numbers_lose_nothing():
    vectors = np.zeros((50, 32), dtype=np.float32)
    vectors[:, :8] = unit(50, 8)
    found = by_method(compressions(vectors))
    assert [found["truncated", d].recall for d in (16, 8)] == [1.0, 1.0]
    assert found["binary", 32].recall < 0.9


def test_a_common_part_of_all_vectors_hides_the_signs_until_it_is_subtracted():
    vectors = unit(200, 64) + np.float32(0.5)
    found = by_method(compressions(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)))
    # Nearly every number is positive, so signs tell little.
    assert found["binary", 64].recall < 0.1
    assert found["centered binary", 64].recall > 0.25
    assert found["centered binary, rescored", 64].recall > 0.6


def test_copies_count_as_the_neighbors_that_they_copy():
    vectors = np.repeat(unit(4, 16), 15, axis=0)
    assert {one.recall for one in compressions(vectors)} == {1.0}


def test_recall_by_hand():
    vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0.6, -0.8], [0, 1]], dtype=np.float32)
    truth = np.array([[1, 2]])
    for found, share in (([1, 2], 1.0), ([1, 3], 1.0), ([2, 3], 0.5), ([1, 4], 0.5), ([4, 4], 0.0)):
        # Rows 2 and 3 are equally near to row 0, so either counts as its second neighbor, but not both.
        assert recall(vectors, np.array([0]), np.array([found]), truth) == share


def test_queries_are_a_sample_chosen_by_seed(monkeypatch):
    chosen = []
    exact = exact_others
    monkeypatch.setattr(compression_module, "exact_others", lambda v, rows, k: chosen.append(rows) or exact(v, rows, k))
    vectors = unit(100, 32)
    results = [compressions(vectors, n_queries=30, seed=seed) for seed in (1, 1, 2)]
    assert results[0] == results[1] != results[2]
    assert {len(rows) for rows in chosen} == {30}
    assert all(len(set(rows.tolist())) == 30 for rows in chosen)


@pytest.mark.parametrize("n", [0, 11])
def test_too_few_chunks_are_refused(n):
    with pytest.raises(ExplorerError, match=f"The collection has {n} chunks. .* needs 12 or more"):
        compressions(unit(n, 16))


def test_it_is_said_whether_a_model_was_trained_for_it():
    assert "'all-MiniLM-L6-v2' was not trained" in truncation_note("sentence-transformers/all-MiniLM-L6-v2")
    assert "'nomic-embed-text-v1.5' was trained" in truncation_note("nomic-ai/nomic-embed-text-v1.5")
    assert "is not known" in truncation_note("ollama:bert")
