"""What a layout depends on, beside the embeddings: how it is drawn, and which distance it goes by."""

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
"""How far two embeddings, which are unit vectors, are from each other.

"cosine": 1 minus the cosine of the angle between them. "euclidean": the straight line between them,
sqrt(2 - 2 cosine); it sees the same neighbors, and near ones stand out less from far ones. "correlation": 1 minus
the cosine after each vector's own mean is taken off all its numbers, so that a level they share does not count.
"""


@dataclass(frozen=True, slots=True)
class ProjectionParameters:
    """What a layout depends on, beside the embeddings.

    For t-SNE, `n_neighbors` is the perplexity. t-SNE does not use `min_dist` and `n_epochs`; PCA draws the
    embeddings as they are, and uses nothing but `n_components`.
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
        """How many nearest chunks of each, itself among them, the layout is made from; 0 for PCA."""
        if self.method == "tsne":
            return NEIGHBORS_PER_PERPLEXITY * self.n_neighbors + 1
        return self.n_neighbors if self.method == "umap" else 0

    def canonical(self) -> ProjectionParameters:
        """The same layout's parameters, those that its method does not use being the default ones."""
        default = ProjectionParameters()
        if self.method == "tsne":
            return replace(self, min_dist=default.min_dist, n_epochs=default.n_epochs)
        return replace(default, method="pca", n_components=self.n_components) if self.method == "pca" else self

    def require_drawable(self) -> None:
        """Raise ExplorerError where the method does not draw in so many dimensions."""
        if self.method == "tsne" and self.n_components != 2:
            raise ExplorerError(
                f"t-SNE draws in 2D only here, and {self.n_components}D was asked for. "
                "Choose 2D, or UMAP or PCA for 3D."
            )


def comparable(vectors: FloatArray, metric: Metric) -> FloatArray:
    """The unit vectors whose cosine similarities a metric goes by, float32 of the same shape.

    They are the vectors themselves, but for "correlation": then each has its mean taken off. One whose numbers are
    all the same becomes zero, and is as near to any other.
    """
    import numpy as np

    if metric != "correlation":
        return vectors
    centered = vectors - vectors.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    unit: FloatArray = centered / np.where(lengths > _SMALLEST_LENGTH, lengths, np.inf)
    return unit
