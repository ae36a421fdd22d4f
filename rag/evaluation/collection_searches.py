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
from rag.retrieval.store_retrievers import store_retriever
from rag.retrieval.weights import ONLY_WORDS
from rag.store.collection import Collection
from rag.types import Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

DEEPEST = 1_000
"""Down to this rank, `passage_ranks` looks for a passage."""


@dataclass(frozen=True, slots=True)
class LoadedIndexes:
    """Chunk ids int64 (n,) with their unit vectors float32 (n, dimension), index and words."""

    ids: IntArray
    vectors: FloatArray
    index: VectorIndex
    words: WordIndex


@dataclass(frozen=True, slots=True)
class CollectionSearches:
    """What the searches need; `loaded` is None where the store searches."""

    collection: Collection
    model: Embedder
    loaded: LoadedIndexes | None

    @classmethod
    def of(cls, collection: Collection, model: Embedder) -> CollectionSearches:
        """Read them from the collection in its present state.

        Raises:
            CollectionError: the collection cannot be read.
        """
        if collection.engine() is not None:
            return cls(collection, model, None)
        ids, vectors = collection.embeddings()
        loaded = LoadedIndexes(ids, vectors, load_chosen_index(collection), load_word_index(collection))
        return cls(collection, model, loaded)

    def prepared(self, queries: Sequence[str]) -> CollectionSearches:
        """The same with these queries embedded together, in advance. Raises ModelError."""
        return replace(self, model=PreparedQueries(self.model, queries))

    def retriever(self, mode: Mode) -> Retriever:
        """The app's own retriever for a mode. Every score is a cosine, so that one minimum fits all modes.

        Raises:
            ModelMismatch: the collection was built with another embedding model.
        """
        if (loaded := self.loaded) is None:
            engine = self.collection.engine()
            assert engine is not None, "what is not loaded is searched by the store"
            return store_retriever(self.collection, engine, self.model, mode)
        if mode == "dense":
            dense = DenseRetriever(self.collection, loaded.index, self.model)
            return LabelFirstRetriever(self.collection, dense, lambda: loaded.words)
        weights = ONLY_WORDS if mode == "keyword" else None
        hybrid = HybridRetriever(
            self.collection, loaded.ids, loaded.vectors, loaded.words, self.model, weights=weights, nearest=loaded.index
        )
        return LabelFirstRetriever(self.collection, hybrid, lambda: loaded.words)


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
