"""The chunks nearest to a vector, wherever the collection is: in loaded vectors, or by the search of a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from rag.neighbors.search import (
    PLAIN,
    POOL_TIMES,
    SMALLEST_POOL,
    NeighborFilter,
    find,
    marginally_relevant,
    neighbors_of,
)
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.store.search import Found, SearchEngine, SearchFilter

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_EVERYTHING = NeighborFilter()


class Loaded(NamedTuple):
    """Chunk ids int64 (n,), ascending, their unit vectors float32 (n, dimension), and the chunks' properties."""

    ids: IntArray
    vectors: FloatArray
    table: ChunkTable


def chunks_near(
    collection: Collection,
    vector: FloatArray,
    k: int,
    load: Callable[[], Loaded],
    *,
    allowed: NeighborFilter = _EVERYTHING,
    without: int | None = None,
    relevance: float = PLAIN,
) -> Found:
    """The k chunks nearest to a unit vector; relevance as of `rag.neighbors.search.find`.

    Args:
        vector: float32 (dimension,).
        load: the chunks, if no store searches for them; called only then.
        allowed: which chunks may be found.
        without: the id of the chunk that has this vector, which is left out; None for a text.
    """
    if (engine := collection.engine()) is not None:
        return _in_store(collection, engine, vector, k, _filter(collection, allowed), without, relevance)
    ids, vectors, table = load()
    may_be_found = allowed.allows(table)
    if len(may_be_found) != len(ids):  # The collection changed between the two reads.
        return Found(ids[:0], vectors[:0, 0])
    if without is None:
        near = find(ids, vectors, vector, k, allowed=may_be_found, relevance=relevance)
    else:
        near = neighbors_of(ids, vectors, without, k, allowed=may_be_found, relevance=relevance)
    return Found(near.ids, near.scores)


def _in_store(
    collection: Collection,
    engine: SearchEngine,
    vector: FloatArray,
    k: int,
    where: SearchFilter,
    without: int | None,
    relevance: float,
) -> Found:
    """The store searches, and only its candidates are compared here."""
    import numpy as np

    pool = k if relevance == PLAIN else max(POOL_TIMES * k, SMALLEST_POOL)
    found = engine.nearest(vector, pool + (without is not None), where)
    others = found.ids != without
    found = Found(found.ids[others][:pool], found.scores[others][:pool])
    if relevance == PLAIN:
        return found
    ids, vectors = collection.vectors_with(found.ids.tolist())
    is_there = np.isin(found.ids, ids)
    found = Found(found.ids[is_there], found.scores[is_there])
    ordered = vectors[ids.searchsorted(found.ids)].astype(np.float64)
    chosen = marginally_relevant(ordered, found.scores.astype(np.float64), k, relevance)
    return Found(found.ids[chosen], found.scores[chosen])


def _filter(collection: Collection, allowed: NeighborFilter) -> SearchFilter:
    """The filter as a store applies it."""
    documents: tuple[str, ...] = ()
    if allowed.not_with is not None:
        chunks = collection.chunks([allowed.not_with])
        documents = tuple(collection.document_names([chunk.document_id for chunk in chunks]).values())
    return SearchFilter(documents=allowed.documents, columns=allowed.columns, except_documents=documents)
