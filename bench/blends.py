"""Hybrid search in three ways: the app's blend of scores over the whole collection, over candidates, and by ranks.

python -m bench.blends      nDCG@10 for each test collection, then the time for BM25 scores of all chunks; some minutes
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.reference import RETRIEVAL, load_ours, read_test_collection
from bench.retrieval_quality import mean_by_retriever, stored_collection
from rag.index.loading import load_index
from rag.retrieval.hybrid import HybridRetriever, blend
from rag.retrieval.retrievers import DenseRetriever, KeywordRetriever, Retriever
from rag.store.collection import Collection
from rag.types import Embedder, Hit
from tests.support.large_collection import large_collection

_CANDIDATES = 100
_RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion that Cormack, Clarke and Buettcher chose (2009)."""
_QUERIES = ("about owls entry", "owls ships", "stars")
"""Queries whose words occur in every chunk of the large collection, in a fifth, in a tenth."""


@dataclass(frozen=True)
class Fused:
    """Reciprocal rank fusion: ranks by the sum of 1 / (60 + rank) over the first hundred hits of both searches."""

    dense: Retriever
    keyword: Retriever

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        hits: dict[int, Hit] = {}
        sums: dict[int, float] = {}
        for hit in (*self.dense.retrieve(query, _CANDIDATES), *self.keyword.retrieve(query, _CANDIDATES)):
            chunk_id = hit.chunk.chunk_id
            hits[chunk_id] = hit
            sums[chunk_id] = sums.get(chunk_id, 0.0) + 1 / (_RANK_CONSTANT + hit.rank)
        return tuple(hits[chunk_id] for chunk_id in sorted(hits, key=lambda i: (-sums[i], i))[:k])


@dataclass(frozen=True)
class OverCandidates:
    """The app's blend, with scores standardized over the first hundred hits of both searches only."""

    dense: Retriever
    words: HybridRetriever
    """Must have a dense share of 0: its hits' scores are cosines, and their findings are BM25 scores."""

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        words = self.words.retrieve(query, _CANDIDATES)
        bm25 = {hit.chunk.chunk_id: hit.found_by[0].score for hit in words}
        found = {hit.chunk.chunk_id: hit for hit in (*self.dense.retrieve(query, _CANDIDATES), *words)}
        hits = [found[chunk_id] for chunk_id in sorted(found)]
        blended = blend(
            np.array([hit.score for hit in hits]), np.array([bm25.get(hit.chunk.chunk_id, 0.0) for hit in hits])
        )
        return tuple(hits[i] for i in np.argsort(-blended, kind="stable")[:k])


def _ways(stored: Collection, embedder: Embedder) -> dict[str, Retriever]:
    parts = (stored, *stored.embeddings(), embedder)
    dense, keyword = DenseRetriever(stored, load_index(stored), embedder), KeywordRetriever(stored)
    return {
        "over the collection": HybridRetriever(*parts),
        "over candidates": OverCandidates(dense, HybridRetriever(*parts, dense_share=0.0)),
        "by ranks": Fused(dense, keyword),
    }


def _report_quality(folder: Path, embedder: Embedder) -> None:
    collection = read_test_collection(folder)
    vectors = embedder.encode_documents(list(collection.documents.values()))
    with tempfile.TemporaryDirectory() as place:
        stored = stored_collection(Path(place), collection, vectors, embedder)
        figures = mean_by_retriever(collection, _ways(stored, embedder))
    first, *others = figures.values()
    said = ", ".join(f"{way} {figure:.4f}" for way, figure in figures.items())
    print(f"nDCG@10 on {folder.name}: {said}; ratios {', '.join(f'{first / other:.3f}' for other in others)}")


def _report_cost(n: int, rounds: int) -> None:
    """Print the time for the BM25 scores of all chunks with a word of the query, against the best hundred."""
    with tempfile.TemporaryDirectory() as place:
        collection = large_collection(Path(place) / "data", n)
        for query in _QUERIES:
            words = re.findall(r"\w+", query)
            first, every = _seconds(collection, words, (_CANDIDATES, n), rounds)
            print(
                f"'{query}' in {n:,} chunks: first {_CANDIDATES} {first * 1000:.0f} ms, all {every * 1000:.0f} ms: "
                f"ratio {every / first:.2f}"
            )


def _seconds(collection: Collection, words: Sequence[str], limits: Sequence[int], rounds: int) -> list[float]:
    """The median seconds of a search by words with each limit; each round measures every limit."""
    taken: dict[int, list[float]] = {limit: [] for limit in limits}
    for _ in range(rounds):
        for limit in limits:
            started = time.perf_counter()
            collection.search_words(words, limit)
            taken[limit].append(time.perf_counter() - started)
    return [statistics.median(taken[limit]) for limit in limits]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.blends", description=__doc__)
    parser.add_argument("--chunks", type=int, default=300_000, help="size of the large collection (default: 300,000)")
    parser.add_argument("--rounds", type=int, default=5, help="searches of each kind (default: 5)")
    options = parser.parse_args()
    folders = sorted(RETRIEVAL.iterdir()) if RETRIEVAL.is_dir() else []
    if not folders:
        print(f"nDCG@10: skipped, there are no test collections at {RETRIEVAL}")
    embedder = load_ours()
    for folder in folders:
        if folder.is_dir():
            _report_quality(folder, embedder)
    _report_cost(options.chunks, options.rounds)


if __name__ == "__main__":
    main()
