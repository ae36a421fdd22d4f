"""Index benchmark: recall, query time and memory of each index type, compared with exact search."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.index.kinds import SearchIndex, build, bytes_per_vector
from rag.index.spec import WITH_LISTS, IndexKind, IndexSpec, default_spec, least_chunks

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

ABOUT: Mapping[IndexKind, str] = {
    "flat": "Compares the query with every chunk. It always finds the true neighbors; its time grows with the number "
    "of chunks.",
    "ivf_flat": "Sorts the chunks into lists around centers, and searches only the lists nearest to the query. "
    "A neighbor that lies just across a border, in a list not opened, is missed.",
    "hnsw": "Links each chunk to some of its neighbors, and walks from chunk to chunk towards the query, first by long "
    "links and then by short ones. Very quick on large collections; the links take memory, and building takes time.",
    "sq8": "Compares the query with every chunk, but keeps each number of a vector in one byte instead of four. "
    "A quarter of the memory, with scores that are off by a little.",
    "ivf_pq": "Cuts each vector into pieces and keeps, for each piece, only which of some typical pieces is most "
    "similar; also sorted into lists. The least memory for large collections, with scores that are rough estimates.",
    "rabitq": "Rotates all vectors at random and keeps about one bit per dimension: above or below the middle; also "
    "sorted into lists. A small fraction of the memory, and estimates that are good for their size.",
}
"""For each index type: how it works and its trade-offs, for a newcomer."""

IS_BEST_FLAT_BELOW = 10_000
"""With fewer chunks, exact search answers a query in under a millisecond, so approximate indexes bring no benefit.

