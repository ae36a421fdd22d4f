"""The search engine of a collection: that of the place where it is stored, or for a file FAISS and the word index."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from rag.index.flat import FlatIndex
from rag.index.kinds import SearchIndex
from rag.index.loading import load_chosen_index, load_index
from rag.index.words.loading import load_word_index
from rag.index.words.scores import WordIndex
from rag.store.chunk_filter import ChunkFilter
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.store.search import Found, SearchEngine, SearchFilter
from rag.text.query_terms import query_terms

if TYPE_CHECKING:
    from rag.store.chunk_filter import MaskArray
    from rag.types import FloatArray


def engine_of(collection: Collection) -> SearchEngine:
    """What searches the collection."""
    return collection.engine() or LocalEngine(collection)


class LocalEngine:
    """Searches a collection with indexes in this process, which are loaded at the first search of each kind.

    Each of them has the state of the collection at that moment. Raises CollectionError if it cannot be read.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def nearest(self, vector: FloatArray, k: int, where: SearchFilter) -> Found:
        """At most k chunks nearest to a unit vector, float32 (dimension,); scores are cosines.

        Uses the collection's chosen index; with a filter, exact search, because an index may miss what it keeps.
        """
        import numpy as np

        if not where:
            (scores,), (ids,) = self._chosen.search(vector[None, :], k)
            return Found(ids[ids >= 0], scores[ids >= 0])
        kept = self._exact.ids[self._kept(where)]
        (scores,), (ids,) = self._exact.search(vector[None, :], len(self._exact.ids))
        chosen = np.flatnonzero(np.isin(ids, kept))[: max(k, 0)]
        return Found(ids[chosen], scores[chosen])

    def matching(self, query: str, k: int, where: SearchFilter) -> Found:
        """At most k chunks with words of the query; scores are BM25 scores, ties by the smaller id."""
        import numpy as np

        index = self._words
        terms = Counter(query_terms(query))
        scores = index.scores(terms, "words")
        rows = np.flatnonzero((scores > 0) & self._kept(where) if where else scores > 0)
        best = rows[np.argsort(-scores[rows], kind="stable")[: max(k, 0)]]
        return Found(index.ids[best], scores[best].astype(np.float32))

    @cached_property
    def _chosen(self) -> FlatIndex | SearchIndex:
        return load_chosen_index(self._collection)

    @cached_property
    def _exact(self) -> FlatIndex:
        return self._chosen if isinstance(self._chosen, FlatIndex) else load_index(self._collection)

    @cached_property
    def _words(self) -> WordIndex:
        return load_word_index(self._collection)

    @cached_property
    def _table(self) -> ChunkTable:
        return ChunkTable.of(self._collection)

    def _kept(self, where: SearchFilter) -> MaskArray:
        """Which chunks the filter keeps, bool (n,), by ascending id."""
        import numpy as np

        table = self._table
        kept = ChunkFilter(documents=where.documents, columns=where.columns).keeps(table, [], frozenset())
        if where.chunk_ids is not None:
            kept = kept & np.isin(table.chunk_ids, list(where.chunk_ids))
        if where.except_documents:
            kept = kept & ~np.isin(table.document_of_each(), where.except_documents)
        return kept
