"""What all commands share: opening a collection, a retriever for it, and how results are printed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag import config

if TYPE_CHECKING:
    from rag.retrieval.retrievers import DenseRetriever
    from rag.store.collection import Collection
    from rag.types import Embedder, Hit

Json = dict[str, object]


def count(text: str) -> int:
    """A whole number from 1 up, as an argument."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def print_result(options: argparse.Namespace, result: Json, lines: Sequence[str]) -> None:
    """One JSON object where that was asked for, else lines for a person."""
    print(json.dumps(result, ensure_ascii=False) if options.json else "\n".join(lines))


def open_collection(options: argparse.Namespace) -> Collection:
    """The collection that --collection names. Raises CollectionError where there is none."""
    from rag.store.collection import Collection

    return Collection.open(config.data_dir(), options.collection)


def dense_retriever(collection: Collection) -> tuple[DenseRetriever, Embedder]:
    """Dense retrieval with the collection's own model and the index that was chosen for it."""
    from rag.embedding.cached import load_cached_embedder
    from rag.index.loading import load_chosen_index
    from rag.retrieval.retrievers import DenseRetriever

    embedder = load_cached_embedder(collection.spec.embedding.model_id)
    return DenseRetriever(collection, load_chosen_index(collection), embedder), embedder


def hit_json(hit: Hit) -> Json:
    """A hit as it is printed."""
    chunk = hit.chunk
    return {
        "rank": hit.rank, "score": hit.score, "document": hit.document_name, "page": chunk.page,
        "start": chunk.start, "end": chunk.end, "text": chunk.text, "chunk_id": chunk.chunk_id,
    }  # fmt: skip


def hit_line(hit: Hit) -> str:
    """A hit as one line."""
    return f"{hit.rank}  {hit.score:.2f}  {hit.document_name}  {' '.join(hit.chunk.text.split())[:100]}"
