"""The map: any number of points, the same picture every time, an honest figure."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances

from rag import config
from rag.errors import ExplorerError
from rag.index.flat import FlatIndex
from rag.map.layout import lay_out
from rag.map.projection import UMAP_MINIMUM, ProjectionParameters, comparable, from_bytes, project, to_bytes
from rag.map.tsne import draw_tsne
from rag.runtime.background import Stopped

UMAP, TSNE, PCA_2D = ProjectionParameters(), ProjectionParameters("tsne"), ProjectionParameters("pca")
UMAP_3D, PCA_3D = ProjectionParameters(n_components=3), ProjectionParameters("pca", 3)
ALL = [UMAP, UMAP_3D, TSNE, PCA_2D, PCA_3D]
named = pytest.mark.parametrize("parameters", ALL, ids=lambda one: f"{one.method}-{one.n_components}d")


def layout_of(vectors, parameters=UMAP, report=None):
    return lay_out(np.arange(1, len(vectors) + 1, dtype=np.int64) * 3, vectors, parameters, report)


def random_vectors(n, seed=1, dimension=24):
    vectors = np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def clustered_vectors(n_clusters, n_each, seed=1):
    centers = np.repeat(random_vectors(n_clusters, seed), n_each, axis=0)
    return unit(centers + 0.1 * random_vectors(len(centers), seed + 1))


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@named
@pytest.mark.parametrize("n", [0, 1, 2, 3, UMAP_MINIMUM - 1, UMAP_MINIMUM, 60])
def test_any_number_of_points(n, parameters):
    projection = layout_of(random_vectors(n), parameters)
    assert projection.xy.shape == (n, parameters.n_components)
    assert projection.xy.dtype == np.float32
    assert np.isfinite(projection.xy).all()
    assert projection.method == (parameters.method if n >= UMAP_MINIMUM else "pca")
    said = "PCA" in projection.note
    assert said == (n < UMAP_MINIMUM and parameters.method != "pca")


@named
def test_all_points_the_same_and_many_duplicates(parameters):
    same = layout_of(np.repeat(random_vectors(1), 30, axis=0), parameters)
    assert same.method == "pca"
    assert not same.xy.any()
    doubled = layout_of(np.repeat(random_vectors(20), 3, axis=0), parameters)
    assert doubled.method == parameters.method
    assert np.isfinite(doubled.xy).all()
    piled = layout_of(np.concatenate([random_vectors(11), np.repeat(random_vectors(1, 5), 90, axis=0)]), parameters)
    assert np.isfinite(piled.xy).all()


def test_chunks_whose_neighbors_all_point_the_opposite_way_are_drawn_too():
    vectors = np.concatenate([np.eye(6), -np.eye(6)]).astype(np.float32)
    assert np.isfinite(layout_of(vectors).xy).all()


@named
def test_the_same_input_gives_the_same_map(parameters):
    vectors = random_vectors(50)
    np.testing.assert_array_equal(layout_of(vectors, parameters).xy, layout_of(vectors.copy(), parameters).xy)


@pytest.mark.parametrize("parameters", [UMAP, TSNE], ids=["umap", "tsne"])
def test_another_seed_gives_another_map(parameters):
    vectors = random_vectors(50)
    assert not np.array_equal(layout_of(vectors, parameters).xy, layout_of(vectors, replace(parameters, seed=7)).xy)


IN_A_PROCESS = """
import hashlib
import numpy as np
from rag.map.layout import lay_out
from rag.map.projection import ProjectionParameters

