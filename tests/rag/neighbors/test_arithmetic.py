"""Vector arithmetic: texts added, subtracted and interpolated, against the formulas, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import ExplorerError
from rag.neighbors.arithmetic import between, combine, text_arithmetic, walk
from rag.neighbors.search import find
from tests.support.fakes import WordEmbedder


def units(n, d=12, seed=1):
    made = np.random.default_rng(seed).standard_normal((n, d))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def angle(a, b):
    return float(np.arccos(np.clip(a.astype(float) @ b.astype(float), -1, 1)))


# Sums


def test_a_minus_b_plus_c():
    a, b, c = units(3)
    total = a.astype(float) - b + c
    result = combine(a, b, c)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, total / np.linalg.norm(total), atol=1e-6)
    np.testing.assert_allclose(combine(a, plus=c), (a + c) / np.linalg.norm(a + c), atol=1e-6)
    np.testing.assert_allclose(combine(a, b), (a - b) / np.linalg.norm(a - b), atol=1e-6)
    np.testing.assert_allclose(combine(a), a, atol=1e-6)
    np.testing.assert_allclose(combine(a, a, c), c, atol=1e-6)


def test_the_nearest_is_that_of_3cosadd():
    """The chunk x with the greatest cos(x, a) - cos(x, b) + cos(x, c)."""
    vectors = units(100)
    a, b, c = units(3, seed=8)
    best = max(range(100), key=lambda row: vectors[row] @ a - vectors[row] @ b + vectors[row] @ c)
    assert find(np.arange(100), vectors, combine(a, b, c), 1).ids.tolist() == [best]


def test_king_minus_man_plus_woman():
    man, woman, crown = units(3)
    king, queen = combine(man, plus=crown), combine(woman, plus=crown)
    vectors = np.stack([king, man, woman, queen, *units(20, seed=5)])
    assert find(np.arange(24), vectors, combine(king, man, woman), 1).ids.tolist() == [3]


def test_texts():
    embedder = WordEmbedder()
    owl, ship, sea = embedder.encode_queries(["owl", "ship", "sea"])
    for minus, plus, expected in (
        ("ship", "sea", combine(owl, ship, sea)), ("", "sea", combine(owl, plus=sea)),
        ("ship", "  ", combine(owl, ship)), ("", "", owl), ("owl", "sea", sea), ("sea", "sea", owl),
    ):  # fmt: skip
        np.testing.assert_allclose(text_arithmetic(embedder, "owl", minus, plus), expected, atol=1e-6)


def test_texts_that_leave_nothing():
    embedder = WordEmbedder()
    with pytest.raises(ExplorerError, match="cancel each other out"):
        text_arithmetic(embedder, "owl", "owl")
    with pytest.raises(ExplorerError, match="The first text is empty"):
        text_arithmetic(embedder, " ", "owl", "ship")
    (a,) = units(1)
    with pytest.raises(ExplorerError, match="cancel each other out"):
        combine(a, plus=-a)


# Between


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_between_is_shoemakes_formula(share):
    a, b = units(2)
    theta = angle(a, b)
    expected = (np.sin((1 - share) * theta) * a + np.sin(share * theta) * b) / np.sin(theta)
    result = between(a, b, share)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert np.linalg.norm(result) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(between(b, a, 1 - share), result, atol=1e-6)


def test_the_half_way_of_a_right_angle():
    a, b = np.eye(3, dtype=np.float32)[:2]
    np.testing.assert_allclose(between(a, b, 0.5), [0.5**0.5, 0.5**0.5, 0], atol=1e-7)
    np.testing.assert_allclose(between(a, b, 1 / 3), [0.75**0.5, 0.5, 0], atol=1e-7)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_between_the_same_is_the_same(share):
    a, near = units(1)[0], units(1)[0] + np.float32(1e-7)
    np.testing.assert_allclose(between(a, a, share), a, atol=1e-6)
    np.testing.assert_allclose(between(a, near, share), a, atol=1e-6)


@pytest.mark.parametrize("a", [*units(2), np.eye(4, dtype=np.float32)[2]])
def test_opposite_vectors_have_a_way_between_them(a):
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        result = between(a, -a, share)
        assert angle(a, result) == pytest.approx(share * np.pi, abs=1e-3)
        assert np.linalg.norm(result) == pytest.approx(1.0, abs=1e-6)
        np.testing.assert_array_equal(result, between(a, -a, share))


def test_a_share_is_from_0_to_1():
    a, b = units(2)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="share must be"):
            between(a, b, share)


# Ways


def test_a_walk_stops_at_even_angles_and_finds_what_is_near():
    ids, vectors = np.arange(40) * 2, units(40)
    steps = walk(vectors[3], vectors[30], ids, vectors, n_steps=5, k=2)
    assert [step.share for step in steps] == [0, 0.25, 0.5, 0.75, 1]
    assert (steps[0].neighbors.ids[0], steps[-1].neighbors.ids[0]) == (6, 60)
    for step in steps:
        there = between(vectors[3], vectors[30], step.share)
        assert step.neighbors.ids.tolist() == find(ids, vectors, there, 2).ids.tolist()


def test_walks_among_few_chunks_and_the_same():
    a, b = units(2)
    assert [len(step.neighbors.ids) for step in walk(a, b, np.arange(0), units(0), n_steps=2)] == [0, 0]
    assert [step.neighbors.ids.tolist() for step in walk(a, b, np.array([7]), units(1), n_steps=3, k=4)] == [[7]] * 3
    same = np.repeat(units(1), 5, axis=0)
    assert {tuple(step.neighbors.ids.tolist()) for step in walk(same[0], same[1], np.arange(5), same)} == {(0, 1, 2)}
    with pytest.raises(ValueError, match="n_steps must be 2 or more"):
        walk(a, b, np.arange(5), same, n_steps=1)
