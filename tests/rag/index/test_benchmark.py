"""The index benchmark: recall against brute force, ties, a frontier worked by hand, synthetic vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import ExplorerError
from rag.index.benchmark import (
    ABOUT,
    BenchmarkResult,
    MissedNeighbor,
    exact,
    frontier,
    measure,
    measure_built,
    missed_neighbors,
    recall,
    steps,
    sweep,
)
from rag.index.benchmark_vectors import enlarge
from rag.index.kinds import build, bytes_per_vector
from rag.index.spec import KINDS, IndexSpec, default_spec
from tests.rag.index.test_kinds import brute_force, cosines, ids_of, unit_vectors

FEW_WORDS = IndexSpec("ivf_pq", nlist=12, nprobe=2, pq_m=3, n_bits=4)


def plain_recall(index, queries, k):
    """Without ties: the share of brute force's ids that the index gives."""
    truth = brute_force(queries, index.vectors, k)[1]
    found = index.search(queries, k)[1]
    return np.mean([len(set(a.tolist()) & set(b.tolist())) / len(a) for a, b in zip(truth, found, strict=True)])


def circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def result(p50, recall):
    return BenchmarkResult(IndexSpec("flat"), recall, 1.0, p50, p50, 1.0, 1.0, 100, 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 10])
def test_recall_is_brute_forces(kind, k):
    vectors, queries = unit_vectors(900), unit_vectors(50, seed=2)
    spec = replace(default_spec(kind, *vectors.shape), nprobe=2, ef_search=1, m=4, ef_construction=4)
    measured = measure(spec, ids_of(vectors), vectors, queries, k, repeats=1)
    index = build(spec, ids_of(vectors), vectors)
    assert measured.recall == pytest.approx(plain_recall(index, queries, k))
    assert (measured.recall == 1.0) == (kind == "flat")
    assert (measured.spec, measured.n, measured.k) == (index.spec, 900, k)
    assert measured.bytes_per_vector == bytes_per_vector(index)
    assert 0 < measured.p50_ms <= measured.p99_ms
    assert min(measured.queries_per_second, measured.build_seconds) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_truth_given_is_a_truth_found(kind):
    vectors, queries = unit_vectors(300), unit_vectors(20, seed=2)
    index = build(default_spec(kind, *vectors.shape), ids_of(vectors), vectors)
    truth = exact(ids_of(vectors), vectors, queries, 5)[1]
    given = measure_built(index, queries, 5, truth, 1)
    assert given.recall == measure_built(index, queries, 5, repeats=1).recall


@pytest.mark.parametrize("n", [1, 2, 5, 39])
@pytest.mark.parametrize("kind", ["flat", "ivf_flat", "hnsw", "sq8", "rabitq"])
def test_few_chunks(kind, n):
    vectors = unit_vectors(n)
    measured = measure(IndexSpec(kind), ids_of(vectors), vectors, unit_vectors(3, seed=2), 50, repeats=1)
    assert (measured.n, measured.k, measured.recall) == (n, n, 1.0)


def test_without_chunks_nothing_is_missed():
    vectors, queries = unit_vectors(0), unit_vectors(3)
    measured = measure(IndexSpec("flat"), ids_of(vectors), vectors, queries, repeats=1)
    assert (measured.recall, measured.n, measured.k) == (1.0, 0, 0)
    assert missed_neighbors(build(IndexSpec("flat"), ids_of(vectors), vectors), queries[0], 5) == ()


def test_too_few_chunks_say_so():
    vectors = unit_vectors(5)
    with pytest.raises(ExplorerError, match="16 chunks or more; there are 5"):
        measure(IndexSpec("ivf_pq"), ids_of(vectors), vectors, vectors)


@pytest.mark.parametrize(("k", "repeats", "n_queries"), [(0, 1, 2), (-1, 1, 2), (3, 0, 2), (3, 1, 0)])
def test_a_measurement_of_nothing_is_refused(k, repeats, n_queries):
    vectors = unit_vectors(5)
    with pytest.raises(ValueError, match="needs queries"):
        measure(IndexSpec("flat"), ids_of(vectors), vectors, vectors[:n_queries], k, repeats=repeats)


