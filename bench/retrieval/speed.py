"""Speed of search by meaning, by words and by both, against FAISS and bm25s alone; and what the word index costs.

python -m bench.retrieval.speed                  10,000, 100,000 and 300,000 chunks; about 20 minutes
python -m bench.retrieval.speed --chunks 10000   one size
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil

from bench.reference import RETRIEVAL, load_ours, read_test_collection
from rag import config
from rag.evaluation.prepared_queries import PreparedQueries
from rag.index.flat import load_faiss
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.weights import ONLY_WORDS
from rag.store.collection import Collection
from rag.text.search_terms import search_words, stem
from rag.text.stems import is_common
from rag.types import Chunk, ChunkingSpec, Document, Embedder, EmbeddingSpec

_SIZES = (10_000, 100_000, 300_000)
_ALLOWED = 1.5
_K = 10
_CHUNKS_A_DOCUMENT = 1_000
_SENTENCES_A_CHUNK = 5
_QUERIES = 100


def sentences() -> list[str]:
    """Sentences of real texts: of the test collections, or of the sample if there are none."""
    folders = [folder for folder in sorted(RETRIEVAL.iterdir()) if folder.is_dir()] if RETRIEVAL.is_dir() else []
    texts = [text for folder in folders for text in read_test_collection(folder).documents.values()]
    if not texts:
        texts = [path.read_text("utf-8") for path in sorted(config.SAMPLES.rglob("*.md"))]
    found = (part.strip() for text in texts for part in re.split(r"(?<=[.?!])\s+", text))
    return [sentence for sentence in found if 20 < len(sentence) < 400]


def queries(pool: Sequence[str]) -> list[str]:
    """Questions of a test collection, or sentences if there is none."""
    folder = RETRIEVAL / "scifact"
    found = list(read_test_collection(folder).queries.values()) if folder.is_dir() else list(pool)
    return random.Random(5).sample(found, min(_QUERIES, len(found)))


def made_document(number: int, n: int, pool: Sequence[str]) -> tuple[Document, list[Chunk]]:
    """A document of n chunks of five sentences each."""
    chosen, text, chunks = random.Random(number), [], []
    position = 0
    for _ in range(n):
        one = " ".join(chosen.sample(pool, _SENTENCES_A_CHUNK))
        chunks.append(Chunk(f"d{number}", position, position + len(one), one, len(one) // 4))
        text.append(one)
        position += len(one) + 1
    return Document(f"d{number}", f"part {number:04}.txt", "text/plain", "\n".join(text), f"s{number}"), chunks


def made_collection(folder: Path, n: int, pool: Sequence[str], embedding: EmbeddingSpec) -> Collection:
    """A collection of n chunks of real sentences, with random unit vectors, on which the speed does not depend."""
    collection = Collection.create(folder, "Speed", embedding, ChunkingSpec())
    for number, start in enumerate(range(0, n, _CHUNKS_A_DOCUMENT)):
        add(collection, number, min(_CHUNKS_A_DOCUMENT, n - start), pool)
    return collection


def add(collection: Collection, number: int, n: int, pool: Sequence[str]) -> None:
    """Add a document of n chunks."""
    document, chunks = made_document(number, n, pool)
    vectors = np.random.default_rng(number).standard_normal((n, collection.spec.embedding.dimension))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    collection.put_document(document, chunks, vectors, collection.spec.embedding)


def in_turn(ways: dict[str, Callable[[str], object]], asked: Sequence[str]) -> dict[str, list[float]]:
    """The milliseconds of each way for each query; every query is asked in every way before the next."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for query in [*asked[:5], *asked]:
        for way, search in ways.items():
            started = time.perf_counter()
            search(query)
            taken[way].append(1000 * (time.perf_counter() - started))
    return {way: times[5:] for way, times in taken.items()}


def timed(what: str, act: Callable[[], object]) -> float:
    """Print and return the seconds of an action, with the memory that it added."""
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    act()
    seconds = time.perf_counter() - started
    print(f"  {what}: {seconds:.2f} s, {(psutil.Process().memory_info().rss - before) / 1e6:+.0f} MB", flush=True)
    return seconds


def bm25s_search(texts: Iterator[str]) -> Callable[[str], object]:
    """The best ten of bm25s, over the same words; the query's words are found in the time that is measured."""
    import bm25s

    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(word, len(vocabulary)) for word in _stems(text)] for text in texts]
    searched = bm25s.BM25(k1=1.2, b=0.75)
    searched.index(bm25s.tokenization.Tokenized(ids=ids, vocab=vocabulary), show_progress=False)

    def search(query: str) -> object:
        known = [vocabulary[word] for word in _stems(query) if word in vocabulary]
        return searched.retrieve([known], k=_K, show_progress=False)

    return search


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in search_words(text) if not is_common(word)]


_stem = lru_cache(1_000_000)(stem)


def measure(n: int, pool: Sequence[str], embedder: Embedder) -> None:
    """Print everything for one size."""
    print(f"{n:,} chunks", flush=True)
    asked = queries(pool)
    with tempfile.TemporaryDirectory() as place:
        collection = made_collection(Path(place), n, pool, embedder.spec)
        timed("the word index, made from the texts", lambda: load_word_index(collection))
        size = sum(path.stat().st_size for path in collection.cache_folder.glob("words-*"))
        print(f"  its files: {size / 1e6:.0f} MB; the collection: {collection.disk_bytes() / 1e6:.0f} MB")
        timed("the word index, read from its files", lambda: load_word_index(collection))
        _measure_searches(collection, asked, embedder)
        add(collection, n, 20, pool)
        timed("the word index, after a document of 20 chunks was added", lambda: load_word_index(collection))


def _measure_searches(collection: Collection, asked: Sequence[str], embedder: Embedder) -> None:
    words, stored, index = load_word_index(collection), collection.embeddings(), load_index(collection)
    prepared = PreparedQueries(embedder, asked)
    faiss = load_faiss().IndexFlatIP(stored[1].shape[1])
    faiss.add(stored[1])
    started = time.perf_counter()
    bm25s = bm25s_search(chunk.text for chunk in collection.chunks())
    print(f"  bm25s' index of the words, without pieces: {time.perf_counter() - started:.2f} s")
    for said, model in (("without embedding the question", prepared), ("with embedding it", embedder)):
        ways = {
            "meaning": DenseRetriever(collection, index, model).retrieve,
            "words": HybridRetriever(collection, *stored, words, model, weights=ONLY_WORDS).retrieve,
            "both": HybridRetriever(collection, *stored, words, model).retrieve,
            "FAISS alone": lambda query, model=model: faiss.search(model.encode_queries([query]), _K),
            "bm25s alone": bm25s,
        }
        taken = in_turn({way: (lambda query, f=search: f(query)) for way, search in ways.items()}, asked)
        p50 = {way: statistics.median(times) for way, times in taken.items()}
        figures = ", ".join(f"{way} {p50[way]:.1f} / {np.quantile(times, 0.95):.1f}" for way, times in taken.items())
        ratio = p50["both"] / p50["meaning"]
        verdict = "reached" if ratio <= _ALLOWED else "NOT REACHED"
        print(f"  {said}, ms p50 / p95: {figures}")
        print(f"  both against meaning: ratio {ratio:.2f} (at most {_ALLOWED}: {verdict})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval.speed", description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="*", default=_SIZES, help="sizes of the collection")
    options = parser.parse_args()
    pool, embedder = sentences(), load_ours()
    for n in options.chunks:
        measure(n, pool, embedder)


if __name__ == "__main__":
    main()
