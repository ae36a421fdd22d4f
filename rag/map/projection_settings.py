"""Projection settings: method, metric and parameters of a layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rag import config
from rag.errors import ExplorerError

if TYPE_CHECKING:
    from rag.types import FloatArray

NEIGHBORS_PER_PERPLEXITY = 3
_SMALLEST_LENGTH = 1e-6

Method = Literal["umap", "tsne", "pca"]
Metric = Literal["cosine", "euclidean", "correlation"]
"""The distance between two embeddings, which are unit vectors.

"cosine": 1 minus the cosine of the angle between them. "euclidean": the straight-line distance,
sqrt(2 - 2 cosine); it has the same neighbors, with less contrast between near and far ones. "correlation": 1 minus the
cosine after subtracting each vector's mean from its components, so that a common offset does not count.
"""


@dataclass(frozen=True, slots=True)
class ProjectionParameters:
    """The parameters of a layout.

    For t-SNE, `n_neighbors` is the perplexity, and `min_dist` and `n_epochs` are not used. PCA uses only
    `n_components`.
    """

    method: Method = "umap"
    n_components: Literal[2, 3] = 2
    n_neighbors: int = 15
    min_dist: float = 0.1
    metric: Metric = "cosine"
    n_epochs: int = 200
    seed: int = config.SEED

    @property
    def n_searched(self) -> int:
        """Number of nearest neighbors per chunk, including itself, that the layout needs; 0 for PCA."""
        if self.method == "tsne":
            return NEIGHBORS_PER_PERPLEXITY * self.n_neighbors + 1
        return self.n_neighbors if self.method == "umap" else 0

    def canonical(self) -> ProjectionParameters:
        """The parameters with those that the method does not use set to their defaults."""
        default = ProjectionParameters()
        if self.method == "tsne":
            return replace(self, min_dist=default.min_dist, n_epochs=default.n_epochs)
        return replace(default, method="pca", n_components=self.n_components) if self.method == "pca" else self

    def require_drawable(self) -> None:
        """Raise ExplorerError if the method does not support this number of dimensions."""
        if self.method == "tsne" and self.n_components != 2:
            raise ExplorerError(
                f"t-SNE is available only in 2D, but {self.n_components}D was requested. "
                "Choose 2D, or UMAP or PCA for 3D."
            )


def comparable(vectors: FloatArray, metric: Metric) -> FloatArray:
    """Vectors whose cosine similarities order neighbors as the metric does: float32 (n, dimension), unit vectors.

    They are the given unit vectors, except for "correlation", which subtracts each vector's mean. A vector whose
    components are equal becomes zero, and is equally near to all others.
    """
    import numpy as np

    if metric != "correlation":
        return vectors
    centered = vectors - vectors.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    unit: FloatArray = centered / np.where(lengths > _SMALLEST_LENGTH, lengths, np.inf)
    return unit
