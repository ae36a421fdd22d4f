"""A map stays put while documents come and go, and a new layout lies like the one before it."""

from __future__ import annotations

import numpy as np
import pytest

from rag.documents.sources import SourceFile
from rag.errors import ExplorerError
from rag.index.flat import EXACT_UP_TO, FlatIndex, nearest
from rag.ingest.pipeline import ingest
from rag.map.layout import is_long, load_layout, make_layout
from rag.map.projection import ProjectionParameters
from rag.runtime.background import Stopped
from rag.store.collection import Collection
from tests.conftest import ReadHere
from tests.support.collections import CHUNKING, plain_document, put
from tests.support.fakes import WordEmbedder

PARAMETERS = ProjectionParameters()
OTHERS = [
    ProjectionParameters(n_components=3),
    ProjectionParameters("tsne"),
    ProjectionParameters(metric="correlation"),
    ProjectionParameters("tsne", metric="euclidean"),
]


def add(collection: Collection, embedder, name: str, text: str) -> None:
    file = SourceFile(name, name, text.encode)
    assert [one.outcome for one in ingest(collection, [file], embedder, ReadHere())] == ["added"]


@pytest.fixture
def layout(sample):
    return make_layout(sample, PARAMETERS)


def places(layout) -> dict[int, tuple[float, float]]:
    return dict(zip(layout.chunk_ids.tolist(), map(tuple, layout.xy.tolist()), strict=True))


def test_a_layout_is_kept(sample, layout):
    kept = load_layout(sample, PARAMETERS)
    np.testing.assert_array_equal(kept.xy, layout.xy)
    assert (kept.method, kept.trustworthiness, len(kept.placed_ids)) == ("umap", layout.trustworthiness, 0)
    assert load_layout(sample, ProjectionParameters(n_neighbors=5)) is None


def test_what_is_deleted_leaves_and_the_others_stay(sample, layout):
    sample.delete_document(sample.documents()[0].document_id)
    now = places(load_layout(sample, PARAMETERS))
    assert list(now) == sample.chunk_ids().tolist()
    before = places(layout)
    assert all(before[chunk_id] == xy for chunk_id, xy in now.items())


def test_a_new_chunk_is_placed_near_its_copy_and_the_others_stay(sample, layout, embedder):
    twin = sample.chunks()[40]
    add(sample, embedder, "copy.txt", twin.text)
    loaded = load_layout(sample, PARAMETERS)
    new = sample.chunk_ids().tolist()[-1]
    now, before = places(loaded), places(layout)
    assert loaded.placed_ids.tolist() == [new]
    assert np.hypot(*np.subtract(now[new], before[twin.chunk_id])) < 0.1 * np.ptp(layout.xy, axis=0).max()
    assert all(now[chunk_id] == xy for chunk_id, xy in before.items())
    add(sample, embedder, "more.txt", "A second text about astronomy and the planets comes later.")
    again = load_layout(sample, PARAMETERS)
    assert again.placed_ids.tolist() == sample.chunk_ids().tolist()[-2:]
    assert places(again)[new] == now[new]


def test_a_new_layout_lies_like_the_old_one_and_is_as_large(sample, layout, embedder):
    add(sample, embedder, "more.txt", "A text about astronomy and the planets comes later.")
    new = make_layout(sample, PARAMETERS)
    common = new.xy[: len(layout.xy)]
    assert len(new.placed_ids) == 0
    np.testing.assert_allclose(common.mean(axis=0), layout.xy.mean(axis=0), atol=0.2)
    assert common.std() == pytest.approx(layout.xy.std(), rel=0.05)
    moved = np.linalg.norm(common - layout.xy, axis=1)
    mirrored = np.linalg.norm(common * [-1, 1] - layout.xy, axis=1)
    assert np.median(moved) < np.median(mirrored)


