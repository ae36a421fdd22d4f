"""Search by meaning and words with an approximate index, against the exact one: the same hits, and the same nDCG@10?

python -m bench.retrieval.approximate      each test collection with at least 1,000 documents; some minutes
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bench.reference import RETRIEVAL, TestCollection, load_ours, read_test_collection
from bench.retrieval.quality import stored_collection
from rag.evaluation.metrics import ndcg
from rag.evaluation.prepared_queries import PreparedQueries
from rag.index.loading import choose_index
from rag.index.spec import KINDS, IndexSpec, completed, least_chunks
from rag.retrieval.loading import load_retriever
from rag.store.collection import Collection
from rag.types import Embedder, Hit

_K = 10
_LEAST = 1_000


def hits(stored: Collection, collection: TestCollection, embedder: Embedder) -> dict[str, tuple[Hit, ...]]:
    """The ten hits of each judged query, with the index that is chosen for the stored collection."""
    retriever = load_retriever(stored, "hybrid", embedder)
    return {query: retriever.retrieve(collection.queries[query], _K) for query in collection.qrels}


def mean_ndcg(collection: TestCollection, found: dict[str, tuple[Hit, ...]]) -> float:
    """Mean nDCG@10 of these hits."""
    return statistics.mean(
        ndcg([hit.document_name for hit in found[query]], grades) for query, grades in collection.qrels.items()
    )


def compare(folder: Path, embedder: Embedder) -> None:
    """Print, for each index, how many of the exact hits it gives."""
    collection = read_test_collection(folder)
    vectors = embedder.encode_documents(list(collection.documents.values()))
    prepared = PreparedQueries(embedder, list(collection.queries.values()))
    with tempfile.TemporaryDirectory() as place:
        stored = stored_collection(Path(place), collection, vectors, embedder)
        exact = hits(stored, collection, prepared)
        before = mean_ndcg(collection, exact)
        print(f"{folder.name}, exact: nDCG@10 {before:.4f}")
        for kind in KINDS:
            spec = completed(IndexSpec(kind), *vectors.shape)
            if kind == "flat" or len(vectors) < least_chunks(spec):
                continue
            choose_index(stored, spec)
            found = hits(stored, collection, prepared)
            shared = statistics.mean(
                len({one.chunk.chunk_id for one in found[query]} & {one.chunk.chunk_id for one in wanted}) / len(wanted)
                for query, wanted in exact.items()
                if wanted
            )
            now = mean_ndcg(collection, found)
            print(f"  {kind}: {shared:.1%} of the hits, nDCG@10 {now:.4f}, ratio {now / before:.3f}", flush=True)


def main() -> None:
    folders = [folder for folder in sorted(RETRIEVAL.iterdir()) if folder.is_dir()] if RETRIEVAL.is_dir() else []
    if not folders:
        print(f"approximate search: skipped, there are no test collections at {RETRIEVAL}")
        return
    embedder = load_ours()
    for folder in folders:
        if len(read_test_collection(folder).documents) >= _LEAST:
            compare(folder, embedder)


if __name__ == "__main__":
    main()
