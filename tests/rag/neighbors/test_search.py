"""Nearest chunks under any filter, for variety, as a graph: against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.flat import FlatIndex
from rag.neighbors.graph import mutual, neighbor_graph, similarity_matrix
from rag.neighbors.search import NeighborFilter, best_sentence, find, neighbors_of
from rag.store.chunk_table import ChunkRow, chunk_table
from tests.support.fakes import WordEmbedder


def units(n, d=12, seed=1):
    made = np.random.default_rng(seed).standard_normal((n, d))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def some_ids(n):
    return np.arange(n, dtype=np.int64) * 3 + 5


def nearest_one_by_one(ids, vectors, query, k):
    scores = [round(float(v.astype(float) @ query.astype(float)), 6) for v in vectors]
    return [i for _, i in sorted(zip([-s for s in scores], ids.tolist(), strict=True))][:k]


def varied_one_by_one(vectors, query, k, relevance):
    """Carbonell and Goldstein's formula, word for word, over rows of 100 at most."""
    doubles = vectors.astype(float)
    near = [float(v @ query.astype(float)) for v in doubles]
    chosen = [max(range(len(near)), key=lambda row: near[row])]
    while len(chosen) < min(k, len(near)):
        left = [row for row in range(len(near)) if row not in chosen]
        chosen.append(
            max(
                left, key=lambda r: relevance * near[r] - (1 - relevance) * max(doubles[r] @ doubles[c] for c in chosen)
            )
        )
    return chosen


# Plain search


@pytest.mark.parametrize("k", [1, 3, 50, 60])
def test_the_nearest_are_those_of_brute_force_and_of_the_index(k):
    ids, vectors, query = some_ids(50), units(50), units(1, seed=2)[0]
    found = find(ids, vectors, query, k)
    assert found.ids.tolist() == nearest_one_by_one(ids, vectors, query, k)
    assert found.ids.tolist() == ids[found.rows].tolist()
    scores, same_ids = FlatIndex.build(ids, vectors).search(query[None, :], k)
    assert found.ids.tolist() == same_ids[0].tolist()
    np.testing.assert_allclose(found.scores, scores[0], atol=1e-6)
    assert (found.ids.dtype, found.rows.dtype, found.scores.dtype) == (np.int64, np.int64, np.float32)


def test_a_chunk_is_not_its_own_neighbor():
    ids, vectors = some_ids(30), units(30)
    for row in (0, 17, 29):
        expected = [i for i in nearest_one_by_one(ids, vectors, vectors[row], 30) if i != ids[row]]
        assert neighbors_of(ids, vectors, int(ids[row]), 40).ids.tolist() == expected
    assert len(neighbors_of(ids, vectors, 6, 3).ids) == len(neighbors_of(ids, vectors, 999, 3).ids) == 0


@pytest.mark.parametrize("relevance", [1.0, 0.5, 0.0])
def test_identical_chunks_come_by_id(relevance):
    ids, vectors = some_ids(300), np.repeat(units(1), 300, axis=0)
    assert find(ids, vectors, vectors[0], 7, relevance=relevance).ids.tolist() == ids[:7].tolist()
    assert neighbors_of(ids, vectors, int(ids[2]), 4, relevance=relevance).rows.tolist() == [0, 1, 3, 4]


def test_copies_are_adjacent_and_ordered_by_id():
    vectors = units(60)
    vectors[[3, 20, 41]] = vectors[11]
    assert find(some_ids(60), vectors, vectors[11], 5).rows.tolist()[:4] == [3, 11, 20, 41]


@pytest.mark.parametrize("relevance", [1.0, 0.3])
def test_no_chunk_and_one_chunk(relevance):
    query = units(1)[0]
    assert len(find(some_ids(0), units(0), query, 5, relevance=relevance).ids) == 0
    one = find(some_ids(1), units(1), query, 5, relevance=relevance)
    assert (one.ids.tolist(), one.scores.tolist()) == ([5], [1.0])
    assert len(neighbors_of(some_ids(1), units(1), 5, 5, relevance=relevance).ids) == 0


@pytest.mark.parametrize(
    ("k", "relevance", "d", "message"), [(0, 1.0, 12, "k must"), (1, 1.1, 12, "relevance"), (1, 1.0, 9, "Vectors must")]
)
def test_what_cannot_be_asked(k, relevance, d, message):
    with pytest.raises(ValueError, match=message):
        find(some_ids(4), units(4), units(1, d)[0], k, relevance=relevance)