def test_a_collection_that_has_more_than_doubled_gets_a_new_layout(sample, layout, embedder):
    names = [summary.document_id for summary in sample.documents() if summary.name != "error-codes.csv"]
    sample.delete_documents(names)
    kept = load_layout(sample, PARAMETERS)
    assert len(kept.chunk_ids) == sample.n_chunks()
    add(
        sample,
        embedder,
        "long.txt",
        "\n\n".join(f"Paragraph {i} is about the number {i} alone. " * 8 for i in range(40)),
    )
    assert load_layout(sample, PARAMETERS) is None


def test_a_layout_of_other_chunks_alone_stands_for_itself(sample, layout, embedder):
    sample.delete_documents([summary.document_id for summary in sample.documents()])
    add(sample, embedder, "new.txt", "\n\n".join(f"Paragraph {i} is about number {i} alone. " * 8 for i in range(40)))
    new = make_layout(sample, PARAMETERS)
    assert new.method == "umap"
    assert np.isfinite(new.xy).all()


@pytest.fixture
def words(tmp_path):
    """A small collection without a model: 60 chunks in twelve documents."""
    collection = Collection.create(tmp_path, "Words", WordEmbedder().spec, CHUNKING)
    put(collection, WordEmbedder(), *(plain_document(f"{i}.txt", paragraphs(i, 5)) for i in range(12)))
    return collection


def paragraphs(i: int, n: int) -> str:
    topic = ("owls", "ships", "bread", "stars")[i % 4]
    return "\n\n".join(f"Paragraph {j} of text {i} is about {topic} and {topic} number {i * j}." for j in range(n))


@pytest.mark.parametrize("parameters", OTHERS, ids=repr)
def test_every_neighborhood_layout_takes_in_a_copy_and_stays_put(words, parameters):
    before = make_layout(words, parameters)
    assert before.xy.shape == (words.n_chunks(), parameters.n_components)
    twin = words.chunks()[7]
    put(words, WordEmbedder(), plain_document("copy.txt", twin.text))
    now = load_layout(words, parameters)
    np.testing.assert_array_equal(now.xy[:-1], before.xy)
    np.testing.assert_allclose(now.xy[-1], before.xy[7], atol=1e-5)
    assert now.placed_ids.tolist() == words.chunk_ids().tolist()[-1:]
    assert now.trustworthiness is not None


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [PARAMETERS, *OTHERS], ids=repr)
def test_every_new_layout_is_turned_onto_the_one_before(words, parameters):
    before = make_layout(words, parameters)
    again = make_layout(words, parameters)
    np.testing.assert_allclose(again.xy, before.xy, atol=1e-3 * np.ptp(before.xy))
    words.delete_document("id of 3.txt")
    new = make_layout(words, parameters)
    common = before.xy[np.isin(before.chunk_ids, new.chunk_ids)]
    np.testing.assert_allclose(new.xy.mean(axis=0), common.mean(axis=0), atol=1e-3 * np.ptp(before.xy))


def test_pca_is_computed_again_after_chunks_change(words):
    parameters = ProjectionParameters("pca")
    before = make_layout(words, parameters)
    np.testing.assert_array_equal(load_layout(words, parameters).xy, before.xy)
    put(words, WordEmbedder(), plain_document("more.txt", "An owl and a ship."))
    assert load_layout(words, parameters) is None
    assert len(make_layout(words, parameters).xy) == words.n_chunks()


def test_what_a_method_does_not_use_makes_no_second_layout(words):
    kept = make_layout(words, ProjectionParameters("tsne", min_dist=0.7, n_epochs=50))
    np.testing.assert_array_equal(load_layout(words, ProjectionParameters("tsne")).xy, kept.xy)
    assert load_layout(words, ProjectionParameters("tsne", n_neighbors=7)) is None
    assert load_layout(words, PARAMETERS) is None
    make_layout(words, ProjectionParameters("pca", seed=1))
    assert load_layout(words, ProjectionParameters("pca", metric="correlation")) is not None
    assert load_layout(words, ProjectionParameters("pca", 3)) is None


