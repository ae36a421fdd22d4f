"""The commands for whole collections: `map` exports, `collections` lists, `check` verifies."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rag import config
from rag.cli.common import Commands, Json, add_collection, add_json, open_collection, print_result
from rag.errors import ExplorerError
from rag.store.collection import Collection, list_collections

if TYPE_CHECKING:
    pass


def add_commands(commands: Commands) -> None:
    """Add `map`, `collections` and `check`."""
    export = commands.add_parser("map", help="write the map as HTML, SVG, CSV or Parquet")
    export.add_argument("--output", type=Path, required=True, metavar="FILE.html")
    export.set_defaults(command=_map)
    collections = commands.add_parser("collections", help="list the collections")
    collections.set_defaults(command=_collections)
    check = commands.add_parser("check", help="compare every document with what was stored, and name damaged ones")
    check.add_argument("--collection", metavar="NAME", help="check only this collection (default: all)")
    check.set_defaults(command=_check)
    add_collection(export)
    for command in (export, collections, check):
        add_json(command)


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
    from rag.store.check import check_collection

    names = [options.collection] if options.collection else list_collections(config.data_dir())
    reports = [check_collection(config.data_dir(), name) for name in names]
    rows = [asdict(report) for report in reports]
    lines = [line for report in reports for line in report.lines()]
    print_result(options, {"collections": rows}, lines or ["There are no collections yet."])
    return 1 if any(report.problems for report in reports) else 0
