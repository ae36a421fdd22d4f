"""The commands that look into a collection's geometry: neighbors and index-lab."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag import config
from rag.cli.common import Json, count, dense_retriever, hit_json, hit_line, open_collection, print_result
from rag.errors import ExplorerError
from rag.index.spec import KINDS

if TYPE_CHECKING:
    from rag.index.benchmark import LabResult
    from rag.types import Hit


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Both parsers, for the arguments that all commands have."""
    near = commands.add_parser("neighbors", help="the chunks nearest to a text or to a chunk, and how high that is")
    subject = near.add_mutually_exclusive_group(required=True)
    subject.add_argument("--text", help="what to find neighbors of")
    subject.add_argument("--chunk", type=int, metavar="ID", help="the chunk to find neighbors of")
    near.add_argument("-k", type=count, default=config.DEFAULT_K, help="how many (default: %(default)s)")
    near.add_argument("--variety", type=float, default=0.0, metavar="0..1", help="pass over what says the same again")
    near.add_argument("--other-documents", action="store_true", help="not from the chunk's own document")
    near.set_defaults(command=_neighbors)
    lab = commands.add_parser("index-lab", help="what each kind of index gives up for speed, on this collection")
    lab.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    lab.add_argument("-k", type=count, default=10, help="neighbors to find (default: %(default)s)")
    lab.add_argument("--size", type=count, metavar="N", help="fill up with made-up vectors to this many")
    lab.set_defaults(command=_index_lab)
    return near, lab


def _neighbors(options: argparse.Namespace) -> int:
    from rag.neighbors.score_distribution import score_distribution, verdict
    from rag.neighbors.search import PLAIN, NeighborFilter, find, neighbors_of
    from rag.retrieval.retrievers import DenseRetriever, hits_of
    from rag.store.chunk_table import chunk_rows, chunk_table

    if not 0.0 <= options.variety <= 1.0:
        raise ExplorerError(f"--variety is {options.variety}; it must be from 0 to 1.")
    collection = open_collection(options)
    ids, vectors = collection.embeddings()
    relevance = PLAIN - options.variety
    if options.chunk is not None:
        row = int(ids.searchsorted(options.chunk))
        if row == len(ids) or ids[row] != options.chunk:
            raise ExplorerError(f"Collection '{options.collection}' holds no chunk {options.chunk}. Search names ids.")
        table = chunk_table(chunk_rows(collection), collection.document_names())
        own = NeighborFilter(not_with=options.chunk if options.other_documents else None)
        near = neighbors_of(ids, vectors, options.chunk, options.k, allowed=own.allows(table), relevance=relevance)
        vector, ids_compared = vectors[row], ids != options.chunk
    else:
        vector = dense_retriever(collection)[1].encode_queries([options.text])[0]
        near, ids_compared = find(ids, vectors, vector, options.k, relevance=relevance), ids >= 0
    hits = hits_of(collection, near.ids.tolist(), near.scores.tolist(), DenseRetriever.name)
    said = verdict(hits[0].score, score_distribution(vectors[ids_compared] @ vector)) if hits else "Nothing was found."
    print_result(options, _neighbors_json(hits, said), [*map(hit_line, hits), said])
    return 0


def _neighbors_json(hits: tuple[Hit, ...], said: str) -> Json:
    return {"hits": [hit_json(hit) for hit in hits], "verdict": said}


def _index_lab(options: argparse.Namespace) -> int:
    from rag.index.benchmark import frontier, measure_kinds
    from rag.index.benchmark_vectors import lab_vectors

    vectors, queries = lab_vectors(open_collection(options).embeddings()[1], options.size or 0)
    results = list(measure_kinds(options.kinds, vectors, queries, options.k))
    best = frontier(results)
    rows = [{**asdict(one), "is_on_frontier": one in best} for one in results]
    lines = [f"{len(vectors):,} vectors, recall@{options.k}", *(_line(one) for one in results)]
    print_result(options, {"collection": options.collection, "n": len(vectors), "results": rows}, lines)
    return 0


def _line(one: LabResult) -> str:
    return (
        f"{one.spec.kind:9} recall {one.recall:.3f}  p50 {one.p50_ms:.2f} ms  p99 {one.p99_ms:.2f} ms  "
        f"{one.queries_per_second:,.0f} queries/s  {one.bytes_per_vector:,.0f} bytes a vector  "
        f"built in {one.build_seconds:.1f} s"
    )