def test_recall_counts_ties_fairly():
    """From 0 degrees: 10 is first; -20, 20 and another 20 share second place; 50 is last. The two nearest are asked."""
    index = build(IndexSpec("flat"), np.arange(5), circle(10, -20, 20, 20, 50))
    query, truth = circle(0), np.array([[0, 1]])
    cases = {(0, 1): 1.0, (0, 2): 1.0, (3, 0): 1.0, (0, 4): 0.5, (2, 3): 0.5, (1, 2): 0.5, (3, -1): 0.5, (-1, -1): 0.0}
    for found, expected in cases.items():
        assert recall(index, query, np.array([found]), truth) == expected, found


def test_recall_is_the_mean_over_queries():
    index = build(IndexSpec("flat"), np.arange(4), circle(0, 10, 90, 100))
    truth = np.array([[0, 1], [2, 3]])
    assert recall(index, circle(2, 91), np.array([[1, 0], [2, 1]]), truth) == 0.75


@pytest.mark.parametrize("kind", KINDS)
def test_identical_chunks_are_all_right(kind):
    vectors = np.repeat(unit_vectors(1), 60, axis=0)
    measured = measure(IndexSpec(kind), ids_of(vectors), vectors, vectors[:4], 5, repeats=1)
    assert measured.recall == 1.0


def test_lost_are_the_true_neighbors_not_found():
    vectors, queries = unit_vectors(600), unit_vectors(30, seed=2)
    index = build(FEW_WORDS, ids_of(vectors), vectors)
    scores, truth = brute_force(queries, vectors, 8)
    n_lost = 0
    for row, query in enumerate(queries):
        found = index.search(query[None], 8)[1][0].tolist()
        missed = missed_neighbors(index, query, 8)
        n_lost += len(missed)
        expected = [rank for rank in range(8) if truth[row, rank] not in found]
        assert [(each.chunk_id, each.rank) for each in missed] == [(truth[row, rank], rank + 1) for rank in expected]
        np.testing.assert_allclose([each.score for each in missed], scores[row, expected], atol=1e-6)
    assert 0 < n_lost == round(30 * 8 * (1 - measure_built(index, queries, 8, repeats=1).recall))


def test_exact_search_loses_nothing():
    vectors = unit_vectors(50)
    index = build(IndexSpec("flat"), ids_of(vectors), vectors)
    assert missed_neighbors(index, unit_vectors(1, seed=2)[0], 60) == ()


class Finds:
    """An index that finds what it is told."""

    def __init__(self, index, found):
        self.ids, self.vectors, self.true_scores = index.ids, index.vectors, index.true_scores
        self.found = np.array([found])

    def search(self, queries, k):
        return self.true_scores(queries, self.found), self.found


@pytest.mark.parametrize(
    ("found", "missed"),
    [((0, 1), []), ((0, 3), []), ((2, 3), [1]), ((0, 4), [2]), ((4, -1), [1, 2]), ((1, 4), [1])],
)
def test_what_a_tie_replaces_is_not_lost(found, missed):
    index = build(IndexSpec("flat"), np.arange(5), circle(10, -20, 20, 20, 50))
    expected = {
        1: MissedNeighbor(0, pytest.approx(np.cos(np.radians(10))), 1),
        2: MissedNeighbor(1, pytest.approx(np.cos(np.pi / 9)), 2),
    }
    assert missed_neighbors(Finds(index, found), circle(0)[0], 2) == tuple(expected[rank] for rank in missed)


def test_the_frontier_by_hand():
    slow_and_sure, middle, quick = result(9.0, 1.0), result(3.0, 0.9), result(1.0, 0.4)
    slower_than_middle, worse_than_middle = result(3.5, 0.9), result(3.0, 0.8)
    beaten_in_both = result(10.0, 0.3)
    chosen = frontier([slow_and_sure, worse_than_middle, beaten_in_both, quick, slower_than_middle, middle])
    assert chosen == [quick, middle, slow_and_sure]


def test_the_frontier_of_none_one_and_equals():
    assert frontier([]) == []
    assert frontier([result(1.0, 0.0)]) == [result(1.0, 0.0)]
    assert frontier([result(1.0, 0.5)] * 2) == [result(1.0, 0.5)] * 2


