"""Keyword search in plain Python, written from the formula of BM25: what the word index must give."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.index.words.loading import searched_text
from rag.index.words.scores import Kind
from rag.retrieval.retrievers import KeywordRetriever
from rag.retrieval.word_query import read_query
from rag.store.collection import Collection
from rag.text.search_terms import pieces, search_words, stem
from rag.text.stems import is_common


def bm25(texts: Sequence[str], terms: Mapping[str, int], kind: Kind = "words") -> list[float]:
    """The score of each text. Stop words have no piece, and do not count in the length of a text.

    Pieces in more than a tenth of the texts, and in more than ten, count nothing.
    """
    words = [search_words(text) for text in texts]
    telling = [[word for word in one if not is_common(word)] for one in words]
    if kind == "words":
        held = [Counter(map(stem, one)) for one in words]
        lengths = [len(one) for one in telling]
    else:
        held = [Counter(piece for word in one for piece in pieces(word)) for one in telling]
        lengths = [count.total() for count in held]
    mean = sum(lengths) / max(len(texts), 1)
    found = [0.0] * len(texts)
    for term, times in terms.items():
        df = sum(term in one for one in held)
        if kind == "pieces" and df > max(len(texts) / 10, 10):
            continue
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        for row, (one, length) in enumerate(zip(held, lengths, strict=True)):
            if count := one[term]:
                share = length / mean if mean else 1.0
                found[row] += times * idf * count * 2.2 / (count + 1.2 * (1 - 0.75 + 0.75 * share))
    return found


def bm25_of(collection: Collection, query: str, kind: Kind = "words") -> dict[int, float]:
    """The score of each chunk that has a word (or a piece of one) of a query without phrases."""
    chunks, terms = collection.chunks(), getattr(read_query(query), kind)
    scores = bm25([searched_text(chunk) for chunk in chunks], terms, kind)
    return {chunk.chunk_id: score for chunk, score in zip(chunks, scores, strict=True) if score}


def found_by_words(retriever: KeywordRetriever, query: str, k: int = 10_000) -> dict[int, float]:
    """The ids of the hits, best first, with their scores."""
    return {hit.chunk.chunk_id: hit.score for hit in retriever.retrieve(query, k)}