vectors = np.random.default_rng(3).standard_normal((300, 32)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
for method, n_components in (("umap", 2), ("umap", 3), ("tsne", 2)):
    xy = lay_out(np.arange(300), vectors, ProjectionParameters(method, n_components)).xy
    print(method, xy.shape, hashlib.sha256(xy.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_processes_draw_the_same_maps():
    running = [
        subprocess.Popen([sys.executable, "-c", IN_A_PROCESS], cwd=config.ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first, second = (process.communicate(timeout=240)[0] for process in running)
    assert first == second
    assert [line.split(" (")[0] for line in first.splitlines()] == ["umap", "umap", "tsne"]


def test_one_thread_and_several_draw_the_same_tsne(monkeypatch):
    maps = []
    monkeypatch.setattr("rag.map.tsne._MANY", 0)
    for threads in (1, 4):
        monkeypatch.setattr("rag.config.cpu_threads", lambda threads=threads: threads)
        maps.append(layout_of(random_vectors(200), TSNE).xy)
    np.testing.assert_array_equal(*maps)


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [UMAP, UMAP_3D, TSNE], ids=["umap", "umap-3d", "tsne"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "correlation"])
def test_groups_stay_together(parameters, metric):
    layout = layout_of(clustered_vectors(5, 40), replace(parameters, metric=metric))
    labels = np.repeat(np.arange(5), 40)
    centers = np.stack([layout.xy[labels == label].mean(axis=0) for label in range(5)])
    nearest_center = np.linalg.norm(layout.xy[:, None] - centers, axis=2).argmin(axis=1)
    assert (nearest_center == labels).all()


def test_pca_is_scikit_learns():
    vectors = random_vectors(40)
    expected = PCA(3, svd_solver="full").fit_transform(vectors)
    np.testing.assert_allclose(layout_of(vectors, PCA_3D).xy, expected, atol=1e-5)
    np.testing.assert_allclose(layout_of(vectors, PCA_2D).xy, expected[:, :2], atol=1e-5)
    many = clustered_vectors(4, 100)
    expected = PCA(2, svd_solver="full").fit_transform(many.astype(np.float64))
    np.testing.assert_allclose(layout_of(many, PCA_2D).xy, expected, atol=1e-4)


def test_an_axis_that_the_vectors_do_not_fill_is_zero():
    flat = layout_of(unit(np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.3]])), PCA_3D)
    assert flat.xy[:, :2].any()
    assert not flat.xy[:, 2].any()


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "correlation"])
def test_metrics_are_scikit_learns(metric):
    vectors = random_vectors(30) + np.linspace(0, 2, 30, dtype=np.float32)[:, None]
    vectors = unit(vectors)
    scores = comparable(vectors, metric) @ comparable(vectors, metric).T
    distances = 1 - scores.clip(-1, 1)
    distances = np.sqrt(2 * distances) if metric == "euclidean" else distances
    # The square root turns a rounding of 1e-7 into 3e-4 near 0.
    expected = pairwise_distances(vectors.astype(np.float64), metric=metric)
    np.testing.assert_allclose(distances, expected, atol=1e-3 if metric == "euclidean" else 1e-5)