def test_no_result_on_the_frontier_is_beaten():
    generator = np.random.default_rng(4)
    results = [result(float(p50), float(r)) for p50, r in generator.integers(1, 12, (200, 2)) / [1, 12]]

    def is_beaten(one):
        return any(
            other.recall >= one.recall
            and other.p50_ms <= one.p50_ms
            and (other.recall, other.p50_ms) != (one.recall, one.p50_ms)
            for other in results
        )

    expected = sorted((one for one in results if not is_beaten(one)), key=lambda one: one.p50_ms)
    assert frontier(results) == expected


@pytest.mark.parametrize("kind", ["ivf_flat", "rabitq", "ivf_pq"])
def test_a_sweep_opens_more_lists_and_finds_more(kind):
    vectors, queries = unit_vectors(900), unit_vectors(60, seed=2)
    results = list(sweep(IndexSpec(kind), ids_of(vectors), vectors, queries, 5))
    assert [each.spec.nprobe for each in results] == [1, 2, 4, 8, 16, 23]
    assert results[0].recall < results[-1].recall
    assert len({each.build_seconds for each in results}) == 1
    if kind == "ivf_flat":
        assert results == sorted(results, key=lambda each: each.recall)
        assert results[-1].recall == 1.0


def test_a_step_of_a_sweep_is_a_measurement_of_its_own():
    vectors, queries = unit_vectors(500), unit_vectors(40, seed=2)
    for each in sweep(IndexSpec("ivf_flat", nlist=9), ids_of(vectors), vectors, queries, 5):
        alone = measure(each.spec, ids_of(vectors), vectors, queries, 5, repeats=1)
        assert (alone.recall, alone.spec) == (each.recall, each.spec)


@pytest.mark.parametrize(
    ("spec", "n", "values"),
    [
        (IndexSpec("hnsw"), 5, [8]),
        (IndexSpec("hnsw"), 100, [8, 16, 32, 64, 100]),
        (IndexSpec("hnsw"), 10_000, [8, 16, 32, 64, 128, 256, 512, 1024]),
        (IndexSpec("flat"), 10, [64]),
    ],
)
def test_steps_of_the_search(spec, n, values):
    assert [step.ef_search for step in steps(spec, n)] == values


@pytest.mark.parametrize("kind", ["flat", "sq8"])
def test_a_sweep_without_a_setting_is_one_result(kind):
    vectors = unit_vectors(50)
    assert len(list(sweep(IndexSpec(kind), ids_of(vectors), vectors, vectors[:5]))) == 1


def test_a_newcomer_is_told_about_each_kind():
    assert set(ABOUT) == set(KINDS)


@pytest.mark.parametrize("n", [10, 30, 31, 500, 9_000])
def test_enlarged_keeps_the_real_ones_first(n):
    vectors = unit_vectors(30)
    grown = enlarge(vectors, n)
    assert grown.shape == (max(n, 30), 24)
    assert grown.dtype == np.float32
    np.testing.assert_array_equal(grown[:30], vectors)
    np.testing.assert_allclose(np.linalg.norm(grown, axis=1), 1.0, atol=1e-6)


def test_enlarged_is_repeatable_for_a_seed():
    vectors = unit_vectors(30)
    np.testing.assert_array_equal(enlarge(vectors, 200), enlarge(vectors, 200))
    assert (enlarge(vectors, 200, seed=1)[30:] != enlarge(vectors, 200, seed=2)[30:]).any(axis=1).all()


def test_made_up_vectors_lie_about_as_far_as_neighbors_do():
    vectors = unit_vectors(400)
    made = enlarge(vectors, 2_400)[400:]
    to_nearest = 1.0 - cosines(made, vectors).max(axis=1)
    between = 1.0 - np.sort(cosines(vectors, vectors), axis=1)[:, -9:-1]
    assert 0.3 < np.median(to_nearest) / np.median(between) < 1.5
    assert (to_nearest > 1e-4).mean() > 0.99


@pytest.mark.parametrize("n", [1, 7])
def test_a_vector_without_others_is_copied(n):
    vectors = np.repeat(unit_vectors(1), n, axis=0)
    np.testing.assert_allclose(enlarge(vectors, 20), np.repeat(vectors[:1], 20, axis=0), atol=1e-6)


def test_nothing_cannot_be_enlarged():
    with pytest.raises(ValueError, match="At least one"):
        enlarge(unit_vectors(0), 10)
