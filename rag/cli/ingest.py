"""The command `ingest`: add files and folders to a collection, in this process or with Ray workers."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from rag import config
from rag.cli.common import Commands, Json, add_collection, add_json, count, open_collection, print_result
from rag.errors import ExplorerError
from rag.store.collection import Collection, list_collections
from rag.types import Strategy

if TYPE_CHECKING:
    from rag.documents.sources import SourceFile
    from rag.embedding.cached import CachedEmbedder
    from rag.ingest.outcomes import FileOutcome
    from rag.types import ChunkingSpec

_INTERRUPTED = 130
"""The exit code after Ctrl-C, as of a shell."""


def add_commands(commands: Commands) -> None:
    """Add `ingest`."""
    ingest = commands.add_parser("ingest", help="add files and folders to a collection")
    _add_arguments(ingest)
    ingest.set_defaults(command=_ingest)
    add_collection(ingest)
    add_json(ingest)


def _add_arguments(ingest: argparse.ArgumentParser) -> None:
    ingest.add_argument("places", nargs="+", metavar="PATH", help="a file, a folder, or a URL: s3://bucket/folder")
    ingest.add_argument(
        "--on", choices=("here", "ray"), default="here", help="this process, or Ray workers (default: %(default)s)"
    )
    ingest.add_argument("--workers", type=count, metavar="N", help="with --on ray (default: one for each core)")
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
    from rag.documents.sources import find_sources

    if options.workers and options.on != "ray":
        raise ExplorerError("--workers is the number of Ray workers; it needs '--on ray'.")
    started = time.perf_counter()
    roles = ColumnRoles(tuple(options.text_column) or None, tuple(options.ignore_column))
    files = [replace(file, roles=roles) for file in find_sources(options.places)]
    outcomes = []
    try:
        with _outcomes(options, files) as stream:
            for outcome in stream:
                outcomes.append(outcome)
                print(f"{outcome.outcome}: {outcome.path} ({outcome.chunks} chunks) {outcome.reason}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. What was added stays; the same command goes on with the rest.", file=sys.stderr)
        return _INTERRUPTED
    seconds = time.perf_counter() - started
    rows = [{"path": o.path, "outcome": o.outcome, "reason": o.reason, "chunks": o.chunks} for o in outcomes]
    result: Json = {"collection": options.collection, "seconds": seconds, "files": rows}
    total = f"'{options.collection}' holds {open_collection(options).n_chunks():,} chunks"
    print_result(options, result, [f"{len(rows)} files in {seconds:.1f} s; {total}"])
    return 1 if any(outcome.outcome == "failed" for outcome in outcomes) else 0


@contextmanager
def _outcomes(options: argparse.Namespace, files: Sequence[SourceFile]) -> Iterator[Iterator[FileOutcome]]:
    """The outcomes of the files, as they come."""
    if options.on == "ray":
        from rag.embedding.cached import load_cached_embedder
        from rag.ingest.on_ray.dataset import ingest_on_ray
        from rag.ingest.on_ray.session import ray_session

        with ray_session(options.workers) as n_workers:
            collection, embedder = _open_or_create(options)
            load = partial(load_cached_embedder, embedder.spec.model_id)
            yield ingest_on_ray(collection, files, embedder, load, n_workers)
    else:
        from rag.documents.sandbox.reader import DocumentReader
        from rag.ingest.pipeline import ingest

        collection, embedder = _open_or_create(options)
        with DocumentReader() as reader:
            yield ingest(collection, files, embedder, reader)
    if embedder.problem:
        print(f"warning: {embedder.problem}", file=sys.stderr)


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
