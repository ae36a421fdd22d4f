"""The command line over the same functions: python -m rag."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rag import config
from rag.answering.types import Answer
from rag.cli import geometry
from rag.cli.common import Json, count, dense_retriever, hit_json, hit_line, open_collection, print_result
from rag.errors import ExplorerError
from rag.types import Strategy

if TYPE_CHECKING:
    from rag.answering.types import Support
    from rag.retrieval.retrievers import Retriever
    from rag.types import ChunkingSpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when all went well, 1 when something failed; wrong usage exits with 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ExplorerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag", description="Documents in; a map, neighbors, answers out.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ingest = commands.add_parser("ingest", help="take files and folders into a collection")
    _add_ingest_arguments(ingest)
    ingest.set_defaults(command=_ingest)

    search = commands.add_parser("search", help="find the chunks nearest to a query")
    search.add_argument("query")
    search.add_argument("-k", type=count, default=config.DEFAULT_K, help="how many (default: %(default)s)")
    search.add_argument("--mode", choices=("dense", "hybrid", "keyword"), default="dense")
    search.set_defaults(command=_search)

    layout = commands.add_parser("map", help="write the map as HTML, SVG, CSV or Parquet")
    layout.add_argument("--output", type=Path, required=True, metavar="FILE.html")
    layout.set_defaults(command=_map)

    ask = commands.add_parser("ask", help="answer a question from a collection, with sources")
    ask.add_argument("question")
    ask.add_argument("-k", type=count, default=config.DEFAULT_K, help="passages to retrieve (default: %(default)s)")
    ask.add_argument("--model", metavar="ollama:NAME|builtin", help="default: Ollama's first model, else the built-in")
    ask.set_defaults(command=_ask)

    collections = commands.add_parser("collections", help="list the collections")
    collections.set_defaults(command=_collections)

    prepare = commands.add_parser("prepare", help="do now what the first start would wait for")
    prepare.set_defaults(command=_prepare)

    neighbors, lab = geometry.add_commands(commands)
    for command in (ingest, search, layout, ask, neighbors, lab):
        command.add_argument("--collection", required=True, metavar="NAME")
    for command in (ingest, search, layout, ask, collections, neighbors, lab):
        command.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return parser


def _add_ingest_arguments(ingest: argparse.ArgumentParser) -> None:
    ingest.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    ingest.add_argument("--embedding-model", metavar="NAME", help="for a new collection (default: all-MiniLM-L6-v2)")
    ingest.add_argument(
        "--strategy", choices=get_args(Strategy), default="recursive", help="for a new collection: how to split"
    )
    ingest.add_argument("--max-tokens", type=count, default=160, help="for a new collection (default: %(default)s)")
    ingest.add_argument("--overlap", type=int, default=0, help="for a new collection (default: %(default)s)")
    ingest.add_argument(
        "--text-column", action="append", default=[], metavar="NAME", help="a column that holds the text of tables"
    )


def _ingest(options: argparse.Namespace) -> int:
    from rag.documents.sandbox.reader import DocumentReader
    from rag.documents.sources import find_files
    from rag.embedding.cached import load_cached_embedder
    from rag.ingest import ingest
    from rag.store.collection import Collection, list_collections

    started = time.perf_counter()
    folder, name = config.data_dir(), options.collection
    files = [replace(file, text_columns=tuple(options.text_column)) for file in find_files(options.paths)]
    if name in list_collections(folder):
        collection = Collection.open(folder, name)
        embedder = load_cached_embedder(options.embedding_model or collection.spec.embedding.model_id)
    else:
        embedder = load_cached_embedder(options.embedding_model or config.DEFAULT_EMBEDDING_MODEL)
        collection = Collection.create(folder, name, embedder.spec, _chunking(options))
    outcomes = []
    with DocumentReader() as reader:
        for outcome in ingest(collection, files, embedder, reader):
            outcomes.append(outcome)
            print(f"{outcome.outcome}: {outcome.path} ({outcome.chunks} chunks) {outcome.reason}", file=sys.stderr)
    if embedder.problem:
        print(f"warning: {embedder.problem}", file=sys.stderr)
    seconds = time.perf_counter() - started
    rows = [{"path": o.path, "outcome": o.outcome, "reason": o.reason, "chunks": o.chunks} for o in outcomes]
    result: Json = {"collection": name, "seconds": seconds, "files": rows}
    print_result(
        options, result, [f"{len(rows)} files in {seconds:.1f} s; '{name}' holds {collection.n_chunks():,} chunks"]
    )
    return 1 if any(outcome.outcome == "failed" for outcome in outcomes) else 0


def _chunking(options: argparse.Namespace) -> ChunkingSpec:
    from rag.types import ChunkingSpec

    if not 0 <= options.overlap < options.max_tokens:
        raise ExplorerError(f"--overlap is {options.overlap}; it must be from 0 to below --max-tokens.")
    return ChunkingSpec(options.max_tokens, options.overlap, options.strategy)


def _search(options: argparse.Namespace) -> int:
    hits = _retriever(options).retrieve(options.query, options.k)
    result: Json = {"query": options.query, "hits": [hit_json(hit) for hit in hits]}
    print_result(options, result, [*map(hit_line, hits)] or ["Nothing was found."])
    return 0


def _retriever(options: argparse.Namespace) -> Retriever:
    from rag.retrieval.hybrid import HybridRetriever
    from rag.retrieval.retrievers import KeywordRetriever

    collection = open_collection(options)
    if options.mode == "keyword":
        return KeywordRetriever(collection)
    dense, embedder = dense_retriever(collection)
    return HybridRetriever(collection, *collection.embeddings(), embedder) if options.mode == "hybrid" else dense


def _map(options: argparse.Namespace) -> int:
    from rag.map.clustering import find_clusters
    from rag.map.colours import group_colours
    from rag.map.layout import load_layout, make_layout
    from rag.map.projection import ProjectionParameters
    from rag.map.view import map_file, map_points, present
    from rag.store.chunk_table import chunk_rows, chunk_table

    collection = open_collection(options)
    made = load_layout(collection, ProjectionParameters()) or make_layout(collection, ProjectionParameters())
    layout, table = present(made, chunk_table(chunk_rows(collection), collection.document_names()))
    clusters = find_clusters(collection, layout)
    points = map_points(collection, layout, table, clusters, group_colours("cluster", clusters.names()))
    content = map_file(points, options.output.name)
    try:
        options.output.write_bytes(content)
    except OSError as error:
        raise ExplorerError(
            f"'{options.output}' could not be written: {error.strerror}. Choose another file."
        ) from error
    quality = {"method": layout.method, "trustworthiness": layout.trustworthiness, "note": layout.note}
    result: Json = {
        "collection": options.collection, "points": len(table), "seconds": layout.seconds, "quality": quality
    }  # fmt: skip
    print_result(options, result, [f"{len(table):,} points ({layout.method}) in {options.output}", layout.note])
    return 0


def _ask(options: argparse.Namespace) -> int:
    from rag.answer import Equipment, Request, answer_question
    from rag.generation.generators import default_generator, load_generator
    from rag.retrieval.settings import RetrievalSettings

    collection = open_collection(options)
    generator = load_generator(options.model or default_generator())
    retriever, embedder = dense_retriever(collection)
    request = Request(options.question, settings=RetrievalSettings(options.k))
    for piece in answer_question(request, Equipment(retriever, embedder, generator)):
        if isinstance(piece, str):
            print(piece, end="", flush=True, file=sys.stderr)
        elif isinstance(piece, Answer):
            print(file=sys.stderr)
            print_result(options, _answer_json(piece), _answer_lines(piece))
            return 1 if piece.problem else 0
    return 1


def _collections(options: argparse.Namespace) -> int:
    from rag.store.collection import Collection, list_collections

    found: list[Json] = []
    for name in list_collections(config.data_dir()):
        collection = Collection.open(config.data_dir(), name)
        model = collection.spec.embedding.model_id
        found.append({"name": name, "chunks": collection.n_chunks(), "embedding_model": model})
    lines = [f"{item['name']}  {item['chunks']} chunks  {item['embedding_model']}" for item in found]
    print_result(options, {"collections": found}, lines or ["There are no collections yet."])
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from rag.generation.builtin import BuiltinGenerator
    from rag.map.projection import warm_up

    warm_up()
    BuiltinGenerator.load()
    print("UMAP is compiled and the built-in answering model is converted.")
    return 0


def _support_json(answer: Answer, support: Support) -> Json:
    hit = answer.prompt.hits[support.number - 1] if support.number else None
    return {
        "sentence": answer.text[support.start : support.end], "verdict": support.verdict, "number": support.number,
        "scores": list(support.scores), "missing": list(support.missing),
        "document": hit.document_name if hit else "",
        "passage": hit.chunk.text[slice(*support.passage)] if hit else "",
    }  # fmt: skip


def _answer_json(answer: Answer) -> Json:
    return {
        "question": answer.question, "answer": answer.text, "model": answer.model, "problem": answer.problem,
        "sentences": [_support_json(answer, support) for support in answer.supports],
        "hits": [hit_json(hit) for hit in answer.hits],
        "prompt_tokens": answer.prompt.n_tokens, "seconds": answer.timings.total,
    }  # fmt: skip


def _answer_lines(answer: Answer) -> list[str]:
    sources = [
        f"[{one.number}] {answer.prompt.hits[one.number - 1].document_name}: "
        + answer.prompt.hits[one.number - 1].chunk.text[slice(*one.passage)]
        for one in answer.supports
        if one.number
    ]
    lines = [answer.text, "", *(sources or ["No retrieved passage supports this answer."])]
    return [*lines, answer.problem] if answer.problem else lines


if __name__ == "__main__":
    sys.exit(main())
