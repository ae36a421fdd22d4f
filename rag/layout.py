"""The story of a map: a collection's embeddings -> neighbors -> 2D, kept beside the collection as a cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rag import cache
from rag.collection import Collection
from rag.projection import ProjectionParameters, from_bytes, project, to_bytes
from rag.retrieval import cache_path, load_index
from rag.types import Projection


def load_layout(collection: Collection, parameters: ProjectionParameters) -> Projection | None:
    """The layout of the collection as it is now, where one was made with these parameters; else None."""
    content = cache.read_cached(_path(collection, parameters))
    return None if content is None else from_bytes(content)


def make_layout(collection: Collection, parameters: ProjectionParameters) -> Projection:
    """Lay the collection out and keep the result. Takes seconds; the first UMAP of a machine takes longer."""
    path = _path(collection, parameters)
    ids, vectors = collection.embeddings()
    index = load_index(collection)
    scores, neighbors = index.search(vectors, parameters.n_neighbors)
    projection = project(ids, vectors, neighbors, scores, parameters)
    cache.write_cached(path, to_bytes(projection))
    return projection


def _path(collection: Collection, parameters: ProjectionParameters) -> Path:
    digest = hashlib.sha256(repr(parameters).encode()).hexdigest()[:12]
    return cache_path(collection, collection.generation(), f"layout-{digest}")
