"""The story of a map: a collection's embeddings -> neighbors -> 2D, kept beside the collection.

A layout stays put: chunks that come later are placed among their neighbors, those that go leave a gap, until a
new layout is asked for. The new one is turned and scaled onto the old.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag import cache
from rag.alignment import align
from rag.collection import Collection
from rag.index import FlatIndex
from rag.placement import place
from rag.projection import ProjectionParameters, from_bytes, project, to_bytes, trust
from rag.retrieval import load_index
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_PLACED_FROM = 15
_MOST_PLACED = 0.5
_LEAST_AGREEMENT = 0.1


def load_layout(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    """The last layout with these parameters, with the chunks that are there now; what came later is placed in it.

    None where none was made, or where more than half of the chunks came after it.
    """
    kept = _read(collection, parameters)
    if kept is None or kept.chunk_ids.tolist() == collection.chunk_ids().tolist():
        return kept
    now = _brought_up(collection, kept)
    if now is not None:
        cache.write_cached(_path(collection, parameters), to_bytes(now))
    return now


def make_layout(collection: Collection, parameters: ProjectionParameters) -> Projection:
    """Lay the collection out anew, turned onto the layout before it, and keep the result. Takes seconds."""
    before = _read(collection, parameters)
    ids, vectors = collection.embeddings()
    scores, neighbors = load_index(collection).search(vectors, parameters.n_neighbors)
    projection = project(ids, vectors, neighbors, scores, parameters)
    if before is not None and before.method == projection.method:
        projection = replace(projection, xy=_turned(projection, before))
    cache.write_cached(_path(collection, parameters), to_bytes(projection))
    return projection


def _read(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    content = cache.read_cached(_path(collection, parameters))
    return None if content is None else from_bytes(content)


def _brought_up(collection: Collection, kept: Projection) -> Projection | None:
    """The kept layout without the chunks that are gone, and with the new ones among their neighbors."""
    import numpy as np

    ids, vectors = collection.embeddings()
    old_rows, rows = _common(kept.chunk_ids, ids)
    new = np.setdiff1d(np.arange(len(ids)), rows)
    placed_ids = np.union1d(np.intersect1d(kept.placed_ids, ids), ids[new])
    if len(placed_ids) > _MOST_PLACED * len(ids) or not len(rows) or kept.method != "umap":
        return None
    xy = np.empty((len(ids), 2), dtype=np.float32)
    xy[rows] = kept.xy[old_rows]
    xy[new] = _placed(vectors[new], vectors[rows], xy[rows])
    return replace(kept, chunk_ids=ids, xy=xy, placed_ids=placed_ids, trustworthiness=trust(vectors, xy))


def _placed(new: FloatArray, laid_out: FloatArray, xy: FloatArray) -> FloatArray:
    import numpy as np

    scores, positions = FlatIndex.build(np.arange(len(laid_out)), laid_out).search(new, _PLACED_FROM)
    return place(positions, scores, xy)


def _turned(projection: Projection, before: Projection) -> FloatArray:
    """The new coordinates, mirrored, turned, sized and moved so that what both layouts hold lies as near as it can."""
    old_rows, rows = _common(before.chunk_ids, projection.chunk_ids)
    if not len(rows):
        return projection.xy
    fixed = before.xy[old_rows]
    alignment = align(projection.xy[rows], fixed)
    # The best fit is smaller the less two layouts agree; without this, the map would shrink with each new layout.
    size = max(1.0 - alignment.disparity, _LEAST_AGREEMENT) ** -0.5
    middle = fixed.mean(axis=0)
    turned: FloatArray = middle + (alignment.apply(projection.xy) - middle) * size
    return turned


def _common(before: IntArray, now: IntArray) -> tuple[IntArray, IntArray]:
    """The rows in either of the ids that both hold."""
    import numpy as np

    _, old_rows, rows = np.intersect1d(before, now, assume_unique=True, return_indices=True)
    return old_rows, rows


def _path(collection: Collection, parameters: ProjectionParameters) -> Path:
    digest = hashlib.sha256(repr(parameters).encode()).hexdigest()[:12]
    return collection.cache_folder / f"layout-{digest}.{collection.uid[:12]}"
