"""Hybrid retrieval: similarity, words and pieces of words, ranked by a weighted sum of their standardized scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag import config
from rag.index.flat import FlatIndex
from rag.index.loading import VectorIndex
from rag.index.words.scores import WordIndex
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever, Places, hits_of
from rag.retrieval.weights import Weights, weights_for
from rag.retrieval.word_query import read_query
from rag.retrieval.word_scores import word_scores
from rag.store.collection import Collection
from rag.types import Embedder, Finding, Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]

PIECES = "pieces"
"""The name of the search by pieces of words in a hit's findings."""
_ROUNDING = 1e-14
_CANDIDATES = 1_000
_SAMPLED = 10_000


class WeightedSearch:
    """One search: the scores of the chunks that are compared, float64 (n,), standardized and weighted.

    Args:
        of_all: the mean and the standard deviation of the scores of all chunks; by default, those of `scores`.
    """

    def __init__(
        self, retriever: str, scores: DoubleArray, weight: float, of_all: tuple[float, float] | None = None
    ) -> None:
        self.retriever, self.scores, self.weight = retriever, scores, weight
        self.mean, spread = of_all or mean_and_spread(scores)
        self.factor = weight / spread if spread else 0.0

    def findings(self, rows: Sequence[int], places: Places) -> dict[int, Finding]:
        """Each row's score, its rank among the chunks that are searched, and what the search adds to its sum.

        A search that has no weight has none, nor has one by words or pieces for a chunk that contains none of them.
        """
        if not self.weight:
            return {}
        counted = [row for row in rows if self.retriever == DenseRetriever.name or self.scores[row] > 0]
        scored = zip(counted, places.ranks(self.scores, counted), self.scores[counted].tolist(), strict=True)
        return {
            row: Finding(self.retriever, rank, score, (score - self.mean) * self.factor) for row, rank, score in scored
        }


@dataclass(frozen=True, slots=True)
class _Scored:
    """The searches for a query, the first by meaning, among the chunks at `places`; `said` is the weighing in words."""

    searches: tuple[WeightedSearch, ...]
    places: Places
    said: str


