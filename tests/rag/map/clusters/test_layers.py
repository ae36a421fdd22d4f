"""Layers of clusters against brute force, scikit-learn's and SciPy's methods, and made-up groups with known labels."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, squareform
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from rag.map.clusters.density import cluster, distances
from rag.map.clusters.finding import find_clusters, layers_of
from rag.map.clusters.layers import (
    Layers,
    _gaps,
    _join_clusters,
    _join_nearest,
    far_from_all,
    find_layers,
    layer_counts,
)
from rag.map.layout import lay_out, make_layout
from rag.map.projection import ProjectionParameters
from rag.store.chunk_table import ChunkTable


def nested_groups(seed=0, n=60):
    """Four groups of three close groups with n points each, stretched: positions, embeddings, and both labels."""
    random = np.random.default_rng(seed)
    large = np.array([[0, 0], [60, 0], [0, 60], [60, 60]])
    small = np.array([[0, 0], [9, 0], [0, 9]])
    inner = random.permutation(np.repeat(np.arange(12), n))
    xy = large[inner // 3] + small[inner % 3] + random.normal(0, 1, (len(inner), 2)) * [1.6, 0.5]
    vectors = np.eye(12)[inner] + random.normal(0, 0.1, (len(inner), 12))
    return xy.astype(np.float32), vectors.astype(np.float32), inner // 3, inner


def assert_nested(layers: Layers):
    """Each cluster lies within one cluster of the coarser layer, and there are more of them."""
    counts = layers.counts
    assert all(coarse < fine for coarse, fine in pairwise(counts))
    found = [layers.labels(layer) for layer in range(len(counts))]
    for count, labels in zip(counts, found, strict=True):
        assert sorted(set(labels.tolist()) - {-1}) == list(range(count))
        sizes = np.bincount(labels[labels >= 0])
        assert (np.diff(sizes) <= 0).all(), "the largest cluster is 0"
    for coarse, fine in pairwise(found):
        np.testing.assert_array_equal(coarse < 0, fine < 0)
        assert all(len(set(coarse[fine == one].tolist())) == 1 for one in set(fine.tolist()))


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_groups_are_found_at_their_layers(seed):
    xy, vectors, outer, inner = nested_groups(seed)
    layers = find_layers(xy, vectors)
    assert_nested(layers)
    by_count = dict(zip(layers.counts, range(len(layers.counts)), strict=True))
    assert adjusted_mutual_info_score(outer, layers.labels(by_count[4])) > 0.99
    nearest_count = min(by_count, key=lambda count: abs(count - 12))
    assert adjusted_mutual_info_score(inner, layers.labels(by_count[nearest_count])) > 0.95
    for layer, count in enumerate(layers.counts):
        k_means = KMeans(count, n_init=10, random_state=0).fit_predict(xy)
        for truth in (outer, inner):
            ours = adjusted_mutual_info_score(truth, layers.labels(layer))
            assert ours >= adjusted_mutual_info_score(truth, k_means) - 0.02, (count, ours)


def test_the_layer_shown_first_has_as_many_clusters_as_hdbscan_finds():
    xy, vectors, *_ = nested_groups()
    layers = find_layers(xy, vectors)
    plain = cluster(xy)
    assert layers.counts[layers.default] == plain.max() + 1
    shown = layers.labels(layers.default)
    assert (shown >= 0).mean() >= (plain >= 0).mean()
    assert adjusted_rand_score(plain[plain >= 0], shown[plain >= 0]) > 0.95


@settings(max_examples=25, deadline=None)
@given(n=st.integers(0, 150), dimensions=st.sampled_from([2, 3]), seed=st.integers(0, 10_000), spread=st.integers(0, 3))
def test_layers_of_any_points_are_nested(n, dimensions, seed, spread):
    random = np.random.default_rng(seed)
    xy = random.standard_t(2, (n, dimensions)) + 10 * random.integers(0, spread + 1, (n, 1))
    # Rounding makes points coincide.
    xy = np.round(xy, spread).astype(np.float32)
    layers = find_layers(xy, random.standard_normal((n, 5)).astype(np.float32))
    assert layers.finest.shape == (n,)
    if layers.counts:
        assert_nested(layers)
        assert 0 <= layers.default < len(layers.counts)
    else:
        assert (layers.finest == -1).all()
        np.testing.assert_array_equal(layers.labels(0), layers.finest)


def test_the_same_points_give_the_same_layers():
    xy, vectors, *_ = nested_groups()
    before = xy.copy(), vectors.copy()
    first, second = find_layers(xy, vectors), find_layers(xy, vectors)
    np.testing.assert_array_equal(first.finest, second.finest)
    assert first.joined == second.joined
    np.testing.assert_array_equal(xy, before[0])
    np.testing.assert_array_equal(vectors, before[1])


def test_coordinates_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        find_layers(np.array([[0, math.inf]], dtype=np.float32), np.zeros((1, 2), dtype=np.float32))


def test_points_far_from_all_groups_stay_unclustered_in_every_layer():
    xy, vectors, *_ = nested_groups()
    far = np.array([[300, 300], [-200, 80], [30, -150]], dtype=np.float32)
    layers = find_layers(np.concatenate([xy, far]), np.concatenate([vectors, vectors[:3]]))
    for layer in range(len(layers.counts)):
        assert (layers.labels(layer)[-3:] == -1).all()


def test_far_is_more_than_the_radius_of_the_nearest_cluster():
    random = np.random.default_rng(4)
    xy = np.concatenate([random.normal(0, 1, (30, 2)), random.normal(12, 3, (40, 2)), random.uniform(-6, 20, (60, 2))])
    labels = np.repeat([0, 1, -1], [30, 40, 60])
    far = far_from_all(xy.astype(np.float32), labels)
    expected = []
    for point, label in zip(xy.tolist(), labels.tolist(), strict=True):
        gaps = [(math.dist(point, other), number) for other, number in zip(xy.tolist(), labels.tolist(), strict=True)]
        gap, nearest = min(pair for pair in gaps if pair[1] >= 0)
        members = xy[labels == nearest]
        center = members.mean(axis=0)
        radius = math.sqrt(sum(math.dist(one, center) ** 2 for one in members.tolist()) / len(members))
        expected.append(label < 0 and gap > radius)
    assert far.tolist() == expected
    assert 5 < sum(expected) < 55


def test_a_point_joins_the_most_similar_of_the_clusters_around_it():
    random = np.random.default_rng(5)
    owner = np.repeat([0, 1, 2, -1], [30, 40, 20, 50])
    xy = random.normal(0, 1, (140, 2)).astype(np.float32) + np.array([[0, 0], [3, 0], [0, 30], [1.5, 0]])[owner]
    vectors = random.standard_normal((140, 3)).astype(np.float32)
    rows = np.arange(95, 140)
    joined = _join_nearest(xy, vectors, owner, rows)
    np.testing.assert_array_equal(joined[:95], owner[:95])
    means = [vectors[owner == one].mean(axis=0) for one in range(3)]
    cosines = [[float(row @ mean) / np.linalg.norm(mean) for mean in means] for row in vectors]
    for row in rows.tolist():
        around = sorted(range(90), key=lambda other: math.dist(xy[row], xy[other]))[:10]
        candidates = {int(owner[other]) for other in around}
        assert joined[row] == max(candidates, key=lambda one: cosines[row][one])
    assert set(joined[rows].tolist()) == {0, 1}, "the third cluster is far, however similar"


@pytest.mark.parametrize("seed", range(4))
def test_few_clusters_are_joined_as_by_scipys_ward(seed):
    """SciPy's Ward on as many copies of each center as the cluster has points joins the copies first."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 30, 15)
    centers = (random.standard_normal((15, 2)) * 10).astype(np.float32)
    owner = np.repeat(np.arange(15), sizes)
    counts = (3, 5, 9, 15)
    tree = linkage(centers[owner], "ward")
    unknown = np.full((15, 15), np.inf)
    for gaps, by_tree in ((random.random((15, 15)), 15), (unknown, 0)):
        # Clusters whose embeddings have nothing in common, also after some are joined.
        ours = _join_clusters(centers[owner], np.eye(15, dtype=np.float32)[owner], owner, gaps, counts, by_tree)
        for count, joined in zip(counts, ours, strict=True):
            assert len(set(joined)) == count
            theirs = fcluster(tree, count, "maxclust")
            assert adjusted_rand_score(theirs, np.array(joined)[owner]) == 1