Measured with 384 dimensions on 2 cores; `python -m bench.index` measures it again.
"""

_SAME = 1e-6
"""Cosines that differ by less are a tie: float32 sums of unit vectors vary by this much with the order of addition."""
_LEAST_EF = 8
_MOST_EF = 1024


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """Measurements of one index; times are for this machine.

    recall: the share of the true k nearest that it found, in [0, 1], mean over the queries. queries_per_second: all
    queries in one call. p50_ms, p99_ms: median and 99th percentile of single queries in sequence.
    bytes_per_vector: by formula, see `kinds.bytes_per_vector`. k: as requested, at most n.
    """

    spec: IndexSpec
    recall: float
    queries_per_second: float
    p50_ms: float
    p99_ms: float
    bytes_per_vector: float
    build_seconds: float
    n: int
    k: int


@dataclass(frozen=True, slots=True)
class MissedNeighbor:
    """A true neighbor that an index missed: its true cosine, and its true rank from 1."""

    chunk_id: int
    score: float
    rank: int


def exact(ids: IntArray, vectors: FloatArray, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
    """The true neighbors: scores float32 and ids int64, (m, min(k, n)); the `truth` argument of `measure`."""
    return build(IndexSpec("flat"), ids, vectors).search(queries, k)


def measure(
    spec: IndexSpec,
    ids: IntArray,
    vectors: FloatArray,
    queries: FloatArray,
    k: int = 10,
    truth: IntArray | None = None,
    repeats: int = 3,
) -> BenchmarkResult:
    """Build an index of unit vectors float32 (n, dimension), and measure it on `queries` (m, dimension).

    Args:
        spec: the index to build.
        ids: ascending, int64 (n,).
        vectors: unit vectors, float32 (n, dimension).
        queries: unit vectors, new to the index or not; 100 or more for a meaningful p99.
        k: the number of neighbors per query.
        truth: the ids from `exact`, (m, min(k, n)); computed if None.
        repeats: how often each query is timed; for the batch, the fastest run counts.

    Raises:
        ExplorerError: there are too few vectors for this index type.
        ValueError: there are no queries, k is below 1, or `kinds.build` refuses the arguments.
    """
    started = time.perf_counter()
    index = build(spec, ids, vectors)
    seconds = time.perf_counter() - started
    return measure_built(index, queries, k, truth, repeats, build_seconds=seconds)


def measure_built(
    index: SearchIndex,
    queries: FloatArray,
    k: int = 10,
    truth: IntArray | None = None,
    repeats: int = 3,
    *,
    build_seconds: float = 0.0,
) -> BenchmarkResult:
    """Like `measure`, for an existing index."""
    if not len(queries) or k < 1 or repeats < 1:
        raise ValueError(f"A measurement needs queries, k and repeats: {len(queries)} queries, {k=}, {repeats=}.")
    if truth is None:
        truth = exact(index.ids, index.vectors, queries, k)[1]
    found = index.search(queries, k)[1]
    milliseconds = _single_ms(index, queries, k, repeats)
    return BenchmarkResult(
        spec=index.spec,
        recall=recall(index, queries, found, truth),
        queries_per_second=len(queries) / min(_batch_seconds(index, queries, k) for _ in range(repeats)),
        p50_ms=_percentile(milliseconds, 50),
        p99_ms=_percentile(milliseconds, 99),
        bytes_per_vector=bytes_per_vector(index),
        build_seconds=build_seconds,
        n=len(index.ids),
        k=truth.shape[1],
    )


def _batch_seconds(index: SearchIndex, queries: FloatArray, k: int) -> float:
    started = time.perf_counter()
    index.search(queries, k)
    return time.perf_counter() - started


def _single_ms(index: SearchIndex, queries: FloatArray, k: int, repeats: int) -> list[float]:
    _batch_seconds(index, queries[:1], k)  # the first call after a batch warms up threads and caches
    return [
        1000.0 * _batch_seconds(index, queries[row : row + 1], k) for _ in range(repeats) for row in range(len(queries))
    ]


def _percentile(values: list[float], percent: float) -> float:
    import numpy as np

    return float(np.percentile(values, percent))


def recall(index: SearchIndex, queries: FloatArray, found: IntArray, truth: IntArray) -> float:
    """The share of the true k nearest among `found`, both ids (m, k) with -1 for none; 1.0 if there are none.

    Ties are counted fairly: a found chunk whose true cosine equals the k-th best (within 1e-6) counts as correct, up to
    the number of such chunks among the true neighbors.
    """
    if not truth.size:
        return 1.0
    pairs = zip(*_above_and_tied(index, queries, found, truth), strict=True)
    return sum(min(int(above), n_above) + min(int(tied), n_tied) for above, tied, n_above, n_tied in pairs) / truth.size


def _above_and_tied(
    index: SearchIndex, queries: FloatArray, found: IntArray, truth: IntArray
) -> tuple[IntArray, IntArray, list[int], list[int]]:
    """Per query: the numbers of found chunks nearer than, and as near as, the k-th true neighbor; same for truth."""
    import numpy as np

    true_scores = index.true_scores(queries, truth)
    last = true_scores.min(axis=1, keepdims=True)
    scores = np.where(found >= 0, index.true_scores(queries, found), -2.0)
    n_above = (true_scores > last + _SAME).sum(axis=1)
    above, tied = (scores > last + _SAME).sum(axis=1), (abs(scores - last) <= _SAME).sum(axis=1)
    return above, tied, n_above.tolist(), (truth.shape[1] - n_above).tolist()


def missed_neighbors(index: SearchIndex, query: FloatArray, k: int) -> tuple[MissedNeighbor, ...]:
    """The true k neighbors of `query` (dimension,) that the index misses, best first: k times (1 - recall) of them.

    Of chunks that tie for the last rank, only as many count as missed as the index lacks.
    """
    queries = query[None, :]
    scores, truth = exact(index.ids, index.vectors, queries, k)
    found = index.search(queries, k)[1]
    n_lost = round(truth.shape[1] * (1.0 - recall(index, queries, found, truth)))
    present = set(found[0].tolist())
    ranked = zip(truth[0].tolist(), scores[0].tolist(), range(1, truth.shape[1] + 1), strict=True)
    missing = [MissedNeighbor(chunk_id, score, rank) for chunk_id, score, rank in ranked if chunk_id not in present]
    return tuple(missing[:n_lost])


def frontier(results: Sequence[BenchmarkResult]) -> list[BenchmarkResult]:
    """The Pareto frontier: results that no other beats in recall or p50 without losing the other. Fastest first."""
    chosen: list[BenchmarkResult] = []
    for result in sorted(results, key=lambda result: (result.p50_ms, -result.recall)):
        equal = bool(chosen) and (result.p50_ms, result.recall) == (chosen[-1].p50_ms, chosen[-1].recall)
        if not chosen or equal or result.recall > chosen[-1].recall:
            chosen.append(result)
    return chosen


def sweep(
    spec: IndexSpec,
    ids: IntArray,
    vectors: FloatArray,
    queries: FloatArray,
    k: int = 10,
    truth: IntArray | None = None,
    repeats: int = 1,
) -> Iterator[BenchmarkResult]:
    """Build one index and measure it at increasing search effort: nprobe or ef_search doubles from least to most.

    Index types without such a setting (flat, sq8) give one result. Raises like `measure`, at the first result.
    """
    if truth is None:
        truth = exact(ids, vectors, queries, k)[1]
    started = time.perf_counter()
    index = build(spec, ids, vectors)
    seconds = time.perf_counter() - started
    for step in steps(index.spec, len(ids)):
        yield measure_built(index.with_search(step), queries, k, truth, repeats, build_seconds=seconds)


def steps(spec: IndexSpec, n: int) -> list[IndexSpec]:
    """The settings that `sweep` uses for a completed spec: up to all lists, or up to 1,024 candidates or n."""
    if spec.kind in WITH_LISTS:
        return [replace(spec, nprobe=value) for value in _doubling(1, spec.nlist)]
    if spec.kind == "hnsw":
        return [replace(spec, ef_search=value) for value in _doubling(_LEAST_EF, min(_MOST_EF, max(n, _LEAST_EF)))]
    return [spec]


def _doubling(first: int, last: int) -> list[int]:
    """first, 2 * first, 4 * first, ... below last, and last."""
    values = []
    while first < last:
        values.append(first)
        first *= 2
    return [*values, last]


def measure_kinds(
    kinds: Sequence[IndexKind], vectors: FloatArray, queries: FloatArray, k: int = 10
) -> Iterator[BenchmarkResult]:
    """Measure every index type with its default settings; types that need more vectors are skipped."""
    import numpy as np

    ids = np.arange(len(vectors), dtype=np.int64)
    truth = exact(ids, vectors, queries, k)[1]
    for kind in kinds:
        spec = default_spec(kind, *vectors.shape)
        if len(vectors) >= least_chunks(spec):
            yield measure(spec, ids, vectors, queries, k, truth)