# Variety


@pytest.mark.parametrize("relevance", [0.0, 0.3, 0.7, 0.95])
def test_variety_is_maximal_marginal_relevance(relevance):
    vectors, query = units(80, d=6), units(1, d=6, seed=9)[0]
    found = find(some_ids(80), vectors, query, 12, relevance=relevance)
    assert found.rows.tolist() == varied_one_by_one(vectors, query, 12, relevance)
    np.testing.assert_allclose(found.scores, vectors[found.rows] @ query, atol=2e-6)


def test_variety_chooses_among_the_nearest_hundred():
    vectors, query = units(400, d=6), units(1, d=6, seed=9)[0]
    pool = find(some_ids(400), vectors, query, 100).rows
    found = find(some_ids(400), vectors, query, 8, relevance=0.2)
    assert found.rows.tolist() == pool[varied_one_by_one(vectors[pool], query, 8, 0.2)].tolist()


def test_variety_worked_by_hand():
    """A copy of the nearest is worth .5 * 1 - .5 * 1 = 0, a chunk at a right angle to it .5 * 0 - .5 * 0 = 0, one at
    sixty degrees .5 * .5 - .5 * .5 = 0: a tie, which the higher score wins. With less relevance the angle does."""
    vectors = np.array([[1, 0, 0], [1, 0, 0], [0.5, 0.75**0.5, 0], [0, 0, 1]], np.float32)
    assert find(some_ids(4), vectors, vectors[0], 4, relevance=0.5).rows.tolist()[:2] == [0, 1]
    assert find(some_ids(4), vectors, vectors[0], 4, relevance=0.4).rows.tolist() == [0, 3, 2, 1]


# Filters


def made_table():
    """Six chunks: two documents of two and three, the first a table, and one on its own."""
    rows = [
        ChunkRow(5, "a", None, 1, (("topic", "Music"), ("year", "1975"))),
        ChunkRow(8, "a", None, 1, (("topic", "Art"), ("year", "1975"))),
        ChunkRow(11, "b", 1, 1, ()),
        ChunkRow(14, "b", 1, 1, ()),
        ChunkRow(17, "b", 2, 1, (("topic", "Music"),)),
        ChunkRow(20, "c", 1, 1, ()),
    ]
    return chunk_table(rows, {"a": "songs.csv", "b": "guide.pdf", "c": "note.txt"})


@pytest.mark.parametrize(
    ("chosen", "allowed"),
    [
        (NeighborFilter(), [5, 8, 11, 14, 17, 20]),
        (NeighborFilter(documents=("guide.pdf", "note.txt")), [11, 14, 17, 20]),
        (NeighborFilter(columns={"topic": ("Music",)}), [5, 17]),
        (NeighborFilter(columns={"topic": ("Music", "Art"), "year": ("1975",)}), [5, 8]),
        (NeighborFilter(columns={"topic": ()}), [5, 8, 11, 14, 17, 20]),
        (NeighborFilter(not_with=14), [5, 8, 20]),
        (NeighborFilter(documents=("guide.pdf",), not_with=14), []),
        (NeighborFilter(not_with=99), [5, 8, 11, 14, 17, 20]),
        (NeighborFilter(documents=("gone.txt",)), []),
    ],
)
def test_filters(chosen, allowed):
    table, vectors = made_table(), units(6)
    mask = chosen.allows(table)
    assert table.chunk_ids[mask].tolist() == allowed
    found = find(table.chunk_ids, vectors, vectors[3], 9, allowed=mask)
    assert found.ids.tolist() == nearest_one_by_one(table.chunk_ids[mask], vectors[mask], vectors[3], 9)
    others = neighbors_of(table.chunk_ids, vectors, 14, 9, allowed=mask)
    assert others.ids.tolist() == [i for i in found.ids.tolist() if i != 14]
    assert table.chunk_ids[mask].tolist() == allowed  # the caller's mask is as it was


@pytest.mark.parametrize("n", [0, 1])
def test_filters_of_small_tables(n):
    table = made_table().take(np.arange(n))
    assert NeighborFilter(not_with=5).allows(table).tolist() == [False] * n
    assert NeighborFilter().allows(table).tolist() == [True] * n


# Among themselves