def least_spread_and_alike(xy, vectors, labels):
    """The two clusters with the smallest product of added spread and cosine distance, worked out from all points."""

    def spread(rows):
        return ((xy[rows] - xy[rows].mean(axis=0)) ** 2).sum()

    def cost(one, other):
        a, b = labels == one, labels == other
        first, second = vectors[a].mean(axis=0), vectors[b].mean(axis=0)
        cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
        return (spread(a | b) - spread(a) - spread(b)) * (1 - cosine)

    return min(combinations(sorted(set(labels.tolist())), 2), key=lambda pair: cost(*pair))


@pytest.mark.parametrize("seed", range(3))
def test_coarse_clusters_are_joined_by_spread_on_the_map_and_distance_of_the_embeddings(seed):
    random = np.random.default_rng(seed)
    owner = random.permutation(np.repeat(np.arange(9), random.integers(3, 12, 9)))
    xy = (random.standard_normal((9, 2))[owner] * 5 + random.normal(0, 1, (len(owner), 2))).astype(np.float32)
    vectors = random.standard_normal((9, 6))[owner] + random.normal(0, 0.3, (len(owner), 6))
    counts = tuple(range(1, 10))
    ours = _join_clusters(xy, vectors.astype(np.float32), owner, np.full((9, 9), np.inf), counts, 9)
    labels = owner.copy()
    for joined in reversed(ours):
        assert adjusted_rand_score(labels, np.array(joined)[owner]) == 1
        if len(set(joined)) > 1:
            kept, gone = least_spread_and_alike(xy.astype(np.float64), vectors, labels)
            labels[labels == gone] = kept


