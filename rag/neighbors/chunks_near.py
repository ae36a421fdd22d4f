"""Nearest neighbors in a collection on a server: the store searches, and only its candidates are compared here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.neighbors.search import PLAIN, POOL_TIMES, SMALLEST_POOL, NeighborFilter, marginally_relevant
from rag.store.collection import Collection
from rag.store.search import Found, SearchEngine, SearchFilter

if TYPE_CHECKING:
    from rag.types import FloatArray


def nearest_in_store(
    collection: Collection,
    engine: SearchEngine,
    vector: FloatArray,
    k: int,
    *,
    where: SearchFilter | None = None,
    without: int | None = None,
    relevance: float = PLAIN,
) -> Found:
    """The k chunks nearest to a unit vector, as the store finds them; arguments as of `find` in `rag.neighbors.search`.

    Args:
        vector: float32 (dimension,).
        where: which chunks may be found; all by default.
        without: the id of a chunk that is left out.
    """
    import numpy as np

    pool = k if relevance == PLAIN else max(POOL_TIMES * k, SMALLEST_POOL)
    found = engine.nearest(vector, pool + (without is not None), where or SearchFilter())
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


def filter_in_store(collection: Collection, allowed: NeighborFilter) -> SearchFilter:
    """The filter as a store applies it."""
    documents: tuple[str, ...] = ()
    if allowed.not_with is not None:
        chunks = collection.chunks([allowed.not_with])
        documents = tuple(collection.document_names([chunk.document_id for chunk in chunks]).values())
    return SearchFilter(documents=allowed.documents, columns=allowed.columns, except_documents=documents)
