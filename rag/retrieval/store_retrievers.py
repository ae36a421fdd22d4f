"""Retrievers for collections on a server: the store searches, and only its candidates are read into this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rag import config
from rag.retrieval.hybrid import WeightedSearch, cosines_of, mean_and_spread, weighing
from rag.retrieval.label_matches import LabelFirstRetriever
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever, Places, Retriever, hits_of
from rag.retrieval.settings import Mode
from rag.retrieval.store_words import StoreWords, WordHits
from rag.retrieval.weights import ONLY_WORDS, Weights, weights_for
from rag.store.collection import Collection
from rag.store.sampling import sample_of
from rag.store.search import Found, SearchEngine, SearchFilter
from rag.types import Embedder, Finding, Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_CANDIDATES = 200
"""The best chunks by meaning, and by words, that are compared; four times as many as are wanted, if that is more."""
_SAMPLED = 1_024
"""Chunks from which the mean and the standard deviation of scores over the whole collection are estimated."""
_ALL = SearchFilter()
_NONE = SearchFilter(chunk_ids=frozenset())


def store_retriever(
    collection: Collection, engine: SearchEngine, embedder: Embedder, mode: Mode, where: SearchFilter = _ALL
) -> Retriever:
    """The retriever for a mode over a collection that the engine searches; every score is a cosine similarity.

    Args:
        where: the chunks to search in.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """
    words = StoreWords(collection, engine, where)
    if mode == "dense":
        return LabelFirstRetriever(collection, StoreDenseRetriever(collection, engine, embedder, where), lambda: words)
    weights = ONLY_WORDS if mode == "keyword" else None
    hybrid = StoreHybridRetriever(collection, engine, embedder, where, weights=weights)
    return LabelFirstRetriever(collection, hybrid, lambda: words)


class StoreDenseRetriever:
    """The chunks nearest to a query by cosine similarity, found by the store's index.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """

    name = DenseRetriever.name

    def __init__(
        self, collection: Collection, engine: SearchEngine, embedder: Embedder, where: SearchFilter = _ALL
    ) -> None:
        collection.require_model(embedder.spec)
        self._collection = collection
        self._engine = engine
        self._embedder = embedder
        self._where = where

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first; none if the query has no visible character."""
        if not query.strip():
            return ()
        found = self._engine.nearest(self._embedder.encode_queries([query])[0], k, self._where)
        return hits_of(self._collection, found.ids.tolist(), found.scores.tolist(), self.name)

    def hits_for(self, query: str, chunk_ids: Sequence[int]) -> tuple[Hit, ...]:
        """Hits for these chunks, best first, each with its similarity, and its rank if it is among the best 200."""
        import numpy as np

        vector = self._embedder.encode_queries([query])[0]
        found = self._engine.nearest(vector, _CANDIDATES, self._where).ids.tolist()
        ids, vectors = self._collection.vectors_with(chunk_ids)
        cosines = cosines_of(vectors, vector)
        order = np.argsort(-cosines, kind="stable")
        hits = hits_of(self._collection, ids[order].tolist(), cosines[order].tolist(), self.name)
        ranks = {chunk_id: rank for rank, chunk_id in enumerate(found, start=1)}
        return tuple(replace(hit, found_by=_ranked(self.name, hit, ranks)) for hit in hits)


class StoreKeywordRetriever:
    """The chunks with words of a query; a hit's score is the store's BM25 score."""

    name = KeywordRetriever.name

    def __init__(self, collection: Collection, engine: SearchEngine) -> None:
        self._collection = collection
        self._words = StoreWords(collection, engine)

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first, ties by the smaller id."""
        found = self._words.search(query, max(k, _CANDIDATES))
        best = sorted(found.scores.items(), key=lambda one: (-one[1], one[0]))[:k]
        hits = hits_of(self._collection, [one for one, _ in best], [score for _, score in best], self.name)
        return tuple(replace(hit, weighing=found.note) for hit in hits)


@dataclass(frozen=True, slots=True)
class _Scored:
    """The candidates for a query, int64 (m,), ascending, their searches, and the weighing in words."""

    ids: IntArray
    searches: tuple[WeightedSearch, ...]
    said: str


