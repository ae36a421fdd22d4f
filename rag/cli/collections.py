"""The commands for whole collections: `ingest` adds files, `map` exports, `collections` lists, `check` verifies."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rag import config
from rag.cli.common import Commands, Json, add_collection, add_json, count, open_collection, print_result
from rag.errors import ExplorerError
from rag.store.collection import Collection, list_collections
from rag.types import Strategy

if TYPE_CHECKING:
    from rag.embedding.cached import CachedEmbedder
    from rag.types import ChunkingSpec


def add_commands(commands: Commands) -> None:
    """Add `ingest`, `map`, `collections` and `check`."""
    ingest = commands.add_parser("ingest", help="add files and folders to a collection")
    _add_ingest_arguments(ingest)
    ingest.set_defaults(command=_ingest)
    export = commands.add_parser("map", help="write the map as HTML, SVG, CSV or Parquet")
    export.add_argument("--output", type=Path, required=True, metavar="FILE.html")
    export.set_defaults(command=_map)
    collections = commands.add_parser("collections", help="list the collections")
    collections.set_defaults(command=_collections)
    check = commands.add_parser("check", help="compare every document with what was stored, and name damaged ones")
    check.add_argument("--collection", metavar="NAME", help="check only this collection (default: all)")
    check.set_defaults(command=_check)
    for command in (ingest, export):
        add_collection(command)
    for command in (ingest, export, collections, check):
        add_json(command)


def _add_ingest_arguments(ingest: argparse.ArgumentParser) -> None:
    ingest.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    ingest.add_argument("--embedding-model", metavar="NAME", help="for a new collection (default: all-MiniLM-L6-v2)")
    ingest.add_argument(
        "--strategy", choices=get_args(Strategy), default="recursive", help="for a new collection: how to split"
    )
    ingest.add_argument("--max-tokens", type=count, default=160, help="for a new collection (default: %(default)s)")
    ingest.add_argument("--overlap", type=int, default=0, help="for a new collection (default: %(default)s)")
    ingest.add_argument(
        "--context",
        action=argparse.BooleanOptionalAction,
        default=config.DEFAULT_CHUNKING.context,
        help="for a new collection: whether each chunk has a context line with title and headings (default: it has)",
    )
    ingest.add_argument(
        "--text-column", action="append", default=[], metavar="NAME", help="a column that holds the text of tables"
    )
    ingest.add_argument(
        "--ignore-column", action="append", default=[], metavar="NAME", help="a column of tables that is left out"
    )


def _ingest(options: argparse.Namespace) -> int:
    from rag.documents.column_roles import ColumnRoles
    from rag.documents.sandbox.reader import DocumentReader
    from rag.documents.sources import find_files
    from rag.ingest.pipeline import ingest

    started = time.perf_counter()
    roles = ColumnRoles(tuple(options.text_column) or None, tuple(options.ignore_column))
    files = [replace(file, roles=roles) for file in find_files(options.paths)]
    collection, embedder = _open_or_create(options)
    outcomes = []
    with DocumentReader() as reader:
        for outcome in ingest(collection, files, embedder, reader):
            outcomes.append(outcome)
            print(f"{outcome.outcome}: {outcome.path} ({outcome.chunks} chunks) {outcome.reason}", file=sys.stderr)
    if embedder.problem:
        print(f"warning: {embedder.problem}", file=sys.stderr)
    seconds = time.perf_counter() - started
    rows = [{"path": o.path, "outcome": o.outcome, "reason": o.reason, "chunks": o.chunks} for o in outcomes]
    result: Json = {"collection": options.collection, "seconds": seconds, "files": rows}
    total = f"'{options.collection}' holds {collection.n_chunks():,} chunks"
    print_result(options, result, [f"{len(rows)} files in {seconds:.1f} s; {total}"])
    return 1 if any(outcome.outcome == "failed" for outcome in outcomes) else 0


def _open_or_create(options: argparse.Namespace) -> tuple[Collection, CachedEmbedder]:
    from rag.embedding.cached import load_cached_embedder

    folder, name = config.data_dir(), options.collection
    if name in list_collections(folder):
        collection = Collection.open(folder, name)
        return collection, load_cached_embedder(options.embedding_model or collection.spec.embedding.model_id)
    embedder = load_cached_embedder(options.embedding_model or config.DEFAULT_EMBEDDING_MODEL)
    return Collection.create(folder, name, embedder.spec, _chunking(options)), embedder


def _chunking(options: argparse.Namespace) -> ChunkingSpec:
    from rag.types import ChunkingSpec

    if not 0 <= options.overlap < options.max_tokens:
        raise ExplorerError(f"--overlap is {options.overlap}; it must be from 0 to below --max-tokens.")
    return ChunkingSpec(options.max_tokens, options.overlap, options.strategy, context=options.context)


def _map(options: argparse.Namespace) -> int:
    from rag.map.clusters.finding import find_clusters
    from rag.map.colours import group_colours
    from rag.map.layout import load_layout, make_layout
    from rag.map.projection import ProjectionParameters
    from rag.map.view import map_file, map_points, present, require_export
    from rag.store.chunk_table import ChunkTable

    require_export(options.output.name)
    collection = open_collection(options)
    made = load_layout(collection, ProjectionParameters()) or make_layout(collection, ProjectionParameters())
    layout, table = present(made, ChunkTable.of(collection))
    clusters = find_clusters(collection, layout)
    points = map_points(collection, layout, table, clusters, group_colours("cluster", clusters.names()))
    _write(options.output, map_file(points, options.output.name))
    quality = {"method": layout.method, "trustworthiness": layout.trustworthiness, "note": layout.note}
    result: Json = {
        "collection": options.collection, "points": len(table), "seconds": layout.seconds, "quality": quality
    }  # fmt: skip
    print_result(options, result, [f"{len(table):,} points ({layout.method}) in {options.output}", layout.note])
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ExplorerError(f"'{path}' could not be written: {error.strerror}. Choose another file.") from error


def _collections(options: argparse.Namespace) -> int:
    found = list(map(_listed, list_collections(config.data_dir())))
    lines = [str(one.get("error")) if "error" in one else _line(one) for one in found]
    print_result(options, {"collections": found}, lines or ["There are no collections yet."])
    return 1 if any("error" in one for one in found) else 0


def _listed(name: str) -> Json:
    """What is listed of a collection; for one that cannot be read, the error."""
    try:
        collection = Collection.open(config.data_dir(), name)
        model = collection.spec.embedding.model_id
        listed: Json = {"name": name, "chunks": collection.n_chunks(), "embedding_model": model}
    except ExplorerError as error:
        return {"name": name, "error": str(error)}
    return {**listed, "read_only": True} if collection.is_read_only else listed


def _line(listed: Json) -> str:
    read_only = "  read-only" if "read_only" in listed else ""
    return f"{listed['name']}  {listed['chunks']} chunks  {listed['embedding_model']}{read_only}"


def _check(options: argparse.Namespace) -> int:
    from rag.store.sqlite.check import check_collection

    names = [options.collection] if options.collection else list_collections(config.data_dir())
    reports = [check_collection(config.data_dir(), name) for name in names]
    rows = [asdict(report) for report in reports]
    lines = [line for report in reports for line in report.lines()]
    print_result(options, {"collections": rows}, lines or ["There are no collections yet."])
    return 1 if any(report.problems for report in reports) else 0