@pytest.mark.parametrize("seed", range(4))
def test_many_clusters_are_joined_as_in_a_tree_of_all_pairs(seed):
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(15), 12)
    xy = (random.standard_normal((15, 2))[owner] * 20 + random.normal(0, 1, (180, 2))).astype(np.float32)
    lengths = cdist(xy.astype(np.float64), xy.astype(np.float64))
    core = np.sort(lengths, axis=1)[:, 4]
    reach = np.maximum(lengths, np.maximum.outer(core, core))
    gaps = np.array([[reach[np.ix_(owner == one, owner == other)].min() for other in range(15)] for one in range(15)])
    np.fill_diagonal(gaps, 0)
    tree = linkage(squareform(gaps, checks=False), "single")
    counts = (2, 5, 9, 15)
    ours = _join_clusters(xy, xy, owner, _gaps(xy, owner, distances(xy)), counts, 0)
    for count, joined in zip(counts, ours, strict=True):
        assert adjusted_rand_score(fcluster(tree, count, "maxclust"), joined) == 1


def test_counts_go_from_three_over_the_default_to_the_finest():
    assert layer_counts(10, 20) == (3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 20)
    assert layer_counts(2, 2) == (2,)
    assert layer_counts(2, 5) == (2, 3, 4, 5)
    assert layer_counts(0, 7) == (3, 4, 5, 6, 7)
    assert layer_counts(0, 2) == (2,)


@given(n_default=st.integers(2, 300), more=st.integers(0, 300))
def test_each_layer_adds_at_most_a_quarter_or_one(n_default, more):
    counts = layer_counts(n_default, n_default + more)
    assert counts[0] == min(3, n_default)
    assert counts[-1] == n_default + more
    assert n_default in counts
    assert all(1 <= fine - coarse <= max(1, coarse / 4 + 1) for coarse, fine in pairwise(counts))


@pytest.fixture
def layout(sample):
    return make_layout(sample, ProjectionParameters())


def test_layers_agree_with_the_samples_topics(sample):
    """On six layouts, default layers agree better than HDBSCAN alone; all layers about as well as k-means does.

    A layout differs from processor to processor, so one of them proves little.
    """
    ids, vectors = sample.embeddings()
    topics = np.array(ChunkTable.of(sample).columns["topic"])
    known = topics != ""

    def agreement(labels: np.ndarray) -> float:
        return float(adjusted_mutual_info_score(topics[known], labels[known]))

    over_hdbscan, over_k_means = [], []
    for seed in range(6):
        xy = lay_out(ids, vectors, replace(ProjectionParameters(), seed=seed)).xy
        layers = find_layers(xy, vectors)
        assert_nested(layers)
        over_hdbscan.append(agreement(layers.labels(layers.default)) - agreement(cluster(xy)))
        for layer, count in enumerate(layers.counts):
            k_means = KMeans(count, n_init=10, random_state=0).fit_predict(xy)
            over_k_means.append(agreement(layers.labels(layer)) - agreement(k_means))
    assert np.mean(over_hdbscan) > 0
    assert np.mean(over_k_means) > -0.05


def test_layers_and_clusters_are_kept_and_named_after_topics(sample, layout, monkeypatch):
    layers = layers_of(sample, layout)
    first = find_clusters(sample, layout)
    monkeypatch.setattr("rag.map.clusters.finding.find_layers", None)
    again = layers_of(sample, layout)
    np.testing.assert_array_equal(again.finest, layers.finest)
    assert (again.joined, again.default) == (layers.joined, layers.default)
    assert find_clusters(sample, layout, layers.default).summaries == first.summaries
    for layer in range(len(layers.counts)):
        np.testing.assert_array_equal(find_clusters(sample, layout, layer).labels, layers.labels(layer))
    topics = np.array(ChunkTable.of(sample).columns["topic"])
    for one in first.summaries:
        values, times = np.unique(topics[first.labels == one.label], return_counts=True)
        share, value = times.max() / one.size, str(values[times.argmax()])
        assert one.name.startswith(value) if share > 0.6 and value else one.name not in set(topics.tolist())
    assert set(topics.tolist()) & {one.name for one in first.summaries}
    with pytest.raises(IndexError):
        find_clusters(sample, layout, len(layers.counts))
