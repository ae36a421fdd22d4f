"""The honesty of a map: scikit-learn's figure, a brute-force one, a case worked by hand, any number of chunks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from rag.map import quality
from rag.map.quality import distance_pairs, measure_map


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def cloud(n, seed=1, dimension=24):
    """Unit vectors, and a map of them that keeps part of what is near: two of their axes, blurred."""
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((n, dimension)) * np.linspace(3.0, 0.3, dimension))
    xy = vectors[:, :2] * 20 + random.standard_normal((n, 2))
    return vectors, xy.astype(np.float32)


def tied_cloud(n, seed=2):
    """Vectors along eight axes and coordinates on a grid of 4 x 4: nearly every distance is shared by many."""
    random = np.random.default_rng(seed)
    return np.eye(8, dtype=np.float32)[random.integers(8, size=n)], random.integers(4, size=(n, 2)).astype(np.float32)


def by_brute_force(vectors, xy, k):
    """Venna and Kaski's definition, word for word; float64 (n, 3)."""
    n = len(vectors)
    true, drawn = -(vectors.astype(float) @ vectors.T.astype(float)), cdist(xy, xy, "sqeuclidean")
    ranks = []
    for distances in (true, drawn):
        rank = np.zeros((n, n), dtype=int)
        for i in range(n):
            others = sorted((j for j in range(n) if j != i), key=lambda j, row=distances[i]: (row[j], j))
            rank[i, others] = np.arange(1, n)
        ranks.append(rank)
    true_rank, drawn_rank = ranks
    norm = 2.0 / (k * (2 * n - 3 * k - 1))
    figures = np.empty((n, 3))
    for i in range(n):
        truly_near = {j for j in range(n) if 1 <= true_rank[i, j] <= k}
        drawn_near = {j for j in range(n) if 1 <= drawn_rank[i, j] <= k}
        figures[i, 0] = 1 - norm * sum(true_rank[i, j] - k for j in drawn_near - truly_near)
        figures[i, 1] = 1 - norm * sum(drawn_rank[i, j] - k for j in truly_near - drawn_near)
        figures[i, 2] = len(truly_near & drawn_near) / k
    return figures


def chunk_figures(quality):
    return np.stack([quality.chunk_trustworthiness, quality.chunk_continuity, quality.chunk_preservation], axis=1)


def global_figures(quality):
    return [quality.trustworthiness, quality.continuity, quality.neighbor_preservation]


def test_a_case_worked_by_hand():
    """Six chunks at angles 0, 10, 30, 60, 100, 150 degrees, drawn on a line in that order but for the last, k=1.

    The last, drawn at 2.4, looks nearest to the third, at 3, and the third to it. For the third it is the farthest
    of five (penalty 4 of at most 4), for the last the third is third-nearest (penalty 2). What they lost: the
    third's nearest is drawn second (penalty 1), the last's is drawn farthest (penalty 4).
    """
    angles = np.radians([0, 10, 30, 60, 100, 150])
    vectors = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    xy = np.array([[0, 0], [1, 0], [3, 0], [6, 0], [10, 0], [2.4, 0]], dtype=np.float32)
    quality = measure_map(vectors, xy, k=1)
    np.testing.assert_array_equal(quality.chunk_trustworthiness, [1, 1, 0, 1, 1, 0.5])
    np.testing.assert_array_equal(quality.chunk_continuity, [1, 1, 0.75, 1, 1, 0])
    np.testing.assert_array_equal(quality.chunk_preservation, [1, 1, 0, 1, 1, 0])
    assert global_figures(quality) == pytest.approx([4.5 / 6, 4.75 / 6, 4 / 6])


@pytest.mark.parametrize(("n", "k"), [(21, 10), (60, 10), (300, 7), (2_000, 10)])
def test_equals_scikit_learn(n, k):
    vectors, xy = cloud(n)
    exact = vectors.astype(np.float64)
    quality = measure_map(vectors, xy, k=k)
    assert quality.trustworthiness == pytest.approx(
        trustworthiness(exact, xy, n_neighbors=k, metric="cosine"), abs=1e-6
    )
    assert quality.continuity == pytest.approx(trustworthiness(xy, exact, n_neighbors=k, metric="euclidean"), abs=1e-6)
    near, drawn = (NearestNeighbors(n_neighbors=k).fit(space).kneighbors()[1].tolist() for space in (exact, xy))
    shared = [len(set(mine) & set(other)) / k for mine, other in zip(near, drawn, strict=True)]
    assert quality.neighbor_preservation == pytest.approx(np.mean(shared))
    assert not quality.is_sample


