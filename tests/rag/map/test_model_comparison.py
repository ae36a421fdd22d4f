"""Two models of one collection: overlap against brute force, a model against itself, one map laid onto the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import CollectionError
from rag.map.model_comparison import SecondEmbedding, compare, in_words
from tests.support.two_models import brute_force, collection_of, layout, plane, some_texts, unit


def compared(collection, vectors, *, first_xy=None, second_xy=None, k=10):
    ids = collection.chunk_ids()
    first_xy = plane(len(ids)) if first_xy is None else first_xy
    second_xy = plane(len(ids), seed=4) if second_xy is None else second_xy
    second = SecondEmbedding(ids, vectors, 0, collection.cache_folder / "second")
    return compare(collection, second, layout(ids, first_xy), layout(ids, second_xy), k)


def test_a_model_compared_with_itself_agrees_with_itself(data_dir):
    collection = collection_of(data_dir, some_texts(80))
    xy = plane(80)
    comparison = compared(collection, collection.embeddings()[1], first_xy=xy, second_xy=xy)
    np.testing.assert_array_equal(comparison.chunk_overlap, 1.0)
    assert comparison.chunk_overlap.dtype == np.float32
    assert comparison.mean_overlap == 1.0
    np.testing.assert_array_equal(comparison.first_neighbors, comparison.second_neighbors)
    assert comparison.disparity == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(comparison.second_xy, xy, atol=1e-4)
    assert comparison.most_changed.tolist() == list(range(80))
    assert "share 10.0 of a chunk's 10 nearest" in in_words(comparison)


def test_vectors_that_are_turned_and_a_map_that_is_mirrored_change_nothing(data_dir):
    collection = collection_of(data_dir, some_texts(80))
    vectors, xy = collection.embeddings()[1], plane(80)
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((16, 16)))[0]
    mirrored = 3 * xy[:, ::-1] * [1, -1] + [100, -50]
    comparison = compared(collection, (vectors @ turn).astype(np.float32), first_xy=xy, second_xy=mirrored)
    assert comparison.mean_overlap == 1.0
    assert comparison.disparity == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(comparison.second_xy, xy, atol=1e-3)
    np.testing.assert_array_equal(comparison.first_xy, xy)


@pytest.mark.parametrize("k", [1, 10, 25])
@pytest.mark.parametrize("n", [2, 5, 11, 12, 150])
def test_overlap_is_that_of_brute_force(data_dir, n, k):
    collection = collection_of(data_dir, some_texts(n))
    comparison = compared(collection, unit(n), k=k)
    ids, vectors = collection.embeddings()
    first, second = brute_force(vectors, k), brute_force(unit(n), k)
    expected = [len({*a} & {*b}) / min(k, n - 1) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(comparison.chunk_overlap, expected, atol=1e-7)
    assert comparison.k == min(k, n - 1)
    assert comparison.mean_overlap == pytest.approx(np.mean(expected), abs=1e-6)
    assert comparison.first_neighbors.tolist() == ids[np.array(first)].tolist()
    assert comparison.second_neighbors.tolist() == ids[np.array(second)].tolist()
    assert comparison.most_changed.tolist() == sorted(range(n), key=lambda i: (round(expected[i], 6), i))


def test_vectors_at_random_agree_by_chance(data_dir):
    collection = collection_of(data_dir, [f"text{i}" for i in range(400)])
    comparison = compared(collection, unit(400))
    assert comparison.chance_overlap == 10 / 399
    assert comparison.mean_overlap == pytest.approx(10 / 399, abs=0.01)
    assert "0.3 would be expected by chance." in in_words(comparison)


def test_the_chunk_that_moved_has_changed_most(data_dir):
    """Two topics of 20 texts; under the second model one text of the first is in the midst of the second."""
    topics = ["owl owl owl owl", "ship ship ship ship"]
    collection = collection_of(data_dir, [f"{topics[i // 20]} text{i}" for i in range(40)])
    ids, moved = collection.embeddings()
    moved[3] = moved[25]
    comparison = compared(collection, moved)
    assert comparison.most_changed[0] == 3
    assert comparison.chunk_overlap[3] == 0.0
    assert np.delete(comparison.chunk_overlap, 3).min() >= np.float32(0.9)
    assert set(comparison.first_neighbors[3].tolist()) < set(ids[:20].tolist())
    assert set(comparison.second_neighbors[3].tolist()) < set(ids[20:].tolist())


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_chunks(data_dir, n):
    collection = collection_of(data_dir, some_texts(n))
    comparison = compared(collection, unit(n))
    assert (comparison.mean_overlap, comparison.chance_overlap, comparison.disparity) == (None, None, None)
    assert comparison.chunk_overlap.tolist() == [1.0] * n
    assert comparison.first_neighbors.shape == comparison.second_neighbors.shape == (n, 0)
    assert comparison.second_xy.shape == (n, 2)
    assert comparison.most_changed.tolist() == list(range(n))
    assert "at least two chunks" in in_words(comparison)


def test_identical_chunks_agree_and_have_no_shape(data_dir):
    collection = collection_of(data_dir, ["the same owl"] * 30)
    comparison = compared(collection, np.repeat(unit(1), 30, axis=0), second_xy=np.zeros((30, 2)))
    assert comparison.mean_overlap == 1.0
    assert comparison.disparity is None
    np.testing.assert_allclose(comparison.second_xy, np.tile(plane(30).mean(axis=0), (30, 1)), atol=1e-5)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_the_second_map_is_as_large_as_the_first_and_lies_on_it(data_dir, n_axes):
    collection = collection_of(data_dir, some_texts(60))
    first = plane(60, axes=n_axes)
    second = 20 * (first + 0.7 * plane(60, seed=5, axes=n_axes))
    comparison = compared(collection, unit(60), first_xy=first, second_xy=second)
    assert comparison.second_xy.dtype == np.float32
    spread = first.var(axis=0).sum()
    assert comparison.second_xy.var(axis=0).sum() == pytest.approx(spread, rel=1e-3)
    np.testing.assert_allclose(comparison.second_xy.mean(axis=0), first.mean(axis=0), atol=1e-3)
    assert 0.0 < comparison.disparity < 0.6


def test_what_cannot_be_compared(data_dir):
    collection = collection_of(data_dir, some_texts(12))
    ids, vectors = collection.embeddings()
    with pytest.raises(ValueError, match="must match in shape"):
        compared(collection, vectors, second_xy=plane(12, axes=3))
    with pytest.raises(ValueError, match="k must be 1 or more"):
        compared(collection, vectors, k=0)
    second = SecondEmbedding(ids, vectors, 0, collection.cache_folder / "second")
    whole, part = layout(ids, plane(12)), layout(ids[1:], plane(11))
    for parts in [(second, part, whole), (second, whole, part), (replace(second, chunk_ids=ids[1:]), whole, whole)]:
        with pytest.raises(CollectionError, match="'Two' changed during the comparison"):
            compare(collection, *parts)
