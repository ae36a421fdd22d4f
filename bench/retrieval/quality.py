"""Quality of rankings: nDCG@10 with our vectors, against plain sentence-transformers in float32; and by search mode.

python -m bench.retrieval.quality             some minutes: the whole test collection is embedded twice
python -m bench.retrieval.quality --folder F  another test collection in the BEIR layout
python -m bench.retrieval.quality --languages the multilingual model and the default one on questions in three languages
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reference import (
    RETRIEVAL,
    SCIFACT,
    TestCollection,
    encode_plainly,
    load_ours,
    load_plain,
    read_test_collection,
)
from rag.evaluation.metrics import ndcg
from rag.evaluation.prepared_queries import PreparedQueries
from rag.index.loading import load_index
from rag.retrieval.loading import load_retriever
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import Mode
from rag.runtime.model_wheels import E5_SMALL, MINILM
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec, Document, Embedder

if TYPE_CHECKING:
    from rag.retrieval.retrievers import Retriever
    from rag.types import FloatArray

_ALLOWED = 0.005
_LEAST = {("xquad_de", E5_SMALL.model_id): 0.94, ("xquad_ru", E5_SMALL.model_id): 0.90}


def mean_ndcg(collection: TestCollection, documents: FloatArray, queries: FloatArray, k: int = 10) -> float:
    """Mean nDCG@k of an exact search with unit vectors, rows in the order of the collection's dictionaries."""
    import numpy as np

    names = list(collection.documents)
    nearest = np.argsort(-(queries @ documents.T), axis=1, kind="stable")[:, :k]
    scores = [
        ndcg([names[i] for i in row], collection.qrels[query], k)
        for query, row in zip(collection.queries, nearest, strict=True)
        if query in collection.qrels
    ]
    return sum(scores) / len(scores)


def stored_collection(folder: Path, collection: TestCollection, vectors: FloatArray, embedder: Embedder) -> Collection:
    """The texts as documents of one chunk each, in a collection of the app in `folder`."""
    stored = Collection.create(folder, "Bench", embedder.spec, ChunkingSpec())
    for (name, text), vector in zip(collection.documents.items(), vectors, strict=True):
        document = Document(name, name, "text/plain", text, name)
        stored.put_document(document, [Chunk(name, 0, len(text), text, 1)], vector[None], embedder.spec)
    return stored


def mean_by_retriever(collection: TestCollection, retrievers: Mapping[str, Retriever]) -> dict[str, float]:
    """Mean nDCG@10 over the judged queries for each retriever of a `stored_collection`."""
    return {
        name: statistics.mean(
            ndcg([hit.document_name for hit in retriever.retrieve(collection.queries[query], 10)], grades)
            for query, grades in collection.qrels.items()
        )
        for name, retriever in retrievers.items()
    }


def mean_by_meaning(folder: Path, collection: TestCollection, embedder: Embedder) -> float:
    """Mean nDCG@10 of the app's search by meaning, in a collection of the app in `folder`."""
    vectors = embedder.encode_documents(list(collection.documents.values()))
    stored = stored_collection(folder, collection, vectors, embedder)
    prepared = PreparedQueries(embedder, list(collection.queries.values()))
    retriever = DenseRetriever(stored, load_index(stored), prepared)
    return mean_by_retriever(collection, {"meaning": retriever})["meaning"]


def compare_modes(collection: TestCollection, vectors: FloatArray, embedder: Embedder) -> None:
    """Print nDCG@10 of search by meaning, by words and by both, with the app's retrievers."""
    names: dict[Mode, str] = {"dense": "meaning", "keyword": "words", "hybrid": "both"}
    with tempfile.TemporaryDirectory() as folder:
        stored = stored_collection(Path(folder), collection, vectors, embedder)
        modes = {name: load_retriever(stored, mode, embedder) for mode, name in names.items()}
        figures = mean_by_retriever(collection, modes)
    said = ", ".join(f"{mode} {figure:.4f}" for mode, figure in figures.items())
    print(f"nDCG@10 by {said}; both against meaning: ratio {figures['both'] / figures['meaning']:.3f}")


def compare_models(folders: Sequence[Path]) -> None:
    """Print nDCG@10 of the app's search by meaning with both models, and whether it is as good as it should be."""
    for folder in folders:
        collection = read_test_collection(folder)
        for model in (MINILM.model_id, E5_SMALL.model_id):
            with tempfile.TemporaryDirectory() as place:
                figure = mean_by_meaning(Path(place), collection, load_ours(model))
            least = _LEAST.get((folder.name, model))
            verdict = f" (at least {least}: {'reached' if figure >= least else 'NOT REACHED'})" if least else ""
            print(f"nDCG@10 on {folder.name} with {model}: {figure:.4f}{verdict}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval.quality", description=__doc__)
    parser.add_argument("--folder", type=Path, default=SCIFACT, help="a test collection (default: scifact)")
    parser.add_argument("--languages", action="store_true", help="compare the multilingual model with the default one")
    options = parser.parse_args()
    folder = options.folder
    if options.languages:
        compare_models(sorted(RETRIEVAL.glob("xquad_*")) if folder == SCIFACT else [folder])
        return
    if not folder.is_dir():
        print(f"nDCG@10: skipped, there is no test collection at {folder}; --folder names another")
        return
    collection = read_test_collection(folder)
    documents, queries = list(collection.documents.values()), list(collection.queries.values())
    plain, ours = load_plain(), load_ours()
    exact = mean_ndcg(collection, encode_plainly(plain, documents), encode_plainly(plain, queries))
    vectors = ours.encode_documents(documents)
    quick = mean_ndcg(collection, vectors, ours.encode_queries(queries))
    kept = "kept" if abs(quick - exact) <= _ALLOWED else "NOT KEPT"
    print(
        f"nDCG@10 on {folder.name}, {len(documents):,} documents and {len(collection.qrels):,} judged queries: "
        f"plain float32 {exact:.4f}, ours in {ours.precision} {quick:.4f}, difference {quick - exact:+.4f} "
        f"(at most {_ALLOWED}: {kept})"
    )
    compare_modes(collection, vectors, ours)


if __name__ == "__main__":
    main()