@pytest.mark.parametrize(
    ("make", "n", "k"), [(cloud, 21, 10), (cloud, 90, 4), (tied_cloud, 70, 10), (tied_cloud, 40, 1)]
)
def test_equals_brute_force_chunk_by_chunk_with_ties_by_row(make, n, k):
    vectors, xy = make(n)
    np.testing.assert_allclose(chunk_figures(measure_map(vectors, xy, k=k)), by_brute_force(vectors, xy, k), atol=1e-6)


def test_chunks_average_to_the_map():
    for measured in (measure_map(*cloud(500)), measure_map(*cloud(500), sample=120)):
        np.testing.assert_allclose(
            chunk_figures(measured).astype(float).mean(axis=0), global_figures(measured), atol=1e-6
        )
        assert chunk_figures(measured).dtype == np.float32


def test_a_sample_is_ranked_against_all_chunks():
    whole, sampled = measure_map(*cloud(400)), measure_map(*cloud(400), sample=50)
    assert (sampled.is_sample, whole.is_sample) == (True, False)
    assert len(np.unique(sampled.rows)) == 50
    assert (np.diff(sampled.rows) > 0).all()
    np.testing.assert_array_equal(whole.rows, np.arange(400))
    np.testing.assert_array_equal(chunk_figures(sampled), chunk_figures(whole)[sampled.rows])


def test_a_sample_is_drawn_by_its_seed():
    first, again, other = (measure_map(*cloud(400), sample=50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, again.rows)
    assert global_figures(first) == global_figures(again)
    assert first.rows.tolist() != other.rows.tolist()


@pytest.mark.parametrize("make", [cloud, tied_cloud])
def test_blocks_do_not_change_the_figures(make, monkeypatch):
    at_once = measure_map(*make(200))
    monkeypatch.setattr(quality, "_BLOCK_CELLS", 1_000)
    monkeypatch.setattr(quality, "_BLOCK_VECTORS", 33)
    np.testing.assert_array_equal(chunk_figures(measure_map(*make(200))), chunk_figures(at_once))


@pytest.mark.parametrize(("n", "k"), [(0, 10), (1, 10), (2, 10), (3, 10), (20, 10), (2, 1)])
def test_undefined_up_to_twice_k(n, k):
    assert measure_map(np.eye(n, 24, dtype=np.float32), np.zeros((n, 2), dtype=np.float32), k=k) is None


def test_three_chunks_are_enough_for_one_neighbor():
    vectors = unit([[1, 0], [1, 0.1], [1, 1]])
    assert global_figures(measure_map(vectors, vectors, k=1)) == [1, 1, 1]


def test_a_map_that_keeps_all_and_one_that_keeps_nothing():
    angles = np.radians(np.arange(40) * 4.0)
    vectors = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert global_figures(measure_map(vectors, 9 * vectors)) == [1, 1, 1]
    shuffled = vectors[np.random.default_rng(0).permutation(40)]
    assert measure_map(vectors, shuffled).trustworthiness < 0.65


def test_identical_chunks():
    """They are one another's nearest by row: a map that draws them at one point is whole, any other is not."""
    vectors = np.repeat(unit([[1, 2, 3, 4, 5]]), 30, axis=0)
    together = measure_map(vectors, np.ones((30, 2), dtype=np.float32))
    assert global_figures(together) == [1, 1, 1]
    line = np.stack([np.arange(30), np.zeros(30)], axis=1).astype(np.float32)
    apart = measure_map(vectors, line)
    np.testing.assert_allclose(chunk_figures(apart), by_brute_force(vectors, line, 10), atol=1e-6)
    assert apart.trustworthiness < 1


def test_copies_are_equally_far_wherever_they_stand(monkeypatch):
    """A product may round equal columns differently, single precision in a block of one (1000 = 27 x 37 + 1)."""
    monkeypatch.setattr(quality, "_BLOCK_VECTORS", 37)
    base, _ = cloud(500, dimension=384)
    twice = np.tile(base, (2, 1))
    distances = np.stack(list(quality._true_distances(twice, np.arange(500))))
    itself = np.eye(500, dtype=bool)
    assert np.isinf(distances[:, :500][itself]).all()
    np.testing.assert_array_equal(distances[:, :500][~itself], distances[:, 500:][~itself])


@pytest.mark.parametrize("options", [{"k": 0}, {"sample": 0}])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match="1 or more"):
        measure_map(*cloud(30), **options)


