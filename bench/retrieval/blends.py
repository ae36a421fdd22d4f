"""Ways to combine similarity and words: the app's, its parts alone, fixed weights, and by ranks; nDCG@10 of each.

python -m bench.retrieval.blends      every test collection; some minutes, most of them for the embeddings
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.reference import RETRIEVAL, TestCollection, load_ours, read_test_collection
from bench.retrieval.quality import stored_collection
from rag.evaluation.metrics import ndcg
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import Places
from rag.retrieval.weights import weights_for
from rag.retrieval.word_query import read_query
from rag.retrieval.word_scores import word_scores
from rag.types import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    DoubleArray = NDArray[np.float64]

_K = 10
_RANKED = 100
_RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion that Cormack, Clarke and Buettcher chose (2009)."""
_SLACK = 0.002
"""How much lower than the best single way the app's may be on a collection."""


@dataclass(frozen=True)
class Scores:
    """What each search gives every document for one query, float64 (n,)."""

    query: str
    cosines: DoubleArray
    words: DoubleArray
    pieces: DoubleArray


def ways(embedder: Embedder) -> dict[str, Callable[[Scores], DoubleArray]]:
    """What documents are ranked by, in each way."""

    def app(scores: Scores) -> DoubleArray:
        weights = weights_for(scores.query, embedder)
        return (
            weights.dense * standardized(scores.cosines)
            + weights.words * standardized(scores.words)
            + weights.pieces * standardized(scores.pieces)
        )

    return {
        "app": app,
        "meaning": lambda one: one.cosines,
        "words": lambda one: one.words,
        "pieces": lambda one: one.pieces,
        "0.7 / 0.3": lambda one: 0.7 * standardized(one.cosines) + 0.3 * standardized(one.words),
        "by ranks": lambda one: by_ranks(one.cosines) + by_ranks(one.words),
    }


def standardized(scores: DoubleArray) -> DoubleArray:
    """Scores with mean 0 and standard deviation 1; all 0 if all are equal."""
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 1e-12 else np.zeros_like(scores)


def by_ranks(scores: DoubleArray) -> DoubleArray:
    """1 / (60 + rank) of the first hundred; 0 for the others."""
    fused = np.zeros(len(scores))
    best = np.argsort(-scores, kind="stable")[:_RANKED]
    fused[best] = 1 / (_RANK_CONSTANT + 1 + np.arange(len(best)))
    return fused


def scores_of(collection: TestCollection, embedder: Embedder) -> dict[str, Scores]:
    """The scores of all documents for each judged query, with the app's own functions."""
    vectors = embedder.encode_documents(list(collection.documents.values()))
    found = {}
    with tempfile.TemporaryDirectory() as place:
        stored = stored_collection(Path(place), collection, vectors, embedder)
        index = load_word_index(stored)
        for query in collection.qrels:
            text = collection.queries[query]
            terms = read_query(text)
            cosines = (vectors @ embedder.encode_queries([text])[0]).astype(np.float64)
            words, pieces = word_scores(stored, index, terms).scores, index.scores(terms.pieces, "pieces")
            found[query] = Scores(text, cosines, words, pieces)
    return found


def mean_ndcg(collection: TestCollection, scores: Mapping[str, Scores], way: Callable[[Scores], DoubleArray]) -> float:
    """Mean nDCG@10 over the judged queries."""
    names = list(collection.documents)
    everywhere = Places(None)
    return statistics.mean(
        ndcg([names[row] for row in everywhere.best(way(scores[query]), _K)], grades)
        for query, grades in collection.qrels.items()
    )


def main() -> None:
    folders = [folder for folder in sorted(RETRIEVAL.iterdir()) if folder.is_dir()] if RETRIEVAL.is_dir() else []
    if not folders:
        print(f"nDCG@10: skipped, there are no test collections at {RETRIEVAL}")
        return
    embedder = load_ours()
    all_ways, figures = ways(embedder), []
    for folder in folders:
        collection = read_test_collection(folder)
        scores = scores_of(collection, embedder)
        one = {name: mean_ndcg(collection, scores, way) for name, way in all_ways.items()}
        figures.append(one)
        best = max(one["meaning"], one["words"])
        verdict = "reached" if one["app"] >= best - _SLACK else "NOT REACHED"
        said = ", ".join(f"{name} {figure:.4f}" for name, figure in one.items())
        print(f"nDCG@10 on {folder.name}: {said}; at least the best single way: {verdict}", flush=True)
    means = {name: statistics.mean(one[name] for one in figures) for name in all_ways}
    ratios = ", ".join(f"{name} {means['app'] / mean:.3f}" for name, mean in means.items() if name != "app")
    print(f"mean: {', '.join(f'{name} {mean:.4f}' for name, mean in means.items())}; ratios of the app to {ratios}")


if __name__ == "__main__":
    main()
