"""Diverse retrieval: rerank any retriever's hits by maximal marginal relevance (MMR)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.neighbors.search import marginally_relevant
from rag.retrieval.retrievers import Retriever
from rag.types import Hit

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_POOL_SHARE = 3
_SMALLEST_POOL = 10
"""The pool to choose from: three times as many hits as wanted, at least 10.

A larger pool reaches passages that have nothing to do with the query: of 298 chunks, 100 are a third."""


class VariedRetriever:
    """The hits of another retriever, reranked by MMR.

    The relevance of a hit follows from its rank: the first hit gets the highest cosine of all hits, the second the
    next, and so on. For dense search these are the hits' own cosines; for hybrid search the hybrid order is kept.

    Args:
        ids: the ids of the collection's chunks, int64 (n,), ascending.
        vectors: their unit vectors, float32 (n, dimension).
        relevance: the lambda of MMR, in [0, 1]; 1 keeps the retriever's order.
    """

    def __init__(self, retriever: Retriever, ids: IntArray, vectors: FloatArray, relevance: float) -> None:
        self._retriever = retriever
        self._ids, self._vectors = ids, vectors
        self._relevance = relevance

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits in the order chosen; each keeps its own score. A chunk without a vector is left out."""
        import numpy as np

        found = self._retriever.retrieve(query, max(_SMALLEST_POOL, _POOL_SHARE * k))
        wanted = np.array([hit.chunk.chunk_id for hit in found], dtype=np.int64)
        rows = self._ids.searchsorted(wanted).clip(0, max(len(self._ids) - 1, 0))
        known = [i for i in range(len(found)) if self._ids[rows[i]] == wanted[i]] if len(self._ids) else []
        vectors = self._vectors[rows[known]].astype(np.float64)
        scores = np.sort(np.array([found[i].score for i in known]))[::-1]
        chosen = [found[known[place]] for place in marginally_relevant(vectors, scores, k, self._relevance)]
        return tuple(replace(hit, rank=rank) for rank, hit in enumerate(chosen, start=1))
