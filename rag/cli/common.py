"""Shared parts of all commands: arguments, opening a collection, a retriever for it, printed results."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rag import config

if TYPE_CHECKING:
    from rag.retrieval.retrievers import Retriever
    from rag.store.collection import Collection
    from rag.types import Embedder, Hit

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` returns: each group of commands adds its parsers to it."""
Command = Callable[[argparse.Namespace], int]
"""One command: takes the parsed arguments, returns the exit code."""
Json = dict[str, object]
"""A JSON object."""


def add_collection(command: argparse.ArgumentParser) -> None:
    """Add the required --collection NAME."""
    command.add_argument("--collection", required=True, metavar="NAME")


def add_json(command: argparse.ArgumentParser) -> None:
    """Add --json."""
    command.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def count(text: str) -> int:
    """Parse an argument that is a whole number from 1 up."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def print_result(options: argparse.Namespace, result: Json, lines: Sequence[str]) -> None:
    """Print `result` as one JSON object with --json, else `lines` for a person."""
    print(json.dumps(result, ensure_ascii=False) if options.json else "\n".join(lines))


def open_collection(options: argparse.Namespace) -> Collection:
    """Open the collection that --collection names. Raises CollectionError if it does not exist or cannot be read."""
    from rag.store.collection import Collection

    return Collection.open(config.data_dir(), options.collection).sampled()


def dense_retriever(collection: Collection) -> tuple[Retriever, Embedder]:
    """Dense retriever with the index that was chosen for the collection, and the collection's embedding model.

    A store on a server searches with its own index.

    Raises:
        ModelError: the embedding model cannot be loaded.
    """
    from rag.embedding.cached import load_cached_embedder
    from rag.index.loading import load_chosen_index
    from rag.retrieval.retrievers import DenseRetriever
    from rag.retrieval.store_retrievers import StoreDenseRetriever

    embedder = load_cached_embedder(collection.spec.embedding.model_id)
    if (engine := collection.engine()) is not None:
        return StoreDenseRetriever(collection, engine, embedder), embedder
    return DenseRetriever(collection, load_chosen_index(collection), embedder), embedder


def hit_json(hit: Hit) -> Json:
    """A hit as an object of the printed JSON."""
    chunk = hit.chunk
    return {
        "rank": hit.rank, "score": hit.score, "document": hit.document_name, "page": chunk.page,
        "start": chunk.start, "end": chunk.end, "text": chunk.text, "chunk_id": chunk.chunk_id,
        "found_by": {one.retriever: {"rank": one.rank, "score": one.score} for one in hit.found_by},
        "label": hit.label,
    }  # fmt: skip


def hit_line(hit: Hit) -> str:
    """A hit as one line."""
    label = f"(matches the label {hit.label})  " if hit.label else ""
    return f"{hit.rank}  {hit.score:.2f}  {hit.document_name}  {label}{' '.join(hit.chunk.text.split())[:100]}"
