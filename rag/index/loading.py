"""Which index a collection is searched with, remembered in its file; exact search where none was chosen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.index.flat import FlatIndex
from rag.index.kinds import SearchIndex, build
from rag.index.spec import KINDS, IndexSpec, completed, least_chunks
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.store.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import FloatArray, IntArray


_KEY = "index"
_RESCORED = 100
"""So many candidates get their true cosine: a score on a page is never an estimate."""


def choose_index(collection: Collection, spec: IndexSpec) -> None:
    """Remember the index in the collection's file. Raises CollectionError where that cannot be written."""
    value = json.dumps(asdict(replace(spec, depth=_RESCORED)))
    with transaction(collection.path, collection.uid, "BEGIN IMMEDIATE", shown_as=collection.spec.name) as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, value))
        connection.execute("COMMIT")


def chosen_index(collection: Collection) -> IndexSpec:
    """The index that was chosen; exact search where none was, or where this version does not know it."""
    with transaction(collection.path, collection.uid, "BEGIN", shown_as=collection.spec.name) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    try:
        spec = IndexSpec(**json.loads(row[0])) if row else IndexSpec("flat")
    except (TypeError, ValueError):
        return IndexSpec("flat")
    return spec if spec.kind in KINDS else IndexSpec("flat")


def load_chosen_index(collection: Collection) -> FlatIndex | SearchIndex:
    """The index to search the collection with, from its cache or built again.

    Exact where that was chosen, and where there are now too few chunks for the kind that was.
    """
    spec = chosen_index(collection)
    if spec.kind == "flat":
        return load_index(collection)
    ids, vectors = collection.embeddings()
    if len(ids) < least_chunks(completed(spec, *vectors.shape)):
        return load_index(collection)
    path = _path(collection, spec)
    index = SearchIndex.load(path, spec, ids, vectors)
    if index is None:
        index = build(spec, ids, vectors)
        index.save(path)
        artifacts.drop_others(path, "index-*")
    return index


def _path(collection: Collection, spec: IndexSpec) -> Path:
    digest = hashlib.sha256(repr(spec).encode()).hexdigest()[:12]
    return cache_path(collection, collection.generation(), f"index-{digest}")


def cache_path(collection: Collection, generation: int, kind: str) -> Path:
    """Where a cache of this collection, at this generation, lives; older generations of this kind are dropped."""
    return collection.cache_folder / f"{kind}.{collection.uid[:12]}.{generation}"


def load_index(collection: Collection) -> FlatIndex:
    """The collection's index: from its cache, or built again where that is stale, missing or damaged."""
    generation = collection.generation()
    ids, vectors = collection.embeddings()
    path = cache_path(collection, generation, "flat")
    index = FlatIndex.load(path, ids)
    if index is None:
        index = FlatIndex.build(ids, vectors)
        index.save(path)
        artifacts.drop_others(path, "flat.*")
    return index


class VectorIndex(Protocol):
    """A structure that answers nearest-neighbor queries."""

    ids: IntArray

    def search(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Scores float32 and ids int64, both (len(queries), min(k, n)), best first; id -1 where too few were found."""
