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


class MilvusEngine:
    """Searches one collection in Milvus."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def nearest(self, vector: FloatArray, k: int, where: SearchFilter) -> Found:
        """At most k chunks nearest to a unit vector, float32 (dimension,); scores are cosines."""
        return self._search("vector", vector, k, where, {"metric_type": "COSINE"})

    def matching(self, query: str, k: int, where: SearchFilter) -> Found:
        """At most k chunks with words of the query; scores are Milvus' BM25 scores, above 0."""
        words = as_words(query_terms(query))
        if not words:
            return _found([])
        return self._search("bm25", words, k, where, {"metric_type": "BM25"})

    def _search(
        self, field: str, query: FloatArray | str, k: int, where: SearchFilter, parameters: dict[str, object]
    ) -> Found:
        # A chunk whose document was replaced since is no hit; enough others are left.
        snapshot = self._place.snapshot(with_entries=False)
        chosen = self._chosen(snapshot, where)
        if chosen is None or k < 1:
            return _found([])
        hits = self._place.search(field, query, min(k, MOST_HITS), chosen, parameters)
        # Milvus Lite gives BM25 scores as negative numbers, a server as positive ones.
        return _found(hits if field == "vector" else [(chunk_id, abs(score)) for chunk_id, score in hits])

    def _chosen(self, snapshot: Snapshot, where: SearchFilter) -> str | None:
        """The filter as an expression of Milvus; None if nothing can meet it."""
        conditions = [visible(snapshot)]
        if where.documents:
            of_names = self._place.catalog.entries_of(self._place.uid, self._place.shown_as, names=where.documents)
            conditions.append(f"version in {[entry.version for entry in of_names]}")
            if not of_names:
                return None
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
