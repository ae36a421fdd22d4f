"""The index of a collection: the choice is stored in the collection, the index itself in a cache file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from rag.index.flat import FlatIndex
from rag.index.kinds import SearchIndex, build
from rag.index.spec import IndexSpec, completed, least_chunks
from rag.runtime import artifacts
from rag.store.collection import Collection

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

    from rag.types import FloatArray, IntArray


_KEY = "index"
_RESCORED = 100
"""Number of candidates rescored with their true cosine, so that a displayed score is never an estimate."""


def choose_index(collection: Collection, spec: IndexSpec) -> None:
    """Store the choice in the collection's file. Raises CollectionError if it cannot be written."""
    collection.set_setting(_KEY, json.dumps(asdict(replace(spec, depth=_RESCORED))))


def chosen_index(collection: Collection) -> IndexSpec:
    """The chosen index; exact search if none was chosen, or if this version does not know it."""
    stored = collection.setting(_KEY)
    if stored is None:
        return IndexSpec("flat")
    try:
        return _adapter().validate_json(stored, strict=True, extra="forbid")
    except ValueError:
        return IndexSpec("flat")


@cache
def _adapter() -> TypeAdapter[IndexSpec]:
    from pydantic import TypeAdapter

    return TypeAdapter(IndexSpec)


def load_chosen_index(collection: Collection) -> FlatIndex | SearchIndex:
    """Load the chosen index from its cache, or build it again.

    Returns the exact index if that was chosen, or if there are now too few chunks for the chosen type.
    """
    spec = chosen_index(collection)
    if spec.kind == "flat":
        return load_index(collection)
    generation, ids, vectors = collection.stored_vectors()
    if len(ids) < least_chunks(completed(spec, *vectors.shape)):
        return FlatIndex.build(ids, vectors)
    path = _path(collection, generation, spec)
    index = SearchIndex.load(path, spec, ids, vectors)
    if index is None:
        index = build(spec, ids, vectors)
        index.save(path)
        artifacts.drop_others(path, "index-*")
    return index


def _path(collection: Collection, generation: int, spec: IndexSpec) -> Path:
    digest = hashlib.sha256(repr(spec).encode()).hexdigest()[:12]
    return cache_path(collection, generation, f"index-{digest}")


def cache_path(collection: Collection, generation: int, kind: str) -> Path:
    """Path of a cache file of this kind, for this generation of the collection."""
    return collection.cache_folder / f"{kind}.{collection.uid[:12]}.{generation}"


def load_index(collection: Collection) -> FlatIndex:
    """The exact index of the collection's vectors; it needs no cache file."""
    stored = collection.stored_vectors()
    # Earlier versions kept a copy of all vectors there.
    artifacts.drop_except((), collection.cache_folder, "flat.*")
    return FlatIndex.build(stored.ids, stored.vectors)


class VectorIndex(Protocol):
    """A structure that answers nearest-neighbor queries. `ids` int64 (n,) are its chunks."""

    ids: IntArray

    def search(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Scores float32 and ids int64, both (len(queries), min(k, n)), best first; id -1 if too few were found."""
