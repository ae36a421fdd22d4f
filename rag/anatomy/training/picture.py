"""The 2D picture of a training: passages and words as one UMAP layout, which follows from the picture before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import config
from rag.map.projection import redraw
from rag.map.projection_settings import ProjectionParameters

if TYPE_CHECKING:
    from rag.types import FloatArray

_PARAMETERS = ProjectionParameters(n_neighbors=15, min_dist=0.1, n_epochs=40)


def picture(vectors: FloatArray, earlier: FloatArray | None = None) -> FloatArray:
    """Coordinates float32 (n, 2) of unit vectors float32 (n, dimension), with n of 3 or more.

    Args:
        earlier: the coordinates of the picture before, from which this one is drawn; by default, random ones.
    """
    import numpy as np

    if earlier is None:
        earlier = np.random.default_rng(config.SEED).random((len(vectors), 2), dtype=np.float32)
    return redraw(vectors, earlier, _PARAMETERS)
