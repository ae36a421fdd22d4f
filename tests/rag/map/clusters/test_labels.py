"""Cluster labels in layers: which layers are named, and how a part of a named cluster is called."""

from __future__ import annotations

import numpy as np
import pytest

from rag.map.clusters.finding import Clusters
from rag.map.clusters.labels import finer_layers, layered_labels, radii_of
from rag.map.clusters.terms import ClusterSummary

XY = np.array([[0, 0], [2, 0], [10, 0], [10, 4]], dtype=np.float32)


def clusters(labels: list[int], *summaries: ClusterSummary) -> Clusters:
    return Clusters(np.array(labels, dtype=np.int64), summaries)


def summary(label: int, name: str, x: float, y: float, *terms: str) -> ClusterSummary:
    return ClusterSummary(label, 2, terms, name, (0, 0, 0), x, y)


@pytest.mark.parametrize(
    ("counts", "chosen", "found"),
    [
        ((3, 4, 5, 8, 10, 16, 20), 0, (3, 5)),
        ((3, 4, 5, 8, 10, 16, 20), 4, (6,)),
        ((3, 4), 0, (1,)),
        ((3, 4), 1, ()),
        ((3,), 0, ()),
        ((), 0, ()),
    ],
)
def test_each_finer_layer_has_twice_as_many_clusters_or_is_the_last(counts, chosen, found):
    assert finer_layers(counts, chosen) == found


def test_a_part_with_the_name_of_its_cluster_is_called_by_its_terms():
    coarse = clusters([0, 0, 1, 1], summary(0, "Music", 1, 0, "song"), summary(1, "Sports", 10, 0, "ball"))
    same, other = summary(0, "Music", 1, 0, "song", "bass", "note"), summary(2, "Sports", 10, 4)
    fine = clusters([0, 0, 1, 2], same, summary(1, "Tennis", 10, 0, "ball"), other)
    labels = layered_labels([coarse, fine], [radii_of(XY, coarse), radii_of(XY, fine)])
    assert [(one.name, one.layer) for one in labels] == [
        ("Music", 0), ("Sports", 0), ("song, bass", 1), ("Tennis", 1),
    ]  # fmt: skip


def test_the_radius_is_the_root_mean_square_distance_from_the_label():
    coarse = clusters([0, 0, 1, 1], summary(0, "a", 1, 0), summary(1, "b", 10, 0))
    assert radii_of(XY, coarse) == {0: 1.0, 1: pytest.approx(8**0.5)}
    assert [one.radius for one in layered_labels([coarse], [radii_of(XY, coarse)])] == [1.0, pytest.approx(8**0.5)]
    in_3d = np.column_stack([XY, np.full(4, 3.0, dtype=np.float32)])
    assert radii_of(in_3d, coarse)[0] == pytest.approx(10**0.5)
