"""The command `index-benchmark`: recall, speed and memory of each index type on a collection."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag.cli.common import Commands, add_collection, add_json, count, open_collection, print_result
from rag.index.spec import KINDS

if TYPE_CHECKING:
    from rag.index.benchmark import BenchmarkResult


def add_commands(commands: Commands) -> None:
    """Add `index-benchmark`; its name before version 0.2, `index-lab`, still works."""
    benchmark = commands.add_parser(
        "index-benchmark", aliases=["index-lab"], help="compare index types on this collection: recall, speed, memory"
    )
    benchmark.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help=", ".join(KINDS)
    )
    benchmark.add_argument("-k", type=count, default=10, help="neighbors to find (default: %(default)s)")
    benchmark.add_argument("--size", type=count, metavar="N", help="add synthetic vectors up to this number")
    benchmark.set_defaults(command=_index_benchmark)
    add_collection(benchmark)
    add_json(benchmark)


def _index_benchmark(options: argparse.Namespace) -> int:
    from rag.index.benchmark import frontier, measure_kinds
    from rag.index.benchmark_vectors import benchmark_vectors

    vectors, queries = benchmark_vectors(open_collection(options).embeddings()[1], options.size or 0)
    results = list(measure_kinds(options.kinds, vectors, queries, options.k))
    best = frontier(results)
    rows = [{**asdict(one), "is_on_frontier": one in best} for one in results]
    lines = [f"{len(vectors):,} vectors, recall@{options.k}", *(_line(one) for one in results)]
    print_result(options, {"collection": options.collection, "n": len(vectors), "results": rows}, lines)
    return 0


def _line(one: BenchmarkResult) -> str:
    return (
        f"{one.spec.kind:9} recall {one.recall:.3f}  p50 {one.p50_ms:.2f} ms  p99 {one.p99_ms:.2f} ms  "
        f"{one.queries_per_second:,.0f} queries/s  {one.bytes_per_vector:,.0f} bytes a vector  "
        f"built in {one.build_seconds:.1f} s"
    )