@pytest.mark.parametrize("method", ["umap", "tsne", "pca"])
def test_progress_and_a_stop_that_keeps_nothing(words, method):
    parameters = ProjectionParameters(method)
    shares = []
    for stop_at in (0.0, 0.5, 1.0):

        def report(share, stop_at=stop_at):
            if share >= stop_at:
                raise Stopped("Enough.")

        with pytest.raises(Stopped):
            make_layout(words, parameters, report)
        assert load_layout(words, parameters) is None
    make_layout(words, parameters, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert load_layout(words, parameters) is not None


def test_tsne_in_3d_is_refused_in_a_sentence(words):
    with pytest.raises(ExplorerError, match="only in 2D"):
        make_layout(words, ProjectionParameters("tsne", 3))
    assert load_layout(words, ProjectionParameters("tsne", 3)) is None


@pytest.mark.parametrize("method", ["umap", "tsne", "pca"])
def test_a_few_chunks_are_quick_and_very_many_are_long(method):
    parameters = ProjectionParameters(method)
    assert not is_long(0, parameters)
    assert not is_long(1_000, parameters)
    assert is_long(1_000_000, parameters)


def clustered(n: int, dimension: int) -> np.ndarray:
    random = np.random.default_rng(5)
    centers = random.standard_normal((40, dimension))
    vectors = centers[random.integers(0, 40, n)] + 0.6 * random.standard_normal((n, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("n", "k"), [(0, 5), (1, 5), (2, 1), (7, 7), (7, 20), (300, 15), (300, 0)])
def test_neighbors_are_those_of_brute_force(n, k):
    vectors = clustered(n, 12)
    scores, rows = nearest(vectors, k)
    assert (scores.shape, scores.dtype, rows.dtype) == ((n, min(k, n)), np.float32, np.int64)
    true = vectors @ vectors.T
    np.testing.assert_array_equal(rows, np.argsort(-true, axis=1, kind="stable")[:, : min(k, n)])
    np.testing.assert_allclose(scores, np.take_along_axis(true, rows, axis=1), atol=1e-6)


@pytest.mark.slow
def test_above_the_limit_nearly_all_neighbors_are_found_and_always_the_same(monkeypatch):
    vectors = clustered(EXACT_UP_TO + 500, 16)
    shares = []
    scores, rows = nearest(vectors, 15, shares.append)
    monkeypatch.setattr("rag.config.cpu_threads", lambda: 1)
    again = nearest(vectors, 15)
    np.testing.assert_array_equal(rows, again[1])
    np.testing.assert_array_equal(scores, again[0])
    sample = np.random.default_rng(1).choice(len(vectors), 500, replace=False)
    true_scores, true_rows = FlatIndex.build(np.arange(len(vectors)), vectors).search(vectors[sample], 15)
    found = [len({*one} & {*other}) for one, other in zip(rows[sample].tolist(), true_rows.tolist(), strict=True)]
    assert np.mean(found) / 15 > 0.97
    assert (np.diff(scores, axis=1) <= 0).all()
    np.testing.assert_allclose(scores[sample, 0], true_scores[:, 0], atol=1e-5)
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < shares[-1] <= 1.0


def test_above_the_limit_copies_are_no_trouble(monkeypatch):
    monkeypatch.setattr("rag.index.flat.EXACT_UP_TO", 100)
    vectors = np.repeat(clustered(20, 12), 50, axis=0)
    scores, rows = nearest(vectors, 15)
    assert (rows >= 0).all()
    assert all(len(set(row)) == 15 for row in rows.tolist())
    np.testing.assert_allclose(scores, np.einsum("nd,nkd->nk", vectors, vectors[rows]), atol=1e-6)
    assert scores.min() > 0.999


def test_a_stop_ends_the_search_for_neighbors(monkeypatch):
    monkeypatch.setattr("rag.index.flat.EXACT_UP_TO", 100)

    def report(share):
        raise Stopped("Enough.")

    for n in (100, 101):
        with pytest.raises(Stopped):
            nearest(clustered(n, 12), 5, report)