def test_a_vector_of_equal_numbers_has_no_correlation():
    vectors = unit(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 4.0], [-1.0, 0.0, 2.0]]))
    compared = comparable(vectors, "correlation")
    assert not compared[0].any()
    np.testing.assert_allclose(compared[1] @ compared[2], 1.0, atol=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_metric_changes_the_map(method, metric):
    vectors = unit(random_vectors(60) + np.linspace(0, 0.3, 60, dtype=np.float32)[:, None])
    parameters = ProjectionParameters(method)
    assert not np.array_equal(
        layout_of(vectors, parameters).xy, layout_of(vectors, replace(parameters, metric=metric)).xy
    )


def test_tsne_in_3d_is_refused_in_a_sentence():
    with pytest.raises(ExplorerError, match="t-SNE is available only in 2D"):
        layout_of(random_vectors(30), ProjectionParameters("tsne", 3))


@pytest.mark.parametrize(("n", "perplexity"), [(10, 3), (31, 10), (45, 14), (46, 15), (47, 15)])
def test_a_perplexity_that_is_too_large_is_lowered_and_said(n, perplexity):
    note = layout_of(random_vectors(n), TSNE).note
    assert (f"perplexity of {perplexity} instead of 15" in note) == (perplexity < 15)


def test_tsne_refuses_another_number_of_neighbors():
    with pytest.raises(ValueError, match="three times"):
        draw_tsne(np.zeros((9, 4), np.int64), np.zeros((9, 4), np.float32), np.zeros((9, 2), np.float32), 2, 1, print)


def test_too_few_neighbors_are_refused():
    vectors = random_vectors(60)
    scores, ids = FlatIndex.build(np.arange(60), vectors).search(vectors, 15)
    project(np.arange(60), vectors, ids, scores, UMAP)
    with pytest.raises(ValueError, match="needs 46 neighbors"):
        project(np.arange(60), vectors, ids, scores, TSNE)


def test_what_a_method_does_not_use_does_not_tell_layouts_apart():
    changed = ProjectionParameters("tsne", min_dist=0.5, n_epochs=7)
    assert changed.canonical() == TSNE
    changed = ProjectionParameters("pca", 3, 7, 0.5, "euclidean", 9, 1)
    assert changed.canonical() == PCA_3D
    for other in (
        ProjectionParameters("umap", 3, 7, 0.5, "euclidean", 9, 1),
        ProjectionParameters("tsne", 2, 7, metric="correlation", seed=1),
    ):
        assert other.canonical() == other


@pytest.mark.slow
@named
def test_progress_rises_to_one_and_nothing_is_printed(parameters, capfd):
    shares = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layout_of(random_vectors(400), replace(parameters, n_epochs=2000), shares.append)
    assert shares == sorted(shares)
    assert (min(shares) >= 0.0, shares[-1]) == (True, 1.0)
    if parameters.method != "pca":
        assert len({share for share in shares if 0.2 < share < 0.9}) > 2
    assert capfd.readouterr() == ("", "")


def test_progress_does_not_change_the_map():
    vectors = random_vectors(100)
    np.testing.assert_array_equal(layout_of(vectors).xy, layout_of(vectors, UMAP, lambda share: None).xy)


@pytest.mark.slow
@pytest.mark.parametrize("stop_at", [0.0, 0.3, 0.95, 1.0])
@pytest.mark.parametrize("parameters", [UMAP, TSNE], ids=["umap", "tsne"])
def test_what_the_report_raises_comes_out_and_the_next_layout_goes_on(parameters, stop_at):
    stopped = Stopped("Enough.")
    asked = []

    def report(share):
        asked.append(share)
        if share >= stop_at:
            raise stopped

    vectors = random_vectors(300)
    with pytest.raises(Stopped) as raised:
        layout_of(vectors, replace(parameters, n_epochs=2000), report)
    assert raised.value is stopped
    assert sum(share >= stop_at for share in asked) == 1
    after = []
    other = threading.Thread(target=lambda: after.append(layout_of(vectors[:40], parameters)), daemon=True)
    other.start()
    other.join(60)
    assert after[0].method == parameters.method


def test_trustworthiness_is_scikit_learns():
    vectors = random_vectors(80)
    for parameters in ALL:
        projection = layout_of(vectors, parameters)
        assert projection.trustworthiness == pytest.approx(
            trustworthiness(vectors, projection.xy, n_neighbors=10, metric="cosine")
        )


@pytest.mark.parametrize(("n", "parameters"), [(5, UMAP), (5, PCA_3D), (40, TSNE)])
def test_bytes_round_trip(n, parameters):
    projection = layout_of(random_vectors(n), parameters)
    again = from_bytes(to_bytes(projection))
    for name in ("chunk_ids", "xy", "placed_ids"):
        np.testing.assert_array_equal(getattr(again, name), getattr(projection, name))
    assert (again.method, again.note) == (projection.method, projection.note)
    assert (again.trustworthiness, again.seconds) == (projection.trustworthiness, projection.seconds)