@pytest.mark.parametrize("measure", [measure_map, distance_pairs])
def test_vectors_and_places_differ_in_number(measure):
    vectors, xy = cloud(30)
    with pytest.raises(ValueError, match="30 vectors and 29 positions"):
        measure(vectors, xy[:-1])


def test_pairs_are_different_chunks_with_their_distances():
    vectors, xy = cloud(300)
    pairs = distance_pairs(vectors, xy, n_pairs=1_000)
    left, right = pairs.rows.T
    assert len(np.unique(pairs.rows, axis=0)) == 1_000
    assert (left < right).all()
    assert (left >= 0).all()
    assert (right < 300).all()
    np.testing.assert_allclose(pairs.cosine_distances, cdist(vectors, vectors, "cosine")[left, right], atol=1e-6)
    np.testing.assert_allclose(pairs.map_distances, cdist(xy, xy)[left, right], rtol=1e-6)
    assert pairs.rank_correlation == pytest.approx(spearmanr(pairs.cosine_distances, pairs.map_distances).statistic)


def test_spearman_with_ties():
    pairs = distance_pairs(*tied_cloud(60), n_pairs=500)
    assert pairs.rank_correlation == pytest.approx(spearmanr(pairs.cosine_distances, pairs.map_distances).statistic)


def test_every_pair_is_as_likely_and_all_where_there_are_no_more():
    assert distance_pairs(*cloud(5)).rows.tolist() == [[i, j] for j in range(5) for i in range(j)]
    counts = np.zeros((6, 6), dtype=int)
    for seed in range(600):
        for i, j in distance_pairs(*cloud(6), n_pairs=3, seed=seed).rows:
            counts[i, j] += 1
    drawn = counts[np.triu_indices(6, 1)]
    assert drawn.sum() == 1_800
    assert 80 < drawn.min() <= drawn.max() < 165  # 120 each; the standard deviation is 10


def test_pair_numbers_are_exact_for_many_chunks():
    rows = quality._random_pairs(3_000_000, 2_000, 7)
    assert (rows[:, 0] >= 0).all()
    assert (rows[:, 0] < rows[:, 1]).all()
    assert rows.max() < 3_000_000
    last = quality._random_pairs(60, 10_000, 7)
    assert last[-1].tolist() == [58, 59]


def test_pairs_follow_the_seed_and_not_the_blocks(monkeypatch):
    first, other = (distance_pairs(*cloud(100), n_pairs=50, seed=seed) for seed in (1, 2))
    monkeypatch.setattr(quality, "_BLOCK_PAIRS", 7)
    again = distance_pairs(*cloud(100), n_pairs=50, seed=1)
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.cosine_distances, again.cosine_distances)
    np.testing.assert_array_equal(first.map_distances, again.map_distances)
    assert first.rows.tolist() != other.rows.tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_correlation_is_undefined_without_two_pairs(n):
    pairs = distance_pairs(*cloud(n))
    assert len(pairs.rows) == len(pairs.cosine_distances) == len(pairs.map_distances) == max(0, n - 1)
    assert pairs.rank_correlation is None


def test_identical_chunks_have_no_correlation():
    vectors, xy = cloud(20)
    pairs = distance_pairs(np.repeat(vectors[:1], 20, axis=0), xy)
    assert pairs.rank_correlation is None
    np.testing.assert_allclose(pairs.cosine_distances, 0, atol=1e-7)


def test_number_of_pairs_below_zero():
    with pytest.raises(ValueError, match="-1"):
        distance_pairs(*cloud(5), n_pairs=-1)
