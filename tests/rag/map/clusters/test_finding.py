"""Clusters of a map and their names, against all pairs, brute force and figures worked out by hand."""

from __future__ import annotations

import math
import warnings
from collections import Counter

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from rag.map.clusters.density import UNCLUSTERED, cluster, distances, smallest_cluster
from rag.map.clusters.terms import (
    class_tf_idf,
    count_words,
    key_terms,
    medoid,
    summarize_clusters,
    terms_apart,
    typical_rows,
)

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def blobs(sizes=(40, 90, 60), seed=3):
    """Points around three centres, shuffled, and the centre each belongs to."""
    random = np.random.default_rng(seed)
    owner = random.permutation(np.repeat(np.arange(3), sizes))
    return (CENTRES[owner] + random.normal(0, 0.5, (len(owner), 2))).astype(np.float32), owner


def test_three_blobs_are_found_and_numbered_by_size():
    xy, owner = blobs()
    labels = cluster(xy, 0.5)
    assert labels.dtype == np.int64
    clustered = labels >= 0
    assert clustered.mean() > 0.9
    expected = np.array([2, 0, 1])[owner]
    np.testing.assert_array_equal(labels[clustered], expected[clustered])


def test_equal_sizes_are_numbered_by_their_first_row():
    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0.5], [0.4, 0.6]], dtype=np.float32)
    xy = np.concatenate([square + 50, square, square - 50])
    order = np.array([6, 12, 0, *(row for row in range(18) if row not in (6, 12, 0))])
    labels = cluster(xy[order], 0.0)
    assert labels[:3].tolist() == [0, 1, 2]


def test_the_same_points_give_the_same_clusters():
    xy, _ = blobs()
    before = xy.copy()
    np.testing.assert_array_equal(cluster(xy, 0.2), cluster(xy, 0.2))
    np.testing.assert_array_equal(xy, before)


def test_points_far_from_all_others_stay_unclustered():
    xy, _ = blobs()
    far = np.array([[100, 100], [-100, 80], [90, -120]], dtype=np.float32)
    assert (cluster(np.concatenate([xy, far]), 0.5)[-3:] == UNCLUSTERED).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_spanning_tree_weighs_what_that_of_all_pairs_weighs(seed):
    cloud = np.random.default_rng(seed).standard_t(3, (300, 2)).astype(np.float32)
    xy = np.concatenate([cloud, 10 * blobs(seed=seed)[0]])
    lengths = cdist(xy.astype(np.float64), xy.astype(np.float64))
    core = np.sort(lengths, axis=1)[:, 4]
    edges = distances(xy).tocoo()
    between = edges.row != edges.col
    rows, columns = edges.row[between], edges.col[between]
    weights = np.maximum.reduce([edges.data[between], core[rows], core[columns]])
    ours = minimum_spanning_tree(csr_matrix((weights, (rows, columns)), shape=lengths.shape))
    all_pairs = minimum_spanning_tree(np.maximum(lengths, np.maximum.outer(core, core)))
    np.testing.assert_allclose(np.sort(ours.data), np.sort(all_pairs.data))


def test_clusters_are_scikit_learns():
    xy, _ = blobs((400, 300, 200))
    plain = HDBSCAN(min_cluster_size=smallest_cluster(900, 0.5), min_samples=5, copy=True).fit_predict(xy)
    assert plain.max() == 2
    assert adjusted_rand_score(plain, cluster(xy, 0.5)) > 0.98