def test_the_similarity_matrix():
    vectors = units(9)
    matrix = similarity_matrix(np.concatenate([vectors * 3, np.zeros((1, 12), np.float32)]))
    np.testing.assert_allclose(matrix[:9, :9], vectors @ vectors.T, atol=1e-6)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), [1] * 9 + [0])
    assert not matrix[9].any()
    assert matrix.dtype == np.float32
    assert similarity_matrix(units(0)).shape == (0, 0)


def test_mutual_neighbors_worked_by_hand():
    """Chunks 10, 20, 30, 40 with two neighbors each: 10-20 and 30-40 find one another, 20-30 only one way."""
    ids, positions = np.array([10, 20, 30, 40]), np.array([[1, 2], [0, 2], [3, 0], [2, -1]])
    assert mutual(np.array([40, 30, 20, 10]), ids, positions).tolist() == [[10, 20], [10, 30], [30, 40]]
    assert mutual(np.array([20, 30, 99]), ids, positions).tolist() == []
    assert mutual(np.array([], np.int64), ids, positions).shape == (0, 2)
    assert mutual(ids, ids, np.empty((4, 0), np.int64)).shape == (0, 2)


def test_edges_join_each_to_its_nearest():
    vectors = units(12, d=4)
    graph = neighbor_graph(vectors, n_nearest=3)
    near = {row: set(neighbors_of(np.arange(12), vectors, row, 3).rows.tolist()) for row in range(12)}
    expected = {
        (i, j): j in near[i] and i in near[j] for i in near for j in near if i < j and (j in near[i] or i in near[j])
    }
    assert dict(zip(map(tuple, graph.edges.tolist()), graph.is_mutual.tolist(), strict=True)) == expected
    left, right = graph.edges.T
    np.testing.assert_allclose(graph.scores, (vectors[left] * vectors[right]).sum(axis=1), atol=1e-6)


def test_the_drawing_is_true_where_two_axes_are_enough():
    """Unit vectors in a plane: their distances on the drawing are those between them."""
    vectors = np.zeros((8, 5), np.float32)
    vectors[:, [1, 3]] = units(8, d=2)
    xy = neighbor_graph(vectors).xy
    for i in range(8):
        np.testing.assert_allclose(
            np.linalg.norm(xy - xy[i], axis=1), np.linalg.norm(vectors - vectors[i], axis=1), atol=1e-5
        )
    np.testing.assert_array_equal(xy, neighbor_graph(vectors).xy)
    assert (xy[np.abs(xy).argmax(axis=0), [0, 1]] > 0).all()


def test_the_drawing_is_principal_components():
    from sklearn.decomposition import PCA

    vectors = units(20)
    expected = PCA(2).fit_transform(vectors.astype(float))
    xy = neighbor_graph(vectors).xy
    np.testing.assert_allclose(np.abs(xy), np.abs(expected), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_graphs_of_few(n):
    graph = neighbor_graph(units(n), n_nearest=5)
    assert (graph.xy.shape, len(graph.edges)) == ((n, 2), n * (n - 1) // 2)
    assert graph.is_mutual.all()
    assert np.isfinite(graph.xy).all()


def test_a_graph_of_identical_vectors():
    graph = neighbor_graph(np.repeat(units(1), 5, axis=0), n_nearest=1)
    assert not graph.xy.any()
    assert graph.edges.tolist() == [[0, 1], [0, 2], [0, 3], [0, 4]]
    assert graph.is_mutual.tolist() == [True, False, False, False]
    with pytest.raises(ValueError, match="n_nearest must be 1 or more"):
        neighbor_graph(units(3), n_nearest=0)


# Sentences


def test_the_best_sentence():
    embedder = WordEmbedder()
    text = "# owl\nShips sail the northern sea.  The owl hunts at night.\nThe owl hunts at night."
    query = embedder.encode_queries(["the owl hunts at night."])[0]
    best = best_sentence(query, text, embedder)
    assert text[best.start : best.end] == "The owl hunts at night."
    assert best.start == text.index("The owl")
    assert best.score == pytest.approx(1.0, abs=1e-6)


def test_a_heading_is_the_best_where_there_is_no_sentence():
    embedder = WordEmbedder()
    query = embedder.encode_queries(["owl"])[0]
    best = best_sentence(query, "  # ship\n# owl", embedder)
    assert (best.start, best.end) == (9, 14)
    assert best_sentence(query, " \n ", embedder) is None
    assert best_sentence(query, "", embedder) is None
