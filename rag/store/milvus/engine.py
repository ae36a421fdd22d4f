"""Search in Milvus: nearest vectors, full text (BM25), and filters, over the visible versions of documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.store.milvus.catalog import Snapshot
from rag.store.milvus.layout import as_words, label_mark
from rag.store.milvus.place import Place
from rag.store.search import Found, SearchFilter
from rag.text.query_terms import query_terms

if TYPE_CHECKING:
    from rag.types import FloatArray

MOST_HITS = 16_384
"""The most hits that Milvus gives for one search."""
_LEAST_WIDTH, _LEAST_WIDTH_FILTERED, _LARGEST_WIDTH = 128, 1024, 32_768
"""How many candidates HNSW keeps while it searches (ef), without and with a filter."""


class MilvusEngine:
    """Searches one collection in Milvus."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def nearest(self, vector: FloatArray, k: int, where: SearchFilter) -> Found:
        """At most k chunks nearest to a unit vector, float32 (dimension,); scores are cosines."""
        snapshot = self._place.snapshot(with_entries=False)
        k, chosen = min(k, MOST_HITS), self._chosen(snapshot, where)
        if chosen is None or k < 1:
            return _found([])
        index = self._place.vector_index
        width = max(_LEAST_WIDTH_FILTERED, 8 * k) if where else max(_LEAST_WIDTH, 2 * k)
        settings = {"ef": min(width, _LARGEST_WIDTH)} if index.kind == "HNSW" else {}
        parameters = {"metric_type": index.metric, "params": settings}
        found = _found(self._place.search("vector", vector, k, chosen, parameters))
        return Found(found.ids, found.scores.clip(-1.0, 1.0))

    def matching(self, query: str, k: int, where: SearchFilter) -> Found:
        """At most k chunks with words of the query; scores are Milvus' BM25 scores, above 0."""
        words = as_words(query_terms(query))
        k, chosen = min(k, MOST_HITS), self._chosen(self._place.snapshot(with_entries=False), where)
        if not words or chosen is None or k < 1:
            return _found([])
        # Milvus Lite gives BM25 scores as negative numbers, a server as positive ones.
        hits = self._place.search("bm25", words, k, chosen, {"metric_type": "BM25"})
        return _found([(chunk_id, abs(score)) for chunk_id, score in hits])

    def _chosen(self, snapshot: Snapshot, where: SearchFilter) -> str | None:
        """The filter as an expression of Milvus; None if nothing can meet it."""
        conditions = [visible(snapshot)]
        if where.documents:
            of_names = self._place.catalog.entries_of(self._place.uid, self._place.shown_as, names=where.documents)
            conditions.append(f"version in {[entry.version for entry in of_names]}")
            if not of_names:
                return None
        if where.except_documents:
            left_out = self._place.catalog.entries_of(
                self._place.uid, self._place.shown_as, names=where.except_documents
            )
            conditions.append(f"version not in {[entry.version for entry in left_out]}")
        for column, values in where.columns.items():
            if values:
                marks = (f'labels like "%{label_mark(column, value)}%"' for value in values)
                conditions.append(f"({' or '.join(marks)})")
        if where.chunk_ids is not None:
            conditions.append(f"chunk_id in {sorted(where.chunk_ids)}")
            if not where.chunk_ids:
                return None
        return " and ".join(conditions)


def visible(snapshot: Snapshot) -> str:
    """The condition that only versions visible in this state are found."""
    known = f"version < {snapshot.next_version}"
    return f"{known} and version not in {list(snapshot.hidden)}" if snapshot.hidden else known


def _found(hits: Sequence[tuple[int, float]]) -> Found:
    import numpy as np

    return Found(
        np.array([chunk_id for chunk_id, _ in hits], dtype=np.int64),
        np.array([score for _, score in hits], dtype=np.float32),
    )
