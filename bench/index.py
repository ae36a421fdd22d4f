"""Recall, speed and memory of each kind of index; exact search against NumPy, and HNSW against exact search.

python -m bench.index            10,000, 100,000 and 1,000,000 vectors: about 25 minutes on 2 cores, 8 GB of memory
python -m bench.index --size N   synthetic vectors of one size: 10,000 take 10 seconds, 100,000 a minute
python -m bench.index --texts    the texts of the test collections instead, if they are on this machine
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.reference import RETRIEVAL, read_test_collection
from rag import config
from rag.embedding.cached import load_cached_embedder
from rag.index.benchmark import IS_BEST_FLAT_BELOW, BenchmarkResult, exact, measure_built, steps
from rag.index.benchmark_vectors import enlarge
from rag.index.kinds import SearchIndex, build
from rag.index.spec import KINDS, IndexKind, IndexSpec, default_spec

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

SIZES = (10_000, 100_000, 1_000_000)
DIMENSION = 384
TEXTS = ("scifact", "cacm", "cranfield")
"""Test collections with 9,787 documents in total."""
_K = 10
_QUERIES = 200
_AT_ONCE = 64
_ASKED_RECALL, _ASKED_RATIO, _ASKED_AT = 0.95, 20.0, 1_000_000
_DEPTH = 100
_SHORTENED: tuple[IndexKind, ...] = ("sq8", "ivf_pq", "rabitq")
_BATCH = 50_000


@dataclass(frozen=True, slots=True)
class Case:
    """Vectors to search in and queries to search for: unit vectors float32 (n, dimension)."""

    name: str
    vectors: FloatArray
    queries: FloatArray

    @property
    def ids(self) -> IntArray:
        import numpy as np

        return np.arange(len(self.vectors))


def made_up(n: int) -> Case:
    """Synthetic loose clusters of about 100 vectors, wide in few directions: 10,000 are as hard to search as texts."""
    import numpy as np

    generator = np.random.default_rng(config.SEED)
    widths = (1.0 + np.arange(DIMENSION, dtype=np.float32)) ** -0.7
    centers = generator.standard_normal((max(1, n // 100), DIMENSION), dtype=np.float32) * widths
    drawn = np.empty((n + _QUERIES, DIMENSION), dtype=np.float32)
    for start in range(0, len(drawn), _BATCH):
        part = drawn[start : start + _BATCH]
        noise = generator.standard_normal(part.shape, dtype=np.float32) * widths
        part[:] = centers[generator.integers(0, len(centers), len(part))] + 1.6 * noise
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return Case(f"{n:,} made-up vectors", drawn[:n], drawn[n:])


def texts() -> Case:
    collections = [read_test_collection(RETRIEVAL / name) for name in TEXTS]
    embedder = load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL)
    documents = [text for collection in collections for text in collection.documents.values()]
    questions = [text for collection in collections for text in collection.queries.values()]
    vectors = embedder.encode_documents(documents)
    return Case(f"{len(documents):,} texts", vectors, embedder.encode_queries(questions[:: len(questions) // _QUERIES]))


def by_numpy(case: Case, queries: FloatArray) -> IntArray:
    import numpy as np

    scores = queries @ case.vectors.T
    best = np.argpartition(-scores, _K - 1, axis=1)[:, :_K]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def median_ms(call: Callable[[], object], repeats: int = 7) -> float:
    """The median of consecutive calls, without the first, which another library's idle, spinning threads slow down."""
    took = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        call()
        took.append(time.perf_counter() - started)
    return 1000.0 * sorted(took[1:])[repeats // 2]


def compare_with_numpy(case: Case, flat: SearchIndex) -> None:
    for n_queries in (1, _AT_ONCE):
        queries = case.queries[:n_queries]
        agree = (flat.search(queries, _K)[1] == by_numpy(case, queries)).mean()
        ours, theirs = median_ms(lambda q=queries: flat.search(q, _K)), median_ms(lambda q=queries: by_numpy(case, q))
        print(
            f"    exact search, {n_queries} at once, {config.cpu_threads()} threads to use: FAISS {ours:.2f} ms, NumPy "
            f"{theirs:.2f} ms, FAISS {theirs / ours:.1f} times as quick; {agree:.1%} of the neighbors the same",
            flush=True,
        )


def timed_build(spec: IndexSpec, case: Case) -> tuple[SearchIndex, float]:
    started = time.perf_counter()
    index = build(spec, case.ids, case.vectors)
    return index, time.perf_counter() - started


def line(result: BenchmarkResult, note: str) -> str:
    return (
        f"  {result.spec.kind:9}{note:15} recall@{result.k} {result.recall:.3f}  p50 {result.p50_ms:8.3f} ms  p99 "
        f"{result.p99_ms:8.3f} ms  {result.queries_per_second:9,.0f} queries/s  {result.bytes_per_vector:7.1f} bytes "
        f"a vector"
    )


def show_kind(index: SearchIndex, seconds: float, case: Case, truth: IntArray) -> BenchmarkResult:
    """Print a kind with its default settings, and if its scores are estimates, with exact scores for the best 100."""
    result = measure_built(index, case.queries, _K, truth, 1)
    written = index.serialized_bytes() / len(case.vectors)
    print(
        f"{line(result, '')} by formula, {written:.1f} written ({written / result.bytes_per_vector - 1:+.2%}), "
        f"built in {seconds:.1f} s",
        flush=True,
    )
    if index.spec.kind in _SHORTENED:
        deep = index.with_search(replace(index.spec, depth=_DEPTH))
        print(line(measure_built(deep, case.queries, _K, truth, 1), f" + {_DEPTH} rescored"), flush=True)
    return result


def compare_with_exact(index: SearchIndex, case: Case, truth: IntArray, exact_ms: float) -> None:
    """Print HNSW with the smallest ef_search that reaches the recall, against exact search, one query at a time."""
    for spec in steps(index.spec, len(case.vectors)):
        result = measure_built(index.with_search(spec), case.queries, _K, truth, 3)
        if result.recall >= _ASKED_RECALL:
            break
    ratio = exact_ms / result.p50_ms
    asked = ""
    if len(case.vectors) >= _ASKED_AT:
        is_kept = ratio >= _ASKED_RATIO and result.recall >= _ASKED_RECALL
        asked = f" (at least {_ASKED_RATIO:.0f} asked: {'kept' if is_kept else 'NOT KEPT'})"
    print(
        f"    one query with ef_search {result.spec.ef_search}: recall@{result.k} {result.recall:.3f} in "
        f"{result.p50_ms:.3f} ms, exact in {exact_ms:.3f} ms: {ratio:.1f} times as quick{asked}",
        flush=True,
    )


def show(case: Case) -> None:
    print(f"{case.name} of {case.vectors.shape[1]} dimensions, {len(case.queries)} queries", flush=True)
    started = time.perf_counter()
    truth = exact(case.ids, case.vectors, case.queries, _K)[1]
    exact_ms = 0.0
    for kind in KINDS:
        index, seconds = timed_build(default_spec(kind, *case.vectors.shape), case)
        result = show_kind(index, seconds, case, truth)
        if kind == "flat":
            exact_ms = result.p50_ms
            compare_with_numpy(case, index)
        if kind == "hnsw":
            compare_with_exact(index, case, truth, exact_ms)
        del index
    print(f"  in {time.perf_counter() - started:.0f} s", flush=True)


def show_where_flat_is_best() -> None:
    """Print the largest size, doubling from 1,000, at which exact search takes less than a millisecond for a query."""
    case, n, under = made_up(128_000), 1_000, 0
    while n <= len(case.vectors):
        flat = build(IndexSpec("flat"), case.ids[:n], case.vectors[:n])
        p50 = measure_built(flat, case.queries, _K, repeats=3).p50_ms
        print(f"  exact search of {n:,} vectors: p50 {p50:.3f} ms", flush=True)
        under, n = (n if p50 < 1.0 else under), 2 * n
    print(f"exact search answers in under a millisecond up to {under:,} vectors; we say {IS_BEST_FLAT_BELOW:,}")


def show_enlarged(case: Case) -> None:
    """Print whether `enlarge` makes vectors as hard to search as real ones: all texts against a tenth, enlarged."""
    import numpy as np

    chosen = np.random.default_rng(config.SEED).permutation(len(case.vectors))[: len(case.vectors) // 10]
    grown = Case("enlarged from a tenth", enlarge(case.vectors[chosen], len(case.vectors)), case.queries)
    for each in (case, grown):
        truth = exact(each.ids, each.vectors, each.queries, _K)[1]
        spec = replace(default_spec("ivf_flat", *each.vectors.shape), nprobe=4)
        for other in (spec, IndexSpec("hnsw", ef_search=16), IndexSpec("rabitq", nprobe=10_000)):
            result = measure_built(timed_build(other, each)[0], each.queries, _K, truth, 1)
            print(f"  {each.name}: {other.kind} recall@{_K} {result.recall:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=__doc__)
    parser.add_argument("--size", type=int, help="made-up vectors of this size only")
    parser.add_argument("--texts", action="store_true", help="the texts of the test collections only")
    chosen = parser.parse_args()
    if chosen.size:
        show(made_up(chosen.size))
        return
    if not RETRIEVAL.is_dir():
        print(f"index of texts: skipped, there are no test collections at {RETRIEVAL}")
    else:
        case = texts()
        show(case)
        show_enlarged(case)
    if not chosen.texts:
        show_where_flat_is_best()
        for n in SIZES:
            show(made_up(n))


if __name__ == "__main__":
    main()
