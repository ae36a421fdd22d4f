"""Stores compared on the same chunks: files with FAISS and the word index, and Milvus (Lite, or a server).

    python -m bench.stores --chunks 20000
    python -m bench.stores --chunks 20000 --map        also the layout of a map, which takes minutes
    EXPLORER_STORE=milvus://localhost:19530/bench python -m bench.stores

The vectors are unit vectors around 200 topics, 384 dimensions; the texts are words of a Zipf distribution with words of
their topic. Each store is measured in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from rag.index.engines import engine_of
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.map.layout import make_layout
from rag.map.projection import ProjectionParameters
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import Retriever
from rag.retrieval.store_retrievers import StoreHybridRetriever
from rag.retrieval.weights import Weights
from rag.store.collection import Collection
from rag.store.sampling import sample_of
from rag.store.search import SearchFilter
from rag.types import Chunk, ChunkingSpec, Document, Embedder, EmbeddingSpec

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

DIMENSION, TOPICS, WORDS, PER_DOCUMENT = 384, 200, 20_000, 500
K, QUERIES = 10, 50
SPEC = EmbeddingSpec("bench/synthetic", "1", DIMENSION)
STORES = ("files", "milvus")


def main() -> None:
    """Measure each store in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=200_000)
    parser.add_argument("--only", choices=STORES)
    parser.add_argument("--map", action="store_true")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measured(options.only, options.chunks, with_map=options.map)))
        return
    results = {}
    for store in STORES:
        command = [sys.executable, "-m", "bench.stores", "--chunks", str(options.chunks), "--only", store]
        command += ["--map"] if options.map else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{store}: failed\n{done.stderr[-2000:]}")
            continue
        results[store] = json.loads(done.stdout.splitlines()[-1])
    print(f"{options.chunks:,} chunks, {DIMENSION} dimensions, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for key in next(iter(results.values()), {}):
        print(f"{key:42}" + "".join(f"{name} {found[key]:>12,}   " for name, found in results.items()))


def measured(store: str, n: int, *, with_map: bool) -> dict[str, float]:
    """Times in seconds or milliseconds, recall@10, memory and disk in MB of one store."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        os.environ["EXPLORER_DATA_DIR"] = str(data)
        if store == "files":
            os.environ.pop("EXPLORER_STORE", None)
        else:
            os.environ.setdefault("EXPLORER_STORE", f"milvus+file://{folder}/milvus.db")
        collection = Collection.create(data, "Bench", SPEC, ChunkingSpec())
        topics, vectors = synthetic(n)
        found = {"ingest, s": timed(lambda: ingest(collection, topics, vectors))}
        found |= searched(collection, topics, vectors)
        if with_map:
            found["map, s"] = timed(lambda: make_layout(collection, ProjectionParameters()))
        found["delete 10 documents, s"] = timed(
            lambda: collection.delete_documents([f"d{number}" for number in range(10)])
        )
        found["reopen and search, s"] = timed(lambda: reopened(data, vectors[n // 2]))
        found["disk, MB"] = round(collection.disk_bytes() / 1e6)
        found["memory at most, MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
    return found


def synthetic(n: int) -> tuple[IntArray, FloatArray]:
    """The topic of each chunk, int64 (n,), and unit vectors around the topics, float32 (n, 384)."""
    chosen = np.random.default_rng(7)
    centers = chosen.normal(size=(TOPICS, DIMENSION)).astype(np.float32)
    topics = chosen.integers(0, TOPICS, n)
    vectors = centers[topics] + 0.9 * chosen.standard_normal((n, DIMENSION), dtype=np.float32)
    return topics, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ingest(collection: Collection, topics: IntArray, vectors: FloatArray) -> None:
    """Add documents of 500 chunks each."""
    for number, start in enumerate(range(0, len(topics), PER_DOCUMENT)):
        part = slice(start, start + PER_DOCUMENT)
        texts = [text_of(start + i, int(topic)) for i, topic in enumerate(topics[part])]
        whole = "\n".join(texts)
        chunks, position = [], 0
        for text, topic in zip(texts, topics[part].tolist(), strict=True):
            chunk = Chunk(f"d{number}", position, position + len(text), text, len(text.split()))
            chunks.append(replace(chunk, fields=(("topic", f"t{topic % 20}"),)))
            position += len(text) + 1
        document = Document(f"d{number}", f"document {number}.csv", "text/csv", whole, f"s{number}")
        collection.put_document(document, chunks, vectors[part], SPEC)


def text_of(number: int, topic: int) -> str:
    """60 words: common ones, and some of the topic."""
    chosen = np.random.default_rng(number)
    common = chosen.zipf(1.3, 50) % WORDS
    of_topic = WORDS + topic * 30 + chosen.integers(0, 30, 10)
    return " ".join(f"w{word}" for word in (*common.tolist(), *of_topic.tolist()))


def searched(collection: Collection, topics: IntArray, vectors: FloatArray) -> dict[str, float]:
    """Median milliseconds of a search of each kind after a first one, and recall@10 against exact search."""
    engine = engine_of(collection)
    rows = np.random.default_rng(1).choice(len(vectors), QUERIES, replace=False)
    queries = vectors[rows] + 0.02 * np.random.default_rng(2).standard_normal((QUERIES, DIMENSION), dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    questions = [f"w{WORDS + int(topics[row]) * 30} w{WORDS + int(topics[row]) * 30 + 7} w12" for row in rows]
    everything, some = SearchFilter(), SearchFilter(columns={"topic": ("t3", "t7")})
    is_kept = np.isin(topics % 20, (3, 7))
    found = {"first search, s": timed(lambda: engine.nearest(queries[0], K, everything))}
    found["first keyword search, s"] = timed(lambda: engine.matching(questions[0], K, everything))
    found["dense, ms"] = median(lambda i: engine.nearest(queries[i], K, everything))
    found["keyword, ms"] = median(lambda i: engine.matching(questions[i], K, everything))
    both = hybrid(collection, GivenVectors(dict(zip(questions, queries, strict=True))))
    found["first search by both, s"] = timed(lambda: both.retrieve(questions[0], K))
    found["by both, as the app searches, ms"] = median(lambda i: both.retrieve(questions[i], K))
    found["dense, filtered to 10 %, ms"] = median(lambda i: engine.nearest(queries[i], K, some))
    found["keyword, filtered to 10 %, ms"] = median(lambda i: engine.matching(questions[i], K, some))
    ids = collection.chunk_ids()
    sample = sample_of(ids, len(ids) // 4)
    found["vectors of a quarter of the chunks, s"] = timed(lambda: collection.vectors_with(sample.tolist()))
    found["recall@10"] = recall(
        [engine.nearest(query, K, everything).ids for query in queries], exact(vectors, queries, ids)
    )
    found["recall@10, filtered"] = recall(
        [engine.nearest(query, K, some).ids for query in queries], exact(vectors[is_kept], queries, ids[is_kept])
    )
    return found


class GivenVectors:
    """Knows the vectors of some questions, in place of an embedding model."""

    spec = SPEC

    def __init__(self, known: Mapping[str, FloatArray]) -> None:
        self._known = known

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """The vectors of these questions, float32 (n, 384)."""
        return np.array([self._known[text] for text in texts])


def hybrid(collection: Collection, embedder: GivenVectors) -> Retriever:
    """Search by meaning and words, as the app does it in this store."""
    model, weights = cast(Embedder, embedder), Weights(0.6, 0.4, 0.0, "")
    if (engine := collection.engine()) is not None:
        return StoreHybridRetriever(collection.sampled(), engine, model, weights=weights)
    index = load_index(collection)
    words = load_word_index(collection)
    return HybridRetriever(collection, index.ids, index.vectors, words, model, weights=weights)


def exact(vectors: FloatArray, queries: FloatArray, ids: IntArray) -> list[IntArray]:
    """The ids of the ten nearest of each query, by comparison with all vectors."""
    return [ids[np.argsort(-(vectors @ query), kind="stable")[:K]] for query in queries]


def recall(found: Sequence[IntArray], expected: Sequence[IntArray]) -> float:
    """The share of the expected ids that were found."""
    shares = [len(np.intersect1d(one, other)) / len(other) for one, other in zip(found, expected, strict=True)]
    return round(float(np.mean(shares)), 4)


def reopened(data: Path, vector: FloatArray) -> None:
    """Open the collection again, without what the engine keeps in memory, and search."""
    engine_of(Collection.open(data, "Bench")).nearest(vector, K, SearchFilter())


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 2)


def median(work: Callable[[int], object]) -> float:
    """Milliseconds for one of ten searches."""
    times = []
    for i in range(10):
        start = time.perf_counter()
        work(i)
        times.append(time.perf_counter() - start)
    return round(1000 * float(np.median(times)), 1)


if __name__ == "__main__":
    main()