class StoreHybridRetriever:
    """Similarity and words combined, as by `HybridRetriever`; every hit's score is its cosine similarity.

    The candidates are the best 200 chunks by meaning and the best 200 by words, or more for a larger k. Their scores
    are exact, and ranks are those among the candidates. Scores are standardized over the whole collection: the mean
    and the standard deviation of cosines are estimated from a sample of 1,024 chunks, and those of words, if more than
    200 chunks contain one, from the 200 and the sample. A store does not search for pieces of words, so that their
    weight is that of words.

    Args:
        where: the chunks to search in.
        weights: as of `HybridRetriever`.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """

    name = "hybrid"

    def __init__(
        self, collection: Collection, engine: SearchEngine, embedder: Embedder, where: SearchFilter = _ALL,
        *, weights: Weights | None = None,
    ) -> None:  # fmt: skip
        collection.require_model(embedder.spec)
        self._collection = collection
        self._engine = engine
        self._embedder = embedder
        self._where = where
        self._weights = weights

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first, ties by the smaller id."""
        import numpy as np

        if not query.strip():
            return ()
        found = self._scored(query, max(_CANDIDATES, 4 * k))
        dense, words = found.searches
        total = np.sum([one.factor * one.scores for one in found.searches], axis=0)
        is_found = None if dense.weight else words.scores > 0
        return self._hits(found, Places(None).best(total, k, is_found))

    def hits_for(self, query: str, chunk_ids: Sequence[int]) -> tuple[Hit, ...]:
        """Hits for these chunks, as `retrieve` describes them, in their order; `Hit.rank` counts them alone."""
        import numpy as np

        found = self._scored(query, _CANDIDATES, chunk_ids)
        row_of = {chunk_id: row for row, chunk_id in enumerate(found.ids.tolist())}
        rows = [row_of[chunk_id] for chunk_id in chunk_ids if chunk_id in row_of]
        return self._hits(found, np.array(rows, dtype=np.int64))

    def _hits(self, found: _Scored, rows: IntArray) -> tuple[Hit, ...]:
        """Hits for these rows of the candidates, in their order, with what each search says of them."""
        findings = [one.findings(rows.tolist(), Places(None)) for one in found.searches]
        found_by = {int(found.ids[row]): tuple(one[row] for one in findings if row in one) for row in rows.tolist()}
        cosines = found.searches[0].scores[rows].tolist()
        hits = hits_of(self._collection, found.ids[rows].tolist(), cosines, self.name)
        return tuple(replace(hit, found_by=found_by[hit.chunk.chunk_id], weighing=found.said) for hit in hits)

    def _scored(self, query: str, n: int, also: Sequence[int] = ()) -> _Scored:
        """The n best candidates of each search, and the chunks `also`, with both scores."""
        import numpy as np

        weights = self._weights or weights_for(query, self._embedder)
        weights = replace(weights, words=weights.words + weights.pieces, pieces=0.0)
        vector = self._embedder.encode_queries([query])[0]
        near = self._engine.nearest(vector, n, self._where if weights.dense else _NONE)
        words = StoreWords(self._collection, self._engine, self._where)
        by_words = words.search(query, n)
        cosine = self._cosines(vector, near, {*also, *by_words.scores})
        ids = np.array(sorted(cosine), dtype=np.int64)
        cosines = np.array([cosine[chunk_id] for chunk_id in ids.tolist()], dtype=np.float64)
        scores = words.scores_of(query, by_words, ids)
        sampled_ids, sampled_vectors = sample_vectors(self._collection)
        of_cosines = mean_and_spread(cosines_of(sampled_vectors, vector)) if len(sampled_ids) else (0.0, 0.0)
        of_words = self._of_words(query, by_words, sampled_ids)
        searches = (
            WeightedSearch(DenseRetriever.name, cosines, weights.dense, of_cosines),
            WeightedSearch(KeywordRetriever.name, np.asarray(scores, dtype=np.float64), weights.words, of_words),
        )
        said = () if self._weights else (weighing(weights), weights.reason)
        return _Scored(ids, searches, " ".join(filter(None, (*said, by_words.note))))

    def _cosines(self, vector: FloatArray, near: Found, others: set[int]) -> dict[int, float]:
        """The similarities of the nearest chunks, as the store computed them, and of others that exist, by id."""
        known = dict(zip(near.ids.tolist(), near.scores.astype("float64").tolist(), strict=True))
        ids, vectors = self._collection.vectors_with(sorted(others - known.keys()))
        return known | dict(zip(ids.tolist(), cosines_of(vectors, vector).tolist(), strict=True))

    def _of_words(self, query: str, found: WordHits, sampled_ids: IntArray) -> tuple[float, float]:
        """The mean and standard deviation of the words' scores over the collection, in which most chunks have 0."""
        import numpy as np

        everywhere = StoreWords(self._collection, self._engine)
        if self._where:
            found = everywhere.search(query, _CANDIDATES)
        n = self._collection.n_chunks()
        best = np.array(list(found.scores.values()), dtype=np.float64)
        total, squares = best.sum(), (best**2).sum()
        if found.is_cut and len(sampled_ids):
            scores = np.array(everywhere.scores_of(query, None, sampled_ids), dtype=np.float64)
            others = scores[scores < best.min()]
            share = n / len(sampled_ids)
            total, squares = total + share * others.sum(), squares + share * (others**2).sum()
        if not n:
            return 0.0, 0.0
        mean = float(total / n)
        return mean, float(max(squares / n - mean * mean, 0.0) ** 0.5)


def _ranked(retriever: str, hit: Hit, ranks: dict[int, int]) -> tuple[Finding, ...]:
    rank = ranks.get(hit.chunk.chunk_id)
    return () if rank is None else (Finding(retriever, rank, hit.score),)


@dataclass(frozen=True)
class _State:
    """One state of a collection; only its key is compared."""

    key: tuple[str, str, int]
    collection: Collection = field(compare=False)


def sample_vectors(collection: Collection) -> tuple[IntArray, FloatArray]:
    """A random sample of at most 1,024 chunks, kept for the last few states: ids int64 (m,), and their unit vectors.

    The vectors are float32 (m, dimension).
    """
    return _sample_vectors(_State((collection.location, collection.uid, collection.generation()), collection))


@lru_cache(maxsize=4)
def _sample_vectors(state: _State) -> tuple[IntArray, FloatArray]:
    return state.collection.vectors_with(sample_of(state.collection.chunk_ids(), _SAMPLED).tolist())
