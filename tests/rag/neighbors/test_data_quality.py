"""Copies, hubs and outliers: against all pairs counted one by one, and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew

from rag.neighbors import data_quality
from rag.neighbors.data_quality import hubs, near_duplicates, outliers


def units(n, d=8, seed=1):
    made = np.random.default_rng(seed).standard_normal((n, d))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def pairs_one_by_one(ids, vectors, threshold):
    """In the order of their ids: (id, id, score)."""
    found = []
    for i in range(len(ids)):
        for j in range(i + 1, len(ids)):
            score = round(float(vectors[i].astype(float) @ vectors[j].astype(float)), 6)
            if score >= threshold:
                found.append((int(ids[i]), int(ids[j]), score))
    return found


def listed(duplicates):
    return [(*pair, score) for pair, score in zip(duplicates.pairs.tolist(), duplicates.scores.tolist(), strict=True)]


@pytest.fixture(params=[16_000_000, 300, 1])
def block_cells(request, monkeypatch):
    """Blocks of all rows at once, of a few, and of one."""
    monkeypatch.setattr(data_quality, "_BLOCK_CELLS", request.param)


@pytest.mark.usefixtures("block_cells")
@pytest.mark.parametrize("threshold", [-1.0, 0.3, 0.7, 0.95])
def test_pairs_are_those_of_brute_force(threshold):
    ids, vectors = np.arange(60) * 2 + 3, units(60)
    vectors[40] = vectors[7]
    found = near_duplicates(ids, vectors, threshold)
    expected = sorted(pairs_one_by_one(ids, vectors, threshold), key=lambda pair: (-pair[2], pair[0], pair[1]))
    assert found.pairs.tolist() == [[first, second] for first, second, _ in expected]
    np.testing.assert_allclose(found.scores, [score for *_, score in expected], atol=1e-6)
    assert (found.is_complete, found.n_searched) == (True, 60)
    assert listed(found)[0] == (17, 83, 1.0)


@pytest.mark.usefixtures("block_cells")
@pytest.mark.parametrize("limit", [1, 5, 100, 1225])
def test_the_limit_keeps_the_first_by_id(limit):
    ids, vectors = np.arange(50), units(50)
    everything = pairs_one_by_one(ids, vectors, -1.0)
    found = near_duplicates(ids, vectors, -1.0, limit=limit)
    assert {tuple(pair) for pair in found.pairs.tolist()} == {pair[:2] for pair in everything[:limit]}
    assert found.is_complete is (limit == len(everything) == 1225)
    assert found.n_searched == (50 if found.is_complete else everything[limit][0])
    assert (np.diff(found.scores) <= 0).all()


def test_identical_vectors_reach_a_threshold_of_one_and_stop_at_the_limit():
    vectors = np.repeat(units(1), 3000, axis=0)
    found = near_duplicates(np.arange(3000), vectors, 1.0, limit=4000)
    assert len(found.pairs) == 4000
    assert found.pairs[[0, 2998, 2999, 3999]].tolist() == [[0, 1], [0, 2999], [1, 2], [1, 1002]]
    assert (found.scores == 1.0).all()
    assert (found.is_complete, found.n_searched) == (False, 1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_chunks(n):
    found = near_duplicates(np.arange(n), np.repeat(units(1), n, axis=0))
    assert found.pairs.tolist() == ([[0, 1]] if n == 2 else [])
    assert found.pairs.shape[1] == 2
    assert (found.is_complete, found.n_searched) == (True, n)


def test_progress_rises_to_the_end_and_may_stop_it(monkeypatch):
    monkeypatch.setattr(data_quality, "_BLOCK_CELLS", 300)
    seen: list[float] = []
    near_duplicates(np.arange(60), units(60), 0.99, on_progress=seen.append)
    assert seen == sorted(seen)
    assert (seen[-1] > 0.99, len(set(seen)) > 3) == (True, True)

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        near_duplicates(np.arange(60), units(60), on_progress=stop)


@pytest.mark.parametrize(("threshold", "limit", "n"), [(1.01, 5, 4), (0.9, 0, 4), (0.9, 5, 3)])
def test_what_cannot_be_asked(threshold, limit, n):
    with pytest.raises(ValueError, match="threshold from -1 to 1"):
        near_duplicates(np.arange(n), units(4), threshold, limit=limit)


# Hubs


def nearest_others(vectors, k):
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -2)
    return np.argsort(-similar, axis=1)[:, :k]


def test_hubs_worked_by_hand():
    """Everyone's nearest is chunk 0, whose own is chunk 2: it is found three times, chunk 2 once."""
    found = hubs(np.array([[2], [0], [0], [0]]))
    assert found.counts.tolist() == [3, 0, 1, 0]
    assert found.top_rows.tolist() == [0, 2]
    assert found.n_never == 2
    assert found.skewness == pytest.approx(6 / 6**1.5 * 2)  # deviations 2, -1, 0, -1: sums of powers 6 and 6


@pytest.mark.parametrize(("d", "k"), [(3, 5), (50, 10)])
def test_counts_one_by_one_and_the_skewness_of_scipy(d, k):
    positions = nearest_others(units(200, d), k)
    found = hubs(positions, n_top=200)
    assert found.counts.tolist() == [sum(row in near for near in positions.tolist()) for row in range(200)]
    assert found.counts.sum() == 200 * k
    assert found.skewness == pytest.approx(skew(found.counts))
    expected = sorted((row for row in range(200) if found.counts[row]), key=lambda row: (-found.counts[row], row))
    assert found.top_rows.tolist() == expected
    assert found.n_never == 200 - len(expected)


def test_more_dimensions_have_more_hubs():
    """What Radovanović and others found with normal data and straight distances (their figure 1: d = 3 and 100)."""

    def skewness(d):
        made = np.random.default_rng(1).standard_normal((600, d))
        lengths = (made**2).sum(axis=1)
        distances = lengths + lengths[:, None] - 2 * made @ made.T
        np.fill_diagonal(distances, np.inf)
        return hubs(np.argsort(distances, axis=1)[:, :5]).skewness

    assert skewness(100) > skewness(3) + 1


@pytest.mark.parametrize(
    "positions", [np.empty((0, 0), int), np.empty((1, 0), int), np.array([[1], [0]]), np.array([[-1], [-1]])]
)
def test_no_hubs_where_all_are_alike(positions):
    found = hubs(positions)
    assert found.skewness is None
    assert len(found.counts) == len(positions)
    assert found.n_never == int((found.counts == 0).sum())


def test_missing_neighbors_do_not_count():
    assert hubs(np.array([[1, -1], [2, -1], [1, -1]])).counts.tolist() == [0, 2, 1]
    with pytest.raises(ValueError, match="got row 3"):
        hubs(np.array([[1], [3], [0]]))


# Outliers


def test_loners_are_those_with_the_farthest_nearest():
    vectors = units(40)
    similar = np.sort(vectors @ vectors.T, axis=1)[:, ::-1][:, 1:6]
    found = outliers(similar, n_top=5)
    expected = sorted(range(40), key=lambda row: similar[row, 0])[:5]
    assert found.rows.tolist() == expected
    np.testing.assert_array_equal(found.scores, similar[expected, 0])


def test_loners_of_few_and_of_the_same():
    assert len(outliers(np.empty((1, 0), np.float32)).rows) == len(outliers(np.empty((0, 3), np.float32)).rows) == 0
    assert outliers(np.full((5, 2), 0.5, np.float32), n_top=3).rows.tolist() == [0, 1, 2]
    assert outliers(np.array([[0.5], [0.2]], np.float32)).rows.tolist() == [1, 0]
