"""Passages that differ from one another: any retriever's hits, chosen anew by maximal marginal relevance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rag.neighbors.search import marginally_relevant
from rag.types import Hit

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

POOL = 100
"""So many hits are chosen among."""


class Ranked(Protocol):
    """Finds chunks for a query."""

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits, best first."""


class VariedRetriever:
    """The hits of another retriever, each new one as relevant and as unlike those before it as `relevance` asks for.

    How relevant a hit is, its rank says: the first counts as similar to the query as the most similar hit is, and so
    on down. For search by meaning these are the hits' own cosines; where words counted too, their say is kept.
    """

    def __init__(self, retriever: Ranked, ids: IntArray, vectors: FloatArray, relevance: float) -> None:
        self._retriever = retriever
        self._ids, self._vectors = ids, vectors
        self._relevance = relevance

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits in the order chosen; each keeps its own score. A chunk without a vector is left out."""
        import numpy as np

        found = self._retriever.retrieve(query, max(POOL, k))
        wanted = np.array([hit.chunk.chunk_id for hit in found], dtype=np.int64)
        rows = self._ids.searchsorted(wanted).clip(0, max(len(self._ids) - 1, 0))
        known = [i for i in range(len(found)) if self._ids[rows[i]] == wanted[i]] if len(self._ids) else []
        vectors = self._vectors[rows[known]].astype(np.float64)
        scores = np.sort(np.array([found[i].score for i in known]))[::-1]
        chosen = [found[known[place]] for place in marginally_relevant(vectors, scores, k, self._relevance)]
        return tuple(replace(hit, rank=rank) for rank, hit in enumerate(chosen, start=1))
