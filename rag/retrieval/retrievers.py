"""Retrievers: find the chunks for a query, by embeddings (dense) or by words (BM25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.index.loading import VectorIndex
from rag.index.words.scores import WordIndex
from rag.retrieval.word_query import read_query
from rag.retrieval.word_scores import word_scores
from rag.store.collection import Collection
from rag.types import Embedder, Finding, Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

    DoubleArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]


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

    def hits_for(self, query: str, chunk_ids: Sequence[int]) -> tuple[Hit, ...]:
        """Hits for these chunks, each with its similarity and its rank among all chunks that are searched.

        They are in the order of the index, and `Hit.rank` counts them alone. A chunk that an approximate index does not
        find is compared by itself and has no rank in the search.
        """
        vector = self._embedder.encode_queries([query])
        scores, ids = self._index.search(vector, len(self._index.ids))
        searched = [i for i, chunk_id in enumerate(ids[0].tolist()) if chunk_id >= 0 and self._is_allowed(chunk_id)]
        wanted = set(chunk_ids)
        places = {int(ids[0, i]): (rank, float(scores[0, i])) for rank, i in enumerate(searched, 1)
                  if int(ids[0, i]) in wanted}  # fmt: skip
        known = hits_of(self._collection, list(places), [score for _, score in places.values()], self.name)
        hits = [replace(hit, found_by=(Finding(self.name, places[hit.chunk.chunk_id][0], hit.score),)) for hit in known]
        if missed := [chunk_id for chunk_id in chunk_ids if chunk_id not in places]:
            texts = [chunk.embedded_text for chunk in self._collection.chunks(missed)]
            cosines = (self._embedder.encode_documents(texts) @ vector[0]).tolist()
            alone = hits_of(self._collection, missed, cosines, self.name)
            hits += [replace(hit, found_by=()) for hit in alone]
        return tuple(hits)

    def _is_allowed(self, chunk_id: int) -> bool:
        return self._only is None or chunk_id in self._only


class KeywordRetriever:
    """Keyword retrieval by BM25, among all chunks or those whose ids are in `only`; a hit's score is its BM25 score.

    Inverse document frequencies are of the whole collection, so a chunk has the same score in both cases.
    """

    name = "keyword"

    def __init__(self, collection: Collection, index: WordIndex, only: frozenset[int] | None = None) -> None:
        self._collection = collection
        self._index = index
        self._only = only

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first, ties by the smaller id; none if no word of the query occurs."""
        ids, (scores, note) = self._index.ids, word_scores(self._collection, self._index, read_query(query))
        best = Places.of(ids, self._only).best(scores, k, scores > 0)
        hits = hits_of(self._collection, ids[best].tolist(), scores[best].tolist(), self.name)
        return tuple(replace(hit, weighing=note) for hit in hits)


@dataclass(frozen=True, slots=True)
class Places:
    """The chunks that are searched: `rows` of the collection, int64 (m,), ascending; None for all."""

    rows: IntArray | None

    @classmethod
    def of(cls, ids: IntArray, only: frozenset[int] | None) -> Places:
        """The chunks among `ids`, int64 (n,), that are in `only`; None for all."""
        import numpy as np

        return cls(None if only is None else np.flatnonzero(np.isin(ids, list(only))))

    def best(self, scores: DoubleArray, k: int, is_found: Mask | None = None) -> IntArray:
        """The rows of the k best scores, best first, ties by the smaller row, int64 (at most k,).

        Args:
            scores: of all rows, float64 (n,).
            is_found: which rows count, (n,) booleans; None for all.
        """
        import numpy as np

        rows = np.arange(len(scores)) if self.rows is None else self.rows
        rows = rows if is_found is None else rows[is_found[rows]]
        if len(rows) > k > 0:
            among = scores[rows]
            last = np.partition(among, len(rows) - k)[len(rows) - k]
            rows = rows[among >= last]
        return rows[np.argsort(-scores[rows], kind="stable")[:k]]

    def ranks(self, scores: DoubleArray, rows: Sequence[int]) -> list[int]:
        """The ranks of some rows by their scores among the rows that are searched, from 1; ties by the smaller row."""
        import numpy as np

        if not len(rows):
            return []
        among = scores if self.rows is None else scores[self.rows]
        # Only scores as high as the lowest of these are compared with each of them.
        near = np.flatnonzero(among >= scores[rows].min())
        high = among[near]
        places = near.searchsorted(rows if self.rows is None else self.rows.searchsorted(rows))
        return [
            1 + int(np.count_nonzero(high > score) + np.count_nonzero(high[:place] == score))
            for score, place in zip(scores[rows], places, strict=True)
        ]


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