class HybridRetriever:
    """Similarity and words combined; every hit's score is its cosine similarity.

    Each search scores all chunks. Its scores are standardized (mean 0, standard deviation 1), so that cosines and BM25
    can be added, and multiplied by its weight. The weights follow the question, see `rag.retrieval.weights`. A chunk
    without any word of the query has a BM25 score of 0.

    Args:
        ids: the ids of the collection's chunks, int64 (n,), ascending.
        vectors: their unit vectors, float32 (n, dimension).
        index: the words of the collection's chunks; chunks that it lacks have none.
        only: the ids of the chunks to search in; None for all. Scores are standardized over the whole collection.
        weights: the weights for every question; None for those that follow the question. If the similarity counts
            nothing, only chunks that contain a word of the query, or a piece of one if pieces count, are hits.
        nearest: the index of the vectors; without one, or with an exact one or `only`, all chunks are compared. With
            an approximate one, its best 1,000 chunks and the best 1,000 by words are compared, with exact scores; the
            cosines' mean and standard deviation come from about 10,000 chunks at equal distances, and a rank by
            meaning is that among the compared chunks.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """

    name = "hybrid"

    def __init__(
        self,
        collection: Collection,
        ids: IntArray,
        vectors: FloatArray,
        index: WordIndex,
        embedder: Embedder,
        only: frozenset[int] | None = None,
        *,
        weights: Weights | None = None,
        nearest: VectorIndex | None = None,
    ) -> None:
        collection.require_model(embedder.spec)
        self._collection = collection
        self._ids, self._vectors = ids, vectors
        self._index = index
        self._embedder = embedder
        self._only = only
        self._weights = weights
        self._nearest = nearest if only is None and not isinstance(nearest, FlatIndex) else None
        self._is_aligned = ids.tobytes() == index.ids.tobytes()

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits, best first, ties by the smaller id."""
        import numpy as np

        if not query.strip() or not len(self._ids):
            return ()
        found = self._scored(query)
        # The means would change every sum alike.
        total = np.zeros(len(self._ids))
        for one in found.searches:
            total += one.factor * one.scores
        return self._hits(found, found.places.best(total, k, _is_found(found.searches)))

    def hits_for(self, query: str, chunk_ids: Sequence[int]) -> tuple[Hit, ...]:
        """Hits for these chunks, in their order, as `retrieve` describes them; `Hit.rank` counts them alone.

        Chunks that are not searched, or that an approximate search does not compare, are left out.
        """
        import numpy as np

        found = self._scored(query)
        wanted = np.array(chunk_ids, dtype=np.int64)
        rows = self._ids.searchsorted(wanted).clip(max=len(self._ids) - 1)
        searched = self._ids[rows] == wanted
        if found.places.rows is not None:
            searched &= np.isin(rows, found.places.rows)
        return self._hits(found, rows[searched])

    def _scored(self, query: str) -> _Scored:
        weights = self._weights or weights_for(query, self._embedder)
        by_words, note = self._by_words(query, weights)
        by_meaning, places = self._by_meaning(query, weights, by_words)
        said = " ".join(filter(None, (*(() if self._weights else (weighing(weights), weights.reason)), note)))
        return _Scored((by_meaning, *by_words), places, said)

    def _hits(self, found: _Scored, rows: IntArray) -> tuple[Hit, ...]:
        """Hits for these rows, in their order, with what each search says of them."""
        findings = [one.findings(rows.tolist(), found.places) for one in found.searches]
        found_by = {int(self._ids[row]): tuple(one[row] for one in findings if row in one) for row in rows.tolist()}
        hits = hits_of(self._collection, self._ids[rows].tolist(), found.searches[0].scores[rows].tolist(), self.name)
        return tuple(replace(hit, found_by=found_by[hit.chunk.chunk_id], weighing=found.said) for hit in hits)

    def _by_words(self, query: str, weights: Weights) -> tuple[tuple[WeightedSearch, ...], str]:
        """The searches by words and by pieces of words (if they count), and a note if a phrase is not found."""
        terms = read_query(query)
        words, note = word_scores(self._collection, self._index, terms)
        searches = [WeightedSearch(KeywordRetriever.name, self._aligned(words), weights.words)]
        if weights.pieces:
            pieces = self._aligned(self._index.scores(terms.pieces, "pieces"))
            searches.append(WeightedSearch(PIECES, pieces, weights.pieces))
        return tuple(searches), note

    def _by_meaning(
        self, query: str, weights: Weights, by_words: Sequence[WeightedSearch]
    ) -> tuple[WeightedSearch, Places]:
        """The search by meaning, and the chunks that are compared."""
        import numpy as np

        vector = self._embedder.encode_queries([query])[0]
        if self._nearest is None:
            cosines = cosines_of(self._vectors, vector)
            return WeightedSearch(DenseRetriever.name, cosines, weights.dense), Places.of(self._ids, self._only)
        rows = self._candidates(vector, by_words)
        cosines = np.full(len(self._ids), -1.0)
        cosines[rows] = cosines_of(self._vectors[rows], vector)
        sample = cosines_of(self._vectors[:: max(1, len(self._ids) // _SAMPLED)], vector)
        return WeightedSearch(DenseRetriever.name, cosines, weights.dense, mean_and_spread(sample)), Places(rows)

    def _candidates(self, vector: FloatArray, by_words: Sequence[WeightedSearch]) -> IntArray:
        """The rows that an approximate search finds by meaning, and the best by words, int64, ascending."""
        import numpy as np

        assert self._nearest is not None
        _, found = self._nearest.search(vector[None], _CANDIDATES)
        near = self._ids.searchsorted(found[0][found[0] >= 0]).clip(max=len(self._ids) - 1)
        by_word = np.sum([one.factor * one.scores for one in by_words], axis=0)
        is_found = np.any([one.scores > 0 for one in by_words], axis=0)
        return np.union1d(near, Places(None).best(by_word, _CANDIDATES, is_found))

    def _aligned(self, scores: DoubleArray) -> DoubleArray:
        """Scores in the order of the vectors, which may have been read before or after the words."""
        import numpy as np

        known = self._index.ids
        if self._is_aligned:
            return scores
        rows = known.searchsorted(self._ids).clip(max=max(len(known) - 1, 0))
        is_known = known[rows] == self._ids if len(known) else np.full(len(self._ids), False)
        return np.where(is_known, scores[rows] if len(known) else 0.0, 0.0)


def cosines_of(vectors: FloatArray, vector: FloatArray) -> DoubleArray:
    """The cosines of unit vectors float32 (n, dimension) and one, float64 (n,)."""
    import numpy as np

    return (vectors @ vector).clip(-1.0, 1.0).astype(np.float64)


def mean_and_spread(scores: DoubleArray) -> tuple[float, float]:
    """Mean and standard deviation of scores float64 (n,); a deviation that is only rounding counts as 0."""
    # Quicker than numpy's own `std` for hundreds of thousands of scores.
    mean = float(scores.mean())
    variance = float((scores * scores).mean()) - mean * mean
    return mean, variance**0.5 if variance > _ROUNDING * (1.0 + mean * mean) else 0.0


def _is_found(searches: tuple[WeightedSearch, ...]) -> Mask | None:
    """Which chunks a search by words or pieces found, (n,) booleans; None for all, if the similarity counts."""
    import numpy as np

    dense, *by_words = searches
    return None if dense.weight else np.any([one.scores > 0 for one in by_words], axis=0)


def weighing(weights: Weights) -> str:
    """The weights as a sentence, without parts of words where these are not searched."""
    if not weights.pieces:
        return f"Meaning counts {weights.dense:.0%}, and words {weights.words:.0%}."
    return f"Meaning counts {weights.dense:.0%}, words {weights.words:.0%}, and parts of words {weights.pieces:.0%}."
