"""Embeddings -> 2D: the only home of umap."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag import config
from rag.map_quality import measure_map
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

UMAP_MINIMUM = 10


@dataclass(frozen=True, slots=True)
class ProjectionParameters:
    """What a layout depends on, beside the embeddings."""

    n_neighbors: int = 15
    min_dist: float = 0.1
    n_epochs: int = 200
    seed: int = config.SEED


def project(
    ids: IntArray,
    vectors: FloatArray,
    neighbor_ids: IntArray,
    neighbor_scores: FloatArray,
    parameters: ProjectionParameters,
) -> Projection:
    """Lay the chunks out so that near neighbors stay near.

    Args:
        ids: int64 (n,).
        vectors: unit vectors float32 (n, dimension).
        neighbor_ids: each chunk's nearest, itself among them, int64 (n, at least min(n_neighbors, n)).
        neighbor_scores: their cosine similarities, float32, of the same shape.

    Returns:
        UMAP's layout, or PCA's where there are fewer than UMAP_MINIMUM different chunks; its note says so.
    """
    import numpy as np

    started = time.perf_counter()
    distinct = len(np.unique(vectors, axis=0)) if len(ids) else 0
    if distinct < UMAP_MINIMUM:
        xy, method = _pca(vectors), "pca"
        note = f"Drawn by PCA: UMAP needs at least {UMAP_MINIMUM} different chunks, and there are {distinct}."
    else:
        positions = np.searchsorted(ids, neighbor_ids)
        xy, method, note = _umap(vectors, positions, neighbor_scores, parameters), "umap", ""
    seconds = time.perf_counter() - started
    return Projection(ids, xy, method, note, trust(vectors, xy), seconds, ids[:0])


def _pca(vectors: FloatArray) -> FloatArray:
    import numpy as np
    from sklearn.decomposition import PCA

    xy = np.zeros((len(vectors), 2), dtype=np.float32)
    n_components = min(2, len(vectors) - 1, vectors.shape[1])
    if n_components > 0 and np.ptp(vectors, axis=0).max() > 0:
        xy[:, :n_components] = PCA(n_components, svd_solver="full").fit_transform(vectors)
    return xy


def _umap(vectors: FloatArray, positions: IntArray, scores: FloatArray, parameters: ProjectionParameters) -> FloatArray:
    import warnings

    import numpy as np
    import umap

    n_neighbors = min(parameters.n_neighbors, len(vectors))
    indices, distances = _self_first(positions, 1.0 - scores, n_neighbors)
    reducer = umap.UMAP(
        n_neighbors=n_neighbors,
        min_dist=parameters.min_dist,
        metric="cosine",
        n_epochs=parameters.n_epochs,
        init="pca",
        random_state=parameters.seed,
        n_jobs=1,
        precomputed_knn=(indices, distances, None),
        force_approximation_algorithm=True,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*precomputed_knn.*")
        warnings.filterwarnings("ignore", message=".*transform.*unavailable.*")
        return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)


def _self_first(positions: IntArray, distances: FloatArray, n_neighbors: int) -> tuple[IntArray, FloatArray]:
    """Neighbors as UMAP wants them: itself first at distance 0, although a duplicate may have been found before it."""
    import numpy as np

    own = np.arange(len(positions))[:, None]
    order = np.argsort(positions != own, axis=1, kind="stable")
    positions = np.take_along_axis(positions, order, axis=1)[:, :n_neighbors]
    distances = np.take_along_axis(distances, order, axis=1)[:, :n_neighbors].clip(0.0)
    positions[:, 0], distances[:, 0] = own[:, 0], 0.0
    return positions.astype(np.int32), distances.astype(np.float32)


def trust(vectors: FloatArray, xy: FloatArray) -> float | None:
    """The map's trustworthiness over 10 neighbors, of a sample above 2,000 chunks; None below 21 chunks."""
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
    """What `to_bytes` wrote."""
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

    The first import on a machine compiles for 14 s and keeps the result on disk. That is done in a process of
    its own, so that this one goes on with other work meanwhile; afterwards the import takes 1 s.
    """
    import subprocess
    import sys

    import numpy as np

    subprocess.run([sys.executable, "-c", "import umap"], check=False, capture_output=True)
    vectors = np.random.default_rng(config.SEED).standard_normal((40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = vectors @ vectors.T
    order = np.argsort(-scores, axis=1)[:, :15]
    _umap(vectors, order, np.take_along_axis(scores, order, axis=1), ProjectionParameters(n_epochs=2))
