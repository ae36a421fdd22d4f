"""The searches of a collection, with everything that they read kept for many questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.evaluation.passages import first_rank, ranked_hit
from rag.evaluation.prepared_queries import PreparedQueries
from rag.evaluation.questions import ExamQuestion
from rag.index.loading import VectorIndex, load_chosen_index
from rag.index.words.loading import load_word_index
from rag.index.words.scores import WordIndex
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.label_matches import LabelFirstRetriever
from rag.retrieval.retrievers import DenseRetriever, Retriever
from rag.retrieval.settings import Mode
from rag.retrieval.weights import ONLY_WORDS
from rag.store.collection import Collection
from rag.types import Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

DEEPEST = 1_000
"""Down to this rank, `passage_ranks` looks for a passage."""


@dataclass(frozen=True, slots=True)
class CollectionSearches:
    """What the searches need: chunk ids int64 (n,) with their unit vectors float32 (n, dimension), index and words."""

    collection: Collection
    model: Embedder
    ids: IntArray
    vectors: FloatArray
    index: VectorIndex
    words: WordIndex

    @classmethod
    def of(cls, collection: Collection, model: Embedder) -> CollectionSearches:
        """Read them from the collection in its present state.

        Raises:
            CollectionError: the collection cannot be read.
        """
        ids, vectors = collection.embeddings()
        return cls(collection, model, ids, vectors, load_chosen_index(collection), load_word_index(collection))

    def prepared(self, queries: Sequence[str]) -> CollectionSearches:
        """The same with these queries embedded together, in advance. Raises ModelError."""
        return replace(self, model=PreparedQueries(self.model, queries))

    def retriever(self, mode: Mode) -> Retriever:
        """The app's own retriever for a mode. Every score is a cosine, so that one minimum fits all modes.

        Raises:
            ModelMismatch: the collection was built with another embedding model.
        """
        if mode == "dense":
            dense = DenseRetriever(self.collection, self.index, self.model)
            return LabelFirstRetriever(self.collection, dense, lambda: self.words)
        weights = ONLY_WORDS if mode == "keyword" else None
        hybrid = HybridRetriever(
            self.collection, self.ids, self.vectors, self.words, self.model, weights=weights, nearest=self.index
        )
        return LabelFirstRetriever(self.collection, hybrid, lambda: self.words)


def passage_ranks(
    searches: CollectionSearches, question: ExamQuestion, modes: Sequence[Mode], deepest: int = DEEPEST
) -> dict[Mode, int | None]:
    """The rank of the first passage that answers the question, by mode; None if it is not among the first `deepest`.

    Raises:
        CollectionError: the collection cannot be read.
        ModelError: the model's server does not answer.
    """
    prepared = searches.prepared([question.text])
    ranks: dict[Mode, int | None] = {}
    for mode in modes:
        hits = prepared.retriever(mode).retrieve(question.text, deepest)
        ranks[mode] = first_rank([ranked_hit(hit) for hit in hits], question.spans)
    return ranks
