"""Comparisons of two groups of chunks, against figures worked out by hand and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from rag.map.topics.comparison import Shares, compare_groups
from rag.map.topics.naming import name_topics

TEXTS = ["A barn owl", "The barn owl", "An owl", "A cable", "The cable", "The cable of the barn owl"]
KINDS = ["bird", "bird", "", "part", "part", "bird"]


def rows(*numbers: int):
    return np.array(numbers, dtype=np.int64)


def unit(n: int, seed: int = 0):
    vectors = np.random.default_rng(seed).standard_normal((n, 5)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_columns_are_the_hand_worked_case():
    """Bird 2/3 against 1/3, part 0 against 2/3, no value 1/3 against 0: half of 1/3 + 2/3 + 1/3 is 2/3."""
    found = compare_groups(rows(0, 1, 2), rows(3, 4, 5), TEXTS, unit(6), {"kind": KINDS, "nothing": [""] * 6})
    (column,) = found.columns
    assert (column.column, column.difference) == ("kind", pytest.approx(2 / 3))
    assert column.values == (Shares("part", 0, 2 / 3), Shares("bird", 2 / 3, 1 / 3), Shares("", 1 / 3, 0))


def test_columns_come_in_the_order_of_their_difference():
    columns = {"same": ["x"] * 6, "kind": KINDS, "apart": ["a"] * 3 + ["b"] * 3}
    found = compare_groups(rows(0, 1, 2), rows(3, 4, 5), TEXTS, unit(6), columns)
    assert [(one.column, round(one.difference, 3)) for one in found.columns] == [
        ("apart", 1.0), ("kind", 0.667), ("same", 0.0),
    ]  # fmt: skip


def test_phrases_have_the_share_of_chunks_on_each_side():
    found = compare_groups(rows(0, 1, 2), rows(3, 4, 5), TEXTS, unit(6), {})
    assert found.phrases == ((Shares("barn owl", 2 / 3, 1 / 3),), (Shares("cable", 0, 1),))
    topics = name_topics(TEXTS, np.repeat([0, 1], 3))
    assert [tuple(one.name for one in side) for side in found.phrases] == [topics[i].phrases for i in (0, 1)]


def test_similarity_and_separation_are_those_of_the_means():
    vectors = np.concatenate([unit(30, 1) + 0.3, unit(20, 2) - 0.3]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = np.arange(35), np.arange(35, 50)
    found = compare_groups(one, other, ["word"] * 50, vectors, {})
    means = np.stack([vectors[one].mean(axis=0), vectors[other].mean(axis=0)])
    assert found.similarity == pytest.approx(cosine_similarity(means)[0, 1], abs=1e-6)
    nearest = cosine_similarity(vectors, means).argmax(axis=1)
    assert found.separation == pytest.approx((nearest == np.repeat([0, 1], (35, 15))).mean())
    assert 0.5 < found.separation < 1.0
    assert found.sizes == (35, 15)


def test_typical_chunks_are_the_most_central():
    vectors = unit(9, 3)
    found = compare_groups(np.arange(5), np.arange(5, 9), ["word"] * 9, vectors, {})
    for side, group in zip(found.typical, (np.arange(5), np.arange(5, 9)), strict=True):
        cosines = cosine_similarity(vectors[group], vectors[group].mean(axis=0, keepdims=True)).ravel()
        assert list(side) == group[np.argsort(-cosines)[:3]].tolist()


def test_chunks_in_both_groups_count_on_both_sides_but_not_for_the_separation():
    vectors = np.eye(4, 5, dtype=np.float32)
    found = compare_groups(rows(0, 1, 2), rows(2, 3), ["word"] * 4, vectors, {"c": ["a", "a", "b", "b"]})
    assert found.n_both == 1
    assert found.columns[0].values == (Shares("a", 2 / 3, 0), Shares("b", 1 / 3, 1))
    assert found.separation == 1.0
    same = compare_groups(rows(0, 1), rows(0, 1), ["word"] * 4, vectors, {})
    assert (same.n_both, same.separation, same.phrases) == (2, None, ((), ()))
    assert same.similarity == pytest.approx(1.0)


def test_chunks_that_are_equally_near_count_half():
    same = np.tile(np.eye(1, 5, dtype=np.float32), (4, 1))
    assert compare_groups(rows(0, 1), rows(2, 3), ["word"] * 4, same, {}).separation == 0.5


def test_a_group_without_chunks_is_refused():
    with pytest.raises(ValueError, match="got 0 and 2"):
        compare_groups(rows(), rows(0, 1), TEXTS, unit(6), {})
