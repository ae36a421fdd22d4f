"""A question on a map: where it belongs, and how like each chunk is to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.index.flat import FlatIndex
from rag.map.placement import place
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

_PLACED_FROM = 15


def place_query(index: FlatIndex, vector: FloatArray, layout: Projection) -> tuple[float, ...] | None:
    """Where a question belongs on the map: (x, y) or (x, y, z); None where none of its nearest chunks is on it.

    Args:
        vector: the question's unit vector, float32 (1, dimension).
    """
    import numpy as np

    scores, ids = index.search(vector, _PLACED_FROM)
    rows = np.searchsorted(layout.chunk_ids, ids).clip(0, max(len(layout.chunk_ids) - 1, 0))
    there = layout.chunk_ids[rows] == ids if len(layout.chunk_ids) else np.zeros(ids.shape, dtype=np.bool_)
    if not there.any():
        return None
    return tuple(place(np.where(there, rows, -1), scores, layout.xy)[0].tolist())


def similarities(index: FlatIndex, vector: FloatArray, layout: Projection) -> FloatArray:
    """Cosine similarity of each of the map's chunks to a question, float32 (n,); NaN for one that is not indexed.

    Args:
        vector: the question's unit vector, float32 (1, dimension).
    """
    import numpy as np

    scores, ids = index.search(vector, len(index.ids))
    order = np.argsort(ids[0])
    by_id, own = scores[0][order], np.full(len(layout.chunk_ids), np.nan, dtype=np.float32)
    _, rows, found = np.intersect1d(layout.chunk_ids, ids[0][order], assume_unique=True, return_indices=True)
    own[rows] = by_id[found]
    return own
