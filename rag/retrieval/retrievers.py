"""Retrievers: find the chunks for a query, by embeddings (dense) or by words (BM25)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from rag import config
from rag.index.loading import VectorIndex
from rag.store.collection import Collection
from rag.types import Embedder, Finding, Hit

_WORD = re.compile(r"\w+")


class DenseRetriever:
    """Dense retrieval: nearest chunks by cosine similarity, among all chunks or those whose ids are in `only`.

    With `only` the index must be exact. Creating one raises ModelMismatch if the collection was built with another
    embedding model.
    """

    name = "dense"

    def __init__(
        self, collection: Collection, index: VectorIndex, embedder: Embedder, only: frozenset[int] | None = None
    ) -> None:
        collection.require_model(embedder.spec)
        self._collection = collection
        self._index = index
        self._embedder = embedder
        self._only = only

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first; none if the query has no visible character."""
        if not query.strip():
            return ()
        # The search is exact, so filtering the ranking of all chunks gives the nearest of the allowed ones.
        searched = k if self._only is None else len(self._index.ids)
        scores, ids = self._index.search(self._embedder.encode_queries([query]), searched)
        found = list(islice((i for i, chunk_id in enumerate(ids[0].tolist()) if self._is_allowed(chunk_id)), k))
        return hits_of(self._collection, ids[0, found].tolist(), scores[0, found].tolist(), self.name)

    def _is_allowed(self, chunk_id: int) -> bool:
        return self._only is None or chunk_id in self._only


class KeywordRetriever:
    """Keyword retrieval by BM25, among all chunks or those whose ids are in `only`.

    Inverse document frequencies are of the whole collection, so a chunk has the same score in both cases.
    """

    name = "keyword"

    def __init__(self, collection: Collection, only: frozenset[int] | None = None) -> None:
        self._collection = collection
        self._only = only

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first; none if no word of the query occurs."""
        found = self._collection.search_words(_WORD.findall(query), k, self._only)
        return hits_of(self._collection, [item[0] for item in found], [item[1] for item in found], self.name)


def hits_of(collection: Collection, ids: Sequence[int], scores: Sequence[float], retriever: str) -> tuple[Hit, ...]:
    """Hits in this order; a chunk that was deleted after the index was read is left out."""
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks(ids)}
    names = collection.document_names([chunk.document_id for chunk in chunks.values()])
    found = [(chunks[i], score) for i, score in zip(ids, scores, strict=True) if i in chunks]
    return tuple(
        Hit(chunk, names[chunk.document_id], score, rank, (Finding(retriever, rank, score),))
        for rank, (chunk, score) in enumerate(found, start=1)
        if chunk.document_id in names
    )


class Retriever(Protocol):
    """Finds chunks for a query."""

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits, best first."""