@pytest.mark.parametrize("coarseness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 10, 11, 60])
def test_few_points_or_points_in_one_place_or_on_a_line(n, coarseness):
    one_place = np.full((n, 2), 3, dtype=np.float32)
    two_places = np.repeat(np.array([[0, 0], [1, 2]], dtype=np.float32), n, axis=0)
    line = np.column_stack([np.arange(n), np.zeros(n)]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (cluster(one_place, coarseness) == UNCLUSTERED).all()
        assert cluster(line, coarseness).shape == (n,)
        labels = cluster(two_places, coarseness)
    if n >= 9 and coarseness == 0.0:
        assert labels.tolist() == [0] * n + [1] * n


def test_coarseness_goes_from_small_clusters_to_large_ones():
    assert [smallest_cluster(12_000, step) for step in (0.0, 0.5, 1.0)] == [60, round(math.sqrt(60 * 2_000)), 2_000]
    assert [smallest_cluster(n, 0.0) for n in (0, 20, 1_000)] == [5, 5, 5]
    assert smallest_cluster(20, 1.0) == 5


@pytest.mark.parametrize("coarseness", [-0.1, 1.1, math.nan])
def test_a_coarseness_outside_is_refused(coarseness):
    with pytest.raises(ValueError, match="from 0 to 1"):
        cluster(blobs()[0], coarseness)


def test_coordinates_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        cluster(np.array([[0, math.nan]], dtype=np.float32))


def test_class_tf_idf_is_the_hand_worked_case():
    """Class 0: apple 3, pie 1; class 1: pie 1, car 5. A = (4 + 6) / 2 = 5; f = 3, 2, 5."""
    weights = class_tf_idf(csr_matrix(np.array([[3.0, 1.0, 0.0], [0.0, 1.0, 5.0]])))
    expected = [
        [3 / 4 * math.log(1 + 5 / 3), 1 / 4 * math.log(1 + 5 / 2), 0],
        [0, 1 / 6 * math.log(1 + 5 / 2), 5 / 6 * math.log(1 + 5 / 5)],
    ]
    np.testing.assert_allclose(weights.toarray(), expected)


def test_key_terms_are_ranked_by_weight_and_then_by_alphabet():
    apples = Counter({"zebra": 2, "apple": 5, "melon": 2, "pie": 1})
    cars = Counter({"car": 6, "pie": 1})
    assert key_terms([apples, cars]) == [("apple", "melon", "zebra", "pie"), ("car", "pie")]


def test_words_common_to_all_come_last_without_a_list_of_stop_words():
    both = {"und": 40, "der": 30}
    garden, music = Counter({**both, "rose": 3, "tulpe": 2}), Counter({**both, "geige": 3, "note": 2})
    assert class_tf_idf(csr_matrix([[40.0, 30, 3, 2, 0, 0], [40.0, 30, 0, 0, 3, 2]])).toarray()[0].argmax() == 0
    assert key_terms([garden, music])[0][:2] == ("rose", "tulpe")
    assert key_terms([garden, music])[1][:2] == ("geige", "note")


def test_a_word_and_its_plural_are_named_once():
    words = Counter({"policies": 9, "policy": 8, "boxes": 7, "box": 6, "day": 5, "days": 4, "glass": 3, "gas": 2})
    assert key_terms([words]) == [("policies", "boxes", "day", "glass", "gas")]


def test_words_are_letters_of_any_script_without_numbers_and_stop_words():
    text = "The refund of 2024: an Ärzte-Café, ab1c don't it is हिन्दी слово 東京都 ラーメン は 사람"
    assert count_words([text]) == Counter(
        ["refund", "ärzte", "café", "हिन्दी", "слово", "東京", "京都", "ラーメン", "사람"]
    )


def test_typical_rows_are_the_nearest_to_the_mean():
    vectors = np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.arange(5, 30)
    mean = vectors[rows].mean(axis=0)
    cosines = {row: float(vectors[row] @ mean) / np.linalg.norm(mean) for row in rows.tolist()}
    assert typical_rows(rows, vectors) == tuple(sorted(cosines, key=cosines.__getitem__, reverse=True)[:3])


def test_the_medoid_is_the_point_nearest_to_all_others():
    points = np.random.default_rng(2).random((50, 2)).astype(np.float32)
    sums = [sum(math.dist(one, other) for other in points.tolist()) for one in points.tolist()]
    np.testing.assert_array_equal(medoid(points), points[int(np.argmin(sums))])
    many = np.repeat(np.array([[0, 0], [1, 1]], dtype=np.float32), (3_000, 500), axis=0)
    np.testing.assert_array_equal(medoid(many), [0, 0])


def test_summaries_are_in_order_and_leave_the_unclustered_out():
    texts = ["guitar strings", "tomato soup", "tomato salad", "tomato plants", "guitar chords", "lonely walrus"]
    labels = np.array([1, 0, 0, 0, 1, -1])
    vectors = np.eye(6, dtype=np.float32)
    xy = np.arange(12, dtype=np.float32).reshape(6, 2)
    first, second = summarize_clusters(texts, labels, vectors, xy)
    assert (first.label, first.size, first.terms[0], first.typical) == (0, 3, "tomato", (1, 2, 3))
    assert (first.x, first.y) == (4.0, 5.0)
    assert (second.label, second.size, second.typical) == (1, 2, (0, 4))
    assert second.name == "guitar, chords, strings"
    assert "walrus" not in first.terms + second.terms


def test_the_nearest_cluster_is_that_of_the_most_similar_mean():
    vectors = np.random.default_rng(6).standard_normal((60, 5)).astype(np.float32)
    labels = np.random.default_rng(7).integers(-1, 4, 60)
    xy = np.zeros((60, 2), dtype=np.float32)
    summaries = summarize_clusters(["word"] * 60, labels, vectors, xy)
    means = [vectors[labels == one].mean(axis=0) for one in range(4)]
    for one in summaries:
        others = [other for other in range(4) if other != one.label]
        cosine = {k: means[one.label] @ means[k] / np.linalg.norm(means[k]) for k in others}
        assert one.nearest == max(cosine, key=cosine.__getitem__)
        assert one.apart == (), "all have the same word"
    (alone,) = summarize_clusters(["owl"] * 3, np.zeros(3, dtype=np.int64), vectors[:3], xy[:3])
    assert (alone.nearest, alone.apart) == (-1, ())


def test_terms_apart_are_twice_as_frequent_as_in_the_other_cluster():
    """Of 20 words here and 40 there, 'moon' is 6 against 2 (six times as frequent), 'star' 8 against 10 (1.6 times)."""
    night = Counter({"moon": 6, "star": 8, "orbit": 6})
    day = Counter({"moon": 2, "star": 10, "boat": 28})
    assert terms_apart(night, day) == ("orbit", "moon")
    assert terms_apart(day, night) == ("boat",)
    assert terms_apart(night, Counter()) == ("star", "moon", "orbit")
    assert terms_apart(Counter(), day) == ()


def test_what_sets_a_cluster_apart_is_told_against_its_nearest():
    texts = ["moon star", "moon star", "moon orbit", "boat star", "boat star", "boat sail", "rose", "rose"]
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    vectors = np.array([[1, 0, 0]] * 3 + [[0.9, 0.1, 0]] * 3 + [[0, 0.1, 1]] * 2, dtype=np.float32)
    first, second, third = summarize_clusters(texts, labels, vectors, np.zeros((8, 2), dtype=np.float32))
    assert (first.nearest, first.apart) == (1, ("moon", "orbit"))
    assert (second.nearest, second.apart) == (0, ("boat", "sail"))
    assert (third.nearest, third.apart) == (1, ("rose",))


def test_no_chunks_and_chunks_without_words():
    nothing = np.zeros((0, 2), dtype=np.float32)
    assert summarize_clusters([], np.zeros(0, dtype=np.int64), nothing, nothing) == ()
    two = np.eye(2, dtype=np.float32)
    assert summarize_clusters(["12", "the"], np.zeros(2, dtype=np.int64), two, two)[0].name == "cluster 1"
