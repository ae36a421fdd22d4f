"""Projection: reduce embeddings to 2D or 3D with UMAP, t-SNE or PCA."""

from __future__ import annotations

import io
import time
from functools import cache
from typing import TYPE_CHECKING

from rag import config
from rag.map.projection_settings import NEIGHBORS_PER_PERPLEXITY, Method, Metric, ProjectionParameters, comparable
from rag.map.quality import measure_map
from rag.map.tsne import draw_tsne
from rag.types import Projection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from umap import UMAP

    from rag.runtime.background import Report
    from rag.types import FloatArray, IntArray

__all__ = [
    "UMAP_MINIMUM", "Method", "Metric", "ProjectionParameters", "comparable", "from_bytes", "principal_components",
    "project", "redraw", "to_bytes", "trust", "umap_steps", "warm_up",
]  # fmt: skip

UMAP_MINIMUM = 10
_DRAWN_SHARE = 0.95
_MANY = 10
# UMAP reports progress only through its tqdm bar, which is written to a file object; `verbose` would also print.
_BAR = {"disable": False, "bar_format": "{n}/{total}", "position": 0, "mininterval": 0.1, "miniters": 1}

_NAMES: dict[Method, str] = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


def project(
    ids: IntArray,
    vectors: FloatArray,
    neighbor_ids: IntArray,
    neighbor_scores: FloatArray,
    parameters: ProjectionParameters,
    report: Report | None = None,
) -> Projection:
    """Compute a layout that keeps near neighbors near. The same input gives the same layout in every process.

    Args:
        ids: int64 (n,), ascending.
        vectors: unit vectors float32 (n, dimension).
        neighbor_ids: each chunk's nearest by cosine similarity of `comparable(vectors, metric)`, including itself,
            int64 (n, at least min(parameters.n_searched, n)).
        neighbor_scores: these similarities, float32, of the same shape.
        report: called with the share done, in [0, 1], never decreasing; an exception from it ends the work.

    Returns:
        The layout; drawn by PCA if there are fewer than UMAP_MINIMUM different chunks. Its note says so, or that the
        perplexity of t-SNE had to be reduced.

    Raises:
        ExplorerError: t-SNE was requested in 3D.
        ValueError: there are fewer neighbors for each chunk than the layout needs.
    """
    import numpy as np

    report = report or _nothing
    parameters.require_drawable()
    started = time.perf_counter()
    _require_enough(neighbor_ids, min(parameters.n_searched, len(ids)))
    rows = np.searchsorted(ids, neighbor_ids)
    xy, method, note = _draw(vectors, rows, neighbor_scores, parameters, lambda share: report(_DRAWN_SHARE * share))
    seconds = time.perf_counter() - started
    projection = Projection(ids, xy, method, note, trust(vectors, xy), seconds, ids[:0])
    report(1.0)
    return projection


def redraw(vectors: FloatArray, earlier: FloatArray, parameters: ProjectionParameters) -> FloatArray:
    """A UMAP layout that begins with an earlier one: pictures of changing vectors can be followed from one to the next.

    Compares every vector with every other, so it is for hundreds of them.

    Args:
        vectors: unit vectors float32 (n, dimension), with n of 3 or more.
        earlier: coordinates float32 (n, 2), of an earlier layout or any others.
        parameters: the number of neighbors, the epochs and the seed; compared by cosine.

    Returns:
        Coordinates float32 (n, 2), around their mean.
    """
    import numpy as np

    # Unlike a matrix product, this gives the same bits with every number of threads.
    cosines = np.einsum("ik,jk->ij", vectors, vectors).clip(-1.0, 1.0)
    positions = np.argsort(-cosines, axis=1, kind="stable")[:, : parameters.n_neighbors]
    distances = np.asarray(1.0 - np.take_along_axis(cosines, positions, axis=1), dtype=np.float32)
    xy = _umap(vectors, *_self_first(positions, distances), parameters, _nothing, earlier)
    return np.asarray(xy - xy.mean(axis=0), dtype=np.float32)


def _require_enough(neighbor_ids: IntArray, n_needed: int) -> None:
    if neighbor_ids.shape[1] < n_needed:
        raise ValueError(f"This layout needs {n_needed} neighbors for each chunk, got {neighbor_ids.shape[1]}.")


def _draw(
    vectors: FloatArray, positions: IntArray, scores: FloatArray, parameters: ProjectionParameters, report: Report
) -> tuple[FloatArray, Method, str]:
    """Coordinates, the method used, and a note."""
    method = parameters.method
    n_different = _count_different(vectors, UMAP_MINIMUM)
    if method == "pca" or n_different < UMAP_MINIMUM:
        asked = _NAMES[method]
        few = f"Drawn by PCA: {asked} needs at least {UMAP_MINIMUM} different chunks, but there are {n_different}."
        return principal_components(vectors, parameters.n_components), "pca", "" if method == "pca" else few
    compared = comparable(vectors, parameters.metric)
    positions, distances = _metric_distances(*_self_first(positions, 1.0 - scores), parameters.metric)
    if method == "umap":
        return _umap(compared, positions, distances, parameters, report), "umap", ""
    xy, note = _tsne(compared, positions, distances, parameters, report)
    return xy, "tsne", note


