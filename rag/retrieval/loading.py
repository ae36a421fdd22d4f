"""The retriever for a search mode, with everything that it needs read from the collection."""

from __future__ import annotations

from functools import partial

from rag.index.flat import FlatIndex
from rag.index.loading import load_chosen_index, load_index
from rag.index.words.loading import Report, load_word_index
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.label_matches import LabelFirstRetriever
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever, Retriever
from rag.retrieval.settings import Mode
from rag.retrieval.store_retrievers import StoreKeywordRetriever, store_retriever
from rag.store.collection import Collection
from rag.types import Embedder


def load_retriever(
    collection: Collection, mode: Mode, embedder: Embedder | None, report: Report | None = None
) -> Retriever:
    """The retriever for this mode over the whole collection. A store on a server searches by itself.

    Args:
        embedder: the collection's embedding model; None is enough for "keyword", whose scores are BM25.
        report: told how many of the chunks that are new to the word index are read, and how many there are.

    Raises:
        CollectionError: the collection cannot be read.
        ModelMismatch: the collection was built with another embedding model.
        ValueError: the mode needs an embedding model, and there is none.
    """
    if (engine := collection.engine()) is not None:
        if embedder is None and mode == "keyword":
            return StoreKeywordRetriever(collection, engine)
        return store_retriever(collection, engine, _required(embedder, mode), mode)
    if mode == "keyword":
        return KeywordRetriever(collection, load_word_index(collection, report))
    embedder = _required(embedder, mode)
    if mode == "dense":
        dense = DenseRetriever(collection, load_chosen_index(collection), embedder)
        return LabelFirstRetriever(collection, dense, partial(load_word_index, collection, report))
    chosen = load_chosen_index(collection)
    exact = chosen if isinstance(chosen, FlatIndex) else load_index(collection)
    words = load_word_index(collection, report)
    nearest = None if chosen is exact else chosen
    hybrid = HybridRetriever(collection, exact.ids, exact.vectors, words, embedder, nearest=nearest)
    return LabelFirstRetriever(collection, hybrid, lambda: words)


def _required(embedder: Embedder | None, mode: Mode) -> Embedder:
    if embedder is None:
        raise ValueError(f"the mode {mode} needs an embedding model")
    return embedder
