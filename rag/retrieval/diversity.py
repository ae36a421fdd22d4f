"""Diverse retrieval: rerank any retriever's hits by maximal marginal relevance (MMR)."""

from __future__ import annotations

from dataclasses import replace

from rag.neighbors.search import marginally_relevant
from rag.retrieval.retrievers import Retriever
from rag.store.collection import Collection
from rag.types import Hit

_POOL_SHARE = 3
_SMALLEST_POOL = 10
"""The pool to choose from: three times as many hits as wanted, at least 10.

A larger pool reaches passages that have nothing to do with the query: of 298 chunks, 100 are a third."""


class VariedRetriever:
    """The hits of another retriever, reranked by MMR.

    The relevance of a hit follows from its rank: the first hit gets the highest cosine of all hits, the second the
    next, and so on. For dense search these are the hits' own cosines; for hybrid search the hybrid order is kept.

    Args:
        collection: where the hits' vectors are.
        relevance: the lambda of MMR, in [0, 1]; 1 keeps the retriever's order.
    """

    def __init__(self, retriever: Retriever, collection: Collection, relevance: float) -> None:
        self._retriever = retriever
        self._collection = collection
        self._relevance = relevance

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits in the order chosen; each keeps its own score. A chunk without a vector is left out."""
        import numpy as np

        found = self._retriever.retrieve(query, max(_SMALLEST_POOL, _POOL_SHARE * k))
        ids, unit = self._collection.vectors_with([hit.chunk.chunk_id for hit in found])
        row_of = {chunk_id: row for row, chunk_id in enumerate(ids.tolist())}
        known = [i for i, hit in enumerate(found) if hit.chunk.chunk_id in row_of]
        vectors = unit[[row_of[found[i].chunk.chunk_id] for i in known]].astype(np.float64)
        scores = np.sort(np.array([found[i].score for i in known]))[::-1]
        chosen = [found[known[place]] for place in marginally_relevant(vectors, scores, k, self._relevance)]
        return tuple(replace(hit, rank=rank) for rank, hit in enumerate(chosen, start=1))