def _count_different(vectors: FloatArray, most: int) -> int:
    """Number of different vectors, counted up to `most`."""
    seen: set[bytes] = set()
    for vector in vectors:
        seen.add(vector.tobytes())
        if len(seen) == most:
            break
    return len(seen)


def principal_components(vectors: FloatArray, n_components: int) -> FloatArray:
    """Principal component analysis (PCA): float32 (n, n_components); axes without variance are 0."""
    import numpy as np
    from sklearn.decomposition import PCA

    xy = np.zeros((len(vectors), n_components), dtype=np.float32)
    n_filled = min(n_components, len(vectors) - 1, vectors.shape[1])
    if n_filled > 0 and np.ptp(vectors, axis=0).max() > 0:
        # For many vectors, the covariance matrix is small and fast; for few, the vectors are more precise.
        solver = "covariance_eigh" if len(vectors) > _MANY * vectors.shape[1] else "full"
        xy[:, :n_filled] = PCA(n_filled, svd_solver=solver).fit_transform(vectors)
    return xy


def _self_first(positions: IntArray, distances: FloatArray) -> tuple[IntArray, FloatArray]:
    """Put each point first among its neighbors, at distance 0; copies may have come before it or displaced it."""
    import numpy as np

    itself = np.arange(len(positions))[:, None]
    positions, distances = positions.copy(), distances.clip(0.0)
    is_missing = ~(positions == itself).any(axis=1)
    positions[is_missing, -1] = itself[is_missing, 0]
    order = np.argsort(positions != itself, axis=1, kind="stable")
    positions, distances = np.take_along_axis(positions, order, axis=1), np.take_along_axis(distances, order, axis=1)
    distances[:, 0] = 0.0
    return positions, distances


def umap_steps(
    vectors: FloatArray,
    positions: IntArray,
    scores: FloatArray,
    parameters: ProjectionParameters,
    epochs: Sequence[int],
    report: Report | None = None,
) -> FloatArray:
    """The coordinates after each of these epochs of UMAP, and at its end: float32 (epochs + 1, n, n_components).

    The last are those of `project`, as they come from UMAP.

    Args:
        vectors: unit vectors float32 (n, dimension), of at least UMAP_MINIMUM different chunks, as from `comparable`.
        positions: the rows of each chunk's nearest, including itself, int64 (n, at least n_neighbors).
        scores: their cosine similarities, float32, of the same shape.
        epochs: ascending, each below `parameters.n_epochs`.
        report: as in `project`.
    """
    import numpy as np

    distances = _metric_distances(*_self_first(positions, 1.0 - scores), parameters.metric)
    reducer = _fitted_umap(vectors, *distances, parameters, report or _nothing, epochs=[*epochs, parameters.n_epochs])
    return np.stack(reducer.embedding_list_).astype(np.float32)


def _metric_distances(positions: IntArray, distances: FloatArray, metric: Metric) -> tuple[IntArray, FloatArray]:
    import numpy as np

    return positions, np.sqrt(2.0 * distances) if metric == "euclidean" else distances


def _umap(
    vectors: FloatArray,
    positions: IntArray,
    distances: FloatArray,
    parameters: ProjectionParameters,
    report: Report,
    earlier: FloatArray | None = None,
) -> FloatArray:
    """Coordinates; the layout begins with the `earlier` ones, by default with the first principal components."""
    import numpy as np

    fitted = _fitted_umap(vectors, positions, distances, parameters, report, earlier=earlier)
    return np.asarray(fitted.embedding_, dtype=np.float32)


