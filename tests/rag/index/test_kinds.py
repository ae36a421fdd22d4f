"""Every kind of index: the contract of exact search, sizes from none up, memory by formula, there and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import ExplorerError
from rag.index.flat import FlatIndex
from rag.index.kinds import SearchIndex, build
from rag.index.spec import KINDS, WITH_LISTS, IndexSpec, default_spec, least_chunks

EXACT = ("flat", "ivf_flat", "hnsw")
"""The kinds whose scores are cosines and not estimates."""


def unit_vectors(n, dimension=24, seed=1):
    generator = np.random.default_rng(seed)
    centers = np.random.default_rng(9).standard_normal((12, dimension))
    vectors = centers[generator.integers(0, 12, n)] + 0.7 * generator.standard_normal((n, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def ids_of(vectors):
    return np.arange(len(vectors)) * 3 + 7


def built(kind, vectors, **settings):
    spec = replace(default_spec(kind, *vectors.shape), **settings)
    return build(spec, ids_of(vectors), vectors)


def everything(kind, vectors):
    """The kind with its search as wide as it goes."""
    return built(kind, vectors, nprobe=10_000, ef_search=10_000)


def cosines(queries, vectors):
    return queries.astype(float) @ vectors.astype(float).T


def brute_force(queries, vectors, k):
    scores = cosines(queries, vectors)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, axis=1), ids_of(vectors)[order]


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("n", [1, 2, 5, 39, 40, 600])
def test_a_search_of_everything_is_brute_force(kind, n):
    vectors, queries = unit_vectors(n), unit_vectors(20, seed=2)
    scores, ids = everything(kind, vectors).search(queries, 10)
    expected_scores, expected_ids = brute_force(queries, vectors, 10)
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    assert (scores.dtype, ids.dtype) == (np.float32, np.int64)


def test_flat_is_the_flat_index():
    vectors, queries = unit_vectors(300), unit_vectors(9, seed=2)
    flat = FlatIndex.build(ids_of(vectors), vectors)
    for ours, theirs in zip(built("flat", vectors).search(queries, 7), flat.search(queries, 7), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 2, 5, 15, 16, 39, 300])
def test_every_size_works_or_says_what_it_needs(kind, n):
    vectors, queries = unit_vectors(n), unit_vectors(4, seed=2)
    least = least_chunks(default_spec(kind, *vectors.shape))
    assert least == {"flat": 0, "ivf_pq": 64 if n == 300 else 16}.get(kind, 7 if n == 300 and kind in WITH_LISTS else 1)
    if n < least:
        with pytest.raises(ExplorerError, match=rf"needs {least} chunks or more; there are {n}\."):
            built(kind, vectors)
        return
    index = built(kind, vectors)
    for k in (0, 1, n, n + 5):
        scores, ids = index.search(queries, k)
        assert scores.shape == ids.shape == (4, min(k, n))
        assert (np.abs(scores) <= 1.0).all()
        assert (np.diff(scores, axis=1) <= 0).all()
        assert set(ids.ravel().tolist()) <= {-1, *ids_of(vectors).tolist()}
        assert all(len(set(row[row >= 0].tolist())) == (row >= 0).sum() for row in ids)
    assert index.search(queries[:0], 3)[1].shape == (0, min(3, n))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_stay_cosines_at_the_ends(kind):
    vectors = unit_vectors(500)
    scores, ids = everything(kind, vectors).search(np.concatenate([vectors[:50], -vectors[:50]]), 500)
    assert scores.max() <= 1.0
    assert scores.min() >= -1.0
    assert (ids >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_rescored_gives_true_cosines_in_their_order(kind):
    vectors, queries = unit_vectors(500), unit_vectors(15, seed=2)
    index = built(kind, vectors)
    scores, ids = index.rescored(queries, 12)
    is_found = ids >= 0
    truth = np.take_along_axis(cosines(queries, vectors), (ids.clip(7) - 7) // 3, axis=1)
    np.testing.assert_allclose(scores[is_found], truth[is_found], atol=1e-6)
    assert (np.diff(scores, axis=1) <= 0).all()
    np.testing.assert_array_equal(np.sort(ids, axis=1), np.sort(index.search(queries, 12)[1], axis=1))
    np.testing.assert_array_equal(index.true_scores(queries, ids), scores)


@pytest.mark.parametrize("kind", ["sq8", "ivf_pq", "rabitq"])
def test_with_depth_for_all_estimates_do_no_harm(kind):
    vectors, queries = unit_vectors(400), unit_vectors(15, seed=2)
    index = everything(kind, vectors)
    exact_ids = brute_force(queries, vectors, 5)[1]
    assert (index.search(queries, 5)[1] != exact_ids).any()
    scores, ids = index.with_search(replace(index.spec, depth=400)).search(queries, 5)
    np.testing.assert_array_equal(ids, exact_ids)
    np.testing.assert_array_equal(scores, index.true_scores(queries, ids))


@pytest.mark.parametrize("kind", sorted(WITH_LISTS))
def test_too_few_found_end_in_minus_one(kind):
    vectors = unit_vectors(400)
    index = built(kind, vectors, nprobe=1)
    for scores, ids in (index.search(vectors[:30], 200), index.rescored(vectors[:30], 200)):
        n_found = (ids >= 0).sum(axis=1)
        assert n_found.min() > 0
        assert n_found.max() < 200
        for row in range(30):
            assert (ids[row, n_found[row] :] == -1).all()
            assert (scores[row, n_found[row] :] == -1.0).all()
            assert (ids[row, : n_found[row]] >= 0).all()


@pytest.mark.parametrize("kind", ["flat", "ivf_flat", "sq8", "ivf_pq", "rabitq"])
@pytest.mark.parametrize("k", [1, 10, 150])
def test_identical_vectors_come_by_the_smaller_id(kind, k):
    vectors = np.repeat(unit_vectors(1), 400, axis=0)
    index = everything(kind, vectors)
    for _, ids in (index.search(vectors[:3], k), index.rescored(vectors[:3], k)):
        np.testing.assert_array_equal(ids, np.tile(ids_of(vectors)[:k], (3, 1)))


def test_hnsw_orders_what_it_finds_of_identical_vectors():
    vectors = np.repeat(unit_vectors(1), 400, axis=0)
    scores, ids = everything("hnsw", vectors).search(vectors[:1], 50)
    found = ids[ids >= 0]
    assert len(found)
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(scores[ids >= 0], 1.0, atol=1e-6)


def test_pairs_of_copies_come_by_the_smaller_id():
    half = unit_vectors(200)
    vectors = np.concatenate([half, half])
    ids = everything("flat", vectors).rescored(half[:40], 6)[1]
    np.testing.assert_array_equal(ids[:, 1::2] - ids[:, ::2], np.full((40, 3), 600))


@pytest.mark.parametrize("kind", EXACT)
def test_a_batch_finds_what_single_queries_find(kind):
    vectors, queries = unit_vectors(700), unit_vectors(200, seed=2)
    index = everything(kind, vectors)
    scores, ids = index.search(queries, 5)
    for row, query in enumerate(queries):
        alone_scores, alone_ids = index.search(query[None], 5)
        np.testing.assert_array_equal(ids[row], alone_ids[0])
        np.testing.assert_allclose(scores[row], alone_scores[0], atol=1e-6)


def test_a_search_leaves_faiss_as_it_was():
    import faiss

    usual = faiss.cvar.distance_compute_blas_threshold
    index = built("flat", unit_vectors(50))
    index.search(unit_vectors(200, seed=2), 5)
    assert faiss.cvar.distance_compute_blas_threshold == usual


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_builds_the_same_index(kind, tmp_path):
    vectors = unit_vectors(800)
    for name in ("first", "second"):
        built(kind, vectors).save(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("kind", ["ivf_flat", "hnsw", "ivf_pq", "rabitq"])
def test_another_seed_builds_another(kind, tmp_path):
    vectors = unit_vectors(800)
    contents = []
    for seed in (1, 2):
        built(kind, vectors, seed=seed).save(tmp_path / "index")
        contents.append((tmp_path / "index").read_bytes().partition(b"\n")[2])
    assert contents[0] != contents[1]


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_finds_the_same(kind, tmp_path):
    vectors, queries = unit_vectors(500), unit_vectors(20, seed=2)
    index, path = built(kind, vectors), tmp_path / "caches" / "index"
    index.save(path)
    loaded = SearchIndex.load(path, default_spec(kind, *vectors.shape), ids_of(vectors), vectors)
    assert loaded is not None
    for before, after in zip(index.search(queries, 10), loaded.search(queries, 10), strict=True):
        np.testing.assert_array_equal(after, before)


def test_a_file_that_does_not_fit_is_none(tmp_path):
    vectors, path = unit_vectors(300), tmp_path / "index"
    spec = default_spec("ivf_flat", *vectors.shape)

    def load(spec, vectors):
        return SearchIndex.load(path, spec, ids_of(vectors), vectors)

    assert load(spec, vectors) is None
    built("ivf_flat", vectors).save(path)
    wider = load(replace(spec, nprobe=3), vectors)
    assert wider is not None
    assert wider.spec.nprobe == 3
    assert load(replace(spec, nlist=5), vectors) is None
    assert load(replace(spec, seed=5), vectors) is None
    assert load(IndexSpec("flat"), vectors) is None
    assert load(spec, vectors[:299]) is None
    assert load(spec, vectors[:, :12]) is None
    path.write_bytes(path.read_bytes()[:-1])
    assert load(spec, vectors) is None


def test_search_settings_change_without_a_rebuild():
    vectors, queries = unit_vectors(900), unit_vectors(40, seed=2)
    index = built("ivf_flat", vectors, nprobe=1)
    wide = index.with_search(replace(index.spec, nprobe=index.spec.nlist))
    np.testing.assert_array_equal(wide.search(queries, 8)[1], brute_force(queries, vectors, 8)[1])
    assert (index.search(queries, 8)[1] != wide.search(queries, 8)[1]).any()
    assert (index.spec.nprobe, wide.spec.nprobe) == (1, index.spec.nlist)
    for other in (replace(index.spec, nlist=3), replace(index.spec, seed=3), IndexSpec("flat")):
        with pytest.raises(ValueError, match="without a rebuild"):
            index.with_search(other)


def test_hnsw_looks_further_with_ef_search():
    vectors, queries = unit_vectors(2_000), unit_vectors(60, seed=2)
    index = built("hnsw", vectors, m=8, ef_construction=10, ef_search=1)
    truth = brute_force(queries, vectors, 1)[1]
    right = [
        (index.with_search(replace(index.spec, ef_search=ef)).search(queries, 1)[1] == truth).mean() for ef in (1, 300)
    ]
    assert right[0] < right[1]
    assert right[1] > 0.95


def test_ids_must_be_ascending_and_as_many():
    vectors = unit_vectors(3)
    for ids in ([0, 1], [2, 1, 3], [1, 1, 2], [-1, 0, 1]):
        with pytest.raises(ValueError, match="id"):
            build(IndexSpec("flat"), np.array(ids), vectors)


def test_wrong_queries_and_unknown_ids_are_refused():
    index = built("flat", unit_vectors(5))
    with pytest.raises(ValueError, match="Queries must be"):
        index.search(unit_vectors(2, 12), 3)
    with pytest.raises(ValueError, match="Queries must be"):
        index.search(unit_vectors(2), -1)
    for unknown in (8, 1_000):
        with pytest.raises(ValueError, match="not in the index"):
            index.true_scores(unit_vectors(1), np.array([[7, unknown]]))