def _fitted_umap(
    vectors: FloatArray,
    positions: IntArray,
    distances: FloatArray,
    parameters: ProjectionParameters,
    report: Report,
    *,
    earlier: FloatArray | None = None,
    epochs: Sequence[int] | None = None,
) -> UMAP:
    """The fitted UMAP model; with `epochs`, it also has the coordinates after each of these."""
    import warnings

    import numpy as np
    import umap

    _keep_compiled()
    n_neighbors = min(parameters.n_neighbors, len(vectors) - 1)
    nearest = positions[:, :n_neighbors].astype(np.int32), distances[:, :n_neighbors].astype(np.float32)
    reducer = umap.UMAP(
        n_neighbors=n_neighbors,
        n_components=parameters.n_components,
        min_dist=parameters.min_dist,
        metric=parameters.metric,
        n_epochs=parameters.n_epochs if epochs is None else list(epochs),
        init="pca" if earlier is None else earlier,
        random_state=parameters.seed,
        n_jobs=1,
        precomputed_knn=(*nearest, None),
        force_approximation_algorithm=True,
        # UMAP would drop a chunk whose neighbors all point in the opposite direction.
        disconnection_distance=np.inf,
        tqdm_kwds={**_BAR, "file": _EpochReader(report)},
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*precomputed_knn.*")
        warnings.filterwarnings("ignore", message=".*transform.*unavailable.*")
        return reducer.fit(vectors)


@cache
def _keep_compiled() -> None:
    """Let numba cache the compiled layout functions on disk, as it does for the rest of umap.

    Otherwise the first layout of every process takes 5 s longer.
    """
    from umap import layouts, umap_

    draw = layouts._get_optimize_layout_euclidean_single_epoch_fn(parallel=False)
    for compiled in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, draw):
        compiled.enable_caching()


class _EpochReader:
    """A file object for tqdm's progress bar ("120/200"), which reports the share of completed UMAP epochs."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._is_closing = False

    def write(self, text: str) -> None:
        # tqdm writes an empty text before it draws the bar for the last time.
        self._is_closing = self._is_closing or not text
        done, slash, total = text.strip().partition("/")
        if self._is_closing or not slash or done == "0":
            return
        try:
            self._report(int(done) / int(total))
        except BaseException:
            from umap import layouts

            # While writing, tqdm holds a lock for all bars of the process, and does not release it if writing fails.
            layouts.tqdm.get_lock().release()
            raise

    def flush(self) -> None:
        """Nothing is buffered."""


def _tsne(
    vectors: FloatArray, positions: IntArray, distances: FloatArray, parameters: ProjectionParameters, report: Report
) -> tuple[FloatArray, str]:
    """Coordinates, and a note if the perplexity was reduced: it must be below a third of the number of chunks."""
    import numpy as np

    asked = parameters.n_neighbors
    perplexity = min(asked, (len(vectors) - 1) // NEIGHBORS_PER_PERPLEXITY)
    others = slice(1, NEIGHBORS_PER_PERPLEXITY * perplexity + 1)
    note = (
        f"Drawn with a perplexity of {perplexity} instead of {asked}: "
        f"it must be less than a third of the {len(vectors)} chunks."
    )
    xy = draw_tsne(
        np.ascontiguousarray(positions[:, others], dtype=np.int64), distances[:, others],
        principal_components(vectors, 2), perplexity, parameters.seed, report,
    )  # fmt: skip
    return xy, note if perplexity < asked else ""


def _nothing(share: float) -> None:
    """Default progress report: does nothing."""


def trust(vectors: FloatArray, xy: FloatArray) -> float | None:
    """Trustworthiness of the map for 10 neighbors, from a sample above 2,000 chunks; None below 21 chunks."""
    quality = measure_map(vectors, xy)
    return None if quality is None else quality.trustworthiness


def to_bytes(projection: Projection) -> bytes:
    """The projection as an .npz file without pickle."""
    import numpy as np

    buffer = io.BytesIO()
    quality = np.nan if projection.trustworthiness is None else projection.trustworthiness
    np.savez(
        buffer,
        chunk_ids=projection.chunk_ids,
        xy=projection.xy,
        labels=np.array([projection.method, projection.note]),
        figures=np.array([quality, projection.seconds]),
        placed_ids=projection.placed_ids,
    )
    return buffer.getvalue()


def from_bytes(content: bytes) -> Projection:
    """Read the output of `to_bytes`."""
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        method, note = map(str, stored["labels"])
        quality, seconds = map(float, stored["figures"])
        trustworthiness = None if np.isnan(quality) else quality
        return Projection(
            stored["chunk_ids"], stored["xy"], method, note, trustworthiness, seconds, stored["placed_ids"]
        )


def warm_up() -> None:
    """Import umap and let numba compile what a layout needs, on a few seeded random points.

    The first import on a machine compiles for 14 s and caches the result on disk. That runs in a separate process, so
    that this one can continue with other work; afterwards the import takes 1 s. The layout functions are compiled
    here, in 5 s the first time, and are cached as well.
    """
    import subprocess
    import sys

    import numpy as np

    subprocess.run([sys.executable, "-c", "import umap"], check=False, capture_output=True)
    vectors = np.random.default_rng(config.SEED).standard_normal((40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = vectors @ vectors.T
    order = np.argsort(-scores, axis=1)[:, :15]
    distances = 1.0 - np.take_along_axis(scores, order, axis=1)
    _umap(vectors, order, distances, ProjectionParameters(n_epochs=2), _nothing)
